// States that a client names and this node does not have. Another node told it of them, and this one has not
// read them yet; or nobody has them: their tail was lost, or the client invented them. Only the store knows
// which, so this node looks into it. Contract: docs/decisions/0064.
//
// Thread rule: immutable; used from any shard.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "changes/read_model.hpp"
#include "delivery/shard_delivery.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"
#include "realtime/session/reply.hpp"
#include "realtime/session/socket_subscriber.hpp"

namespace togglecast::realtime {

class NewestState {
 public:
  /// Calls `then` after a look into the store that begins after the call, as `changes::Tail::look_then`.
  using Look = std::function<bool(std::function<void(bool complete)> then)>;

  /// `longest`: the time of a look. The references must outlive it.
  NewestState(const changes::ReadModel& model, const delivery::ShardDeliveries& deliveries, Look look,
              Milliseconds longest, observe::PeerLog log, observe::Metrics& metrics);

  /// Whether a shard tells states at least as new as this one, by epoch and revision.
  [[nodiscard]] bool has(const net::Shard& shard, const std::string& environment, std::int64_t epoch,
                         domain::Revision revision) const;

  /// `certain`: the shard tells a state at least as new as the named one, or all that the store had after the
  /// call. Otherwise the store could not be read in time, and this node may be behind.
  using Then = std::function<void(bool certain)>;
  /// Calls `then` once, on the shard.
  void fetch(net::Shard& shard, const std::string& environment, std::int64_t epoch, domain::Revision revision,
             Then then) const;
  /// Calls `then` once, on the socket's shard, unless the socket has ended by then.
  void fetch(socketio::Socket& socket, const std::string& environment, std::int64_t epoch,
             domain::Revision revision, Then then) const;
  /// Answers a request of a connection that says it has `revision` of its environment: `then` runs at once,
  /// or after a look into the store. When that fails, the request is refused, and the connection sent away.
  void answer(SocketSubscriber& subscriber, domain::Revision revision, const Reply& reply,
              const std::function<void(SocketSubscriber&)>& then) const;
  /// This node may be behind what the client has: its connection is closed with 1013 in a moment, so that it
  /// finds another node.
  void send_away(SocketSubscriber& subscriber, const std::string& environment, std::int64_t epoch,
                 domain::Revision revision) const;

 private:
  const changes::ReadModel& model_;
  const delivery::ShardDeliveries& deliveries_;
  Look look_;
  Milliseconds longest_;
  observe::PeerLog log_;
  observe::Counter& sent_away_;
};

}  // namespace togglecast::realtime
