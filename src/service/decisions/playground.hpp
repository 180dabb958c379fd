// Tries a decision out: any client, context and feature, also with rules that nobody saved, and tells each
// step on the way. Nothing is written. Thread rule: pure functions, not on a shard: rules are compiled anew.
// Errors: `invalid_argument` with every rejected field, `not_found`.
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

/// `body`: `{client?, context?, feature, sub_feature?, definition?, segments?, at?}`
///   client      id, key, or a client as it would be created; absent: one whose package has everything. So is
///               the package of one that names no `package_id`; null is none.
///   feature     id or key; with a `definition`, a key that is not taken makes a new feature
///   definition  members of the feature in place of its own
///   segments    {key: rule}, in place of those there are
///   at          the time; absent: that of `state`
/// Answers `{feature, client, at, revision, decision, steps: [{rule, outcome, found}], trace: [{pointer,
/// operation, depth, result}]}`.
[[nodiscard]] Result<json::object> try_out(const domain::Snapshot& state, const json::value& body);

}  // namespace togglecast::service
