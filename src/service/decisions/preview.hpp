// Shows the effect of changes before they are made. A preview builds and checks them as the writer would, on
// a scratch copy of the state. Then it compares both states client by client. Writes nothing. Thread rule: a
// pure function. It may take more than a second when thousands of clients are affected, so never call it on a
// shard.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/state/consistency.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMaxPreviewedChanges = 50;
/// The first id that a preview gives to created entities, for each kind. Later changes of the same preview
/// can use these ids.
inline constexpr domain::Id kFirstPreviewedId = 9'007'199'254'740'001;

struct PreviewError : Error {
  std::vector<domain::User> users{};  ///< the entities whose use blocks the change
};

/// Changes that are not made, and the state with them.
struct Draft {
  domain::SnapshotPtr before, after;
  std::vector<domain::Op> ops;
  json::array changes;  ///< `{entity_type, entity_id, action, key, touches}` of each
};

/// `body` has one member, of this name: changes as those of a preview.
[[nodiscard]] tl::expected<Draft, PreviewError> make_draft(const domain::Snapshot& state, UnixMillis at,
                                                           std::string_view member, const json::value& body);

/// `body`: `{changes: [{entity_type, entity_id?, action, data?, force?}]}`, made in this order
///   entity_type  platform, feature, segment, package, client
///   action       create | update | toggle | delete; all but `create` name their `entity_id`
///   data         the body of the request that would make the change
/// Answers `{revision, at, changes: [{entity_type, entity_id, action, key, touches}], …}` with the members of
/// effect_of (preview_effect.hpp). Both states are evaluated at the time `at`, so that time alone makes no
/// difference. Errors are those of the writes, with pointers such as `/changes/0/data/key`.
[[nodiscard]] tl::expected<json::object, PreviewError> preview(const domain::Snapshot& state, UnixMillis at,
                                                               const json::value& body);

}  // namespace togglecast::service
