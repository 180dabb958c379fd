// A caller may send back the body that it was given, changed in a few places. These functions take out the
// members that say nothing new. Thread rule: pure functions.
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"

namespace togglecast::domain {

/// The body of an update without read-only members that are as in `before`, the entity's own body.
/// `updated_at` always goes. A changed member stays, to be refused by its name. Of `enabled` and `state` the
/// changed one stays. `conflict` when the body names another `revision` or `etag` than the entity's, whose
/// state has this `epoch`.
[[nodiscard]] Result<json::value> without_unchanged(const json::object& before, std::int64_t epoch,
                                                    json::value body);

/// The body of a new entity without the members by which the server stamped another one.
[[nodiscard]] json::value without_stamps(json::value body);

}  // namespace togglecast::domain
