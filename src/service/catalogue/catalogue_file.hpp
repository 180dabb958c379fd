// Reads a complete catalogue from one file and makes one change of it, for an empty environment.
//
//   {"platforms": [...], "segments": [...], "features": [...], "packages": [...], "clients": [...]}
//
// An entry is the body of the request that creates the entity. Other entities are named by key, and must come
// earlier in the file:
//
//   feature   `platforms`, `requires`
//   package   `platforms`, `features: {key: {limit?, sub_features?}}`
//   client    `package`, `overrides: {key: {value | removed, reason?, expires_in_days?}}`
//
// `{"$in_days": 2}` becomes the time two days after the write, in seconds since 1970.
// Thread rule: pure functions; the builder runs on the writer's thread.
#pragma once

#include "base/json.hpp"
#include "changes/committer.hpp"

namespace togglecast::service {

/// Changes nothing if the environment is not empty. `invalid_argument` names the list and the entry.
[[nodiscard]] changes::Build build_catalogue(json::value file);

}  // namespace togglecast::service
