// JSON Merge Patch (RFC 7396). Thread rule: pure functions.
#pragma once

#include "base/json.hpp"

namespace togglecast::service {

/// The members of `patch`, each merged into the member of `before` with the same name: objects are merged at
/// every level, null removes a member inside an object, and everything else replaces. A null at the top stays
/// null, because only the entity knows whether that member can be absent.
[[nodiscard]] json::value merged_members(const json::object& before, json::value patch);

}  // namespace togglecast::service
