// An entity once more, as it stands in a state: what `*_update` of the Broadcaster's methods send.
// Thread rule: pure functions; the peer's shard.
#pragma once

#include <optional>

#include "domain/snapshot.hpp"
#include "realtime/peer.hpp"
#include "socketio/arguments.hpp"

namespace togglecast::realtime {

/// Whether this client sees the entity at `state`.
[[nodiscard]] bool is_visible(const domain::Snapshot& state, const Peer& client, const EntityName& entity);

/// The event of type `update` with the entity as this peer sees it at `state`; with the offset of `state` only
/// when the peer has been told all that led to it. Nothing when it sees none.
[[nodiscard]] std::optional<socketio::Arguments> entity_again(const domain::Snapshot& state, const Peer& peer,
                                                              const EntityName& entity);

}  // namespace togglecast::realtime
