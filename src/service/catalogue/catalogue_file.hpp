// A whole catalogue from one file, as one change, for an environment that holds nothing yet.
//
//   {"platforms": [...], "segments": [...], "features": [...], "packages": [...], "clients": [...]}
//
// Entries are the bodies that create entities, except that they name each other by key: a feature's
// `platforms` and `requires`, a package's `platforms` and `features: {key: {limit?, sub_features?}}`, a
// client's `package` and `overrides: {key: {value | removed, reason?, expires_in_days?}}`. What is named
// stands before it.
// `{"$in_days": 2}` becomes the time two days after the write, in seconds since 1970.
// Thread rule: pure functions; the builder runs on the writer's thread.
#pragma once

#include "base/json.hpp"
#include "changes/committer.hpp"

namespace togglecast::service {

/// Nothing where the environment holds something already. `invalid_argument` names the list and the place.
[[nodiscard]] changes::Build build_catalogue(json::value file);

}  // namespace togglecast::service
