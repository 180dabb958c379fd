// The argument of a request. Thread rule: the socket's shard.
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/schema/ids.hpp"
#include "domain/state/snapshot.hpp"
#include "socketio/event.hpp"

namespace togglecast::realtime {

/// The one argument, an object; an error that says so when something else was sent. A missing argument counts
/// as `{}`.
[[nodiscard]] Result<json::value> object_argument(const socketio::Event& event);
/// The same without a copy: it belongs to the event.
[[nodiscard]] Result<const json::value*> object_of(const socketio::Event& event);
/// The optional `revision` of a request, with its `epoch` if that stands beside it. `conflict` when the epoch
/// is not that of `state`.
[[nodiscard]] Result<std::optional<domain::Revision>> revision_argument(const socketio::Event& event,
                                                                        const domain::Snapshot& state);
/// For a request that says nothing: no argument, or `{}`.
[[nodiscard]] Result<void> no_argument(const socketio::Event& event);

}  // namespace togglecast::realtime
