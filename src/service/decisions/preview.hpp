// What changes would do, before anybody makes them: built and checked exactly as the writer would, on a
// scratch copy of the state, then compared with it client by client. Nothing is written. Thread rule: a pure
// function; may take a second and more when thousands of clients are changed, so never on a shard.
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/state/consistency.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMaxPreviewedChanges = 50;
/// Entities that a preview creates get ids from here on, each kind for itself, so that later changes of the
/// same preview can name them.
inline constexpr domain::Id kFirstPreviewedId = 9'007'199'254'740'001;

struct PreviewError : Error {
  std::vector<domain::User> users{};  ///< whoever stands in the way of the change
};

/// `body`: `{changes: [{entity_type, entity_id?, action, data?, force?}]}`, one after the other
///   entity_type  platform, feature, segment, package, client
///   action       create | update | toggle | delete; all but `create` name their `entity_id`
///   data         as the body of the request that would make the change
/// Answers `{revision, at, changes: [{entity_type, entity_id, action, key, touches}], …}` and what
/// effect_of (preview_effect.hpp) tells. Both sides are looked at as of `at`, so that time by itself makes no
/// difference. Errors are those of the writes, with pointers such as `/changes/0/data/key`.
[[nodiscard]] tl::expected<json::object, PreviewError> preview(const domain::Snapshot& state, UnixMillis at,
                                                               const json::value& body);

}  // namespace togglecast::service
