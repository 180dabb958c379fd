// Evaluates a feature for any client and context, even with rules that are not saved, and returns each step.
// Writes nothing. Thread rule: pure functions. Do not call them on a shard, because they compile rules.
// Errors: `invalid_argument` with every wrong field, `not_found`.
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/state/snapshot.hpp"
#include "service/decisions/preview.hpp"

namespace togglecast::service {

/// `body`: `{client?, context?, feature, sub_feature?, definition?, segments?, at?}`
///   client      id, key, or the body of a new client. Without a client, or without a `package_id` in its
///               body, the package has every feature; a null `package_id` means no package
///   feature     id or key; with a `definition`, an unused key means a new feature
///   definition  members that replace those of the feature
///   segments    {key: rule}; they replace the stored segments of these keys
///   at          the time; absent: the time of `state`
/// Answers `{feature, client, at, revision, decision, steps: [{rule, outcome, found}], trace: [{segment,
/// pointer, operation, depth, result}], trace_is_whole}`. The trace has at most 1,000 steps and 256 KiB.
[[nodiscard]] Result<json::object> try_out(const domain::Snapshot& state, const json::value& body);
/// The same with `draft`, changes as those of a preview: they are made first, on a copy. Their `{entity_type,
/// entity_id, action, key, touches}` are `draft` of the answer. Errors are also those of a preview, with
/// pointers such as `/draft/0/data/key`.
[[nodiscard]] tl::expected<json::object, PreviewError> try_out_draft(const domain::Snapshot& state,
                                                                     const json::value& body);

}  // namespace togglecast::service
