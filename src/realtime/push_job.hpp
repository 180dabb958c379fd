// One push to the clients of an environment on one shard: from room to room, in slices. And how a step is
// handed to one connection. Thread rule: the shard's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "net/shard.hpp"
#include "realtime/client_push.hpp"
#include "realtime/peer.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// True when the connection takes nothing now: it is marked and will be advanced from `from`.
[[nodiscard]] bool defer(Peer& peer, std::size_t backlog, const domain::SnapshotPtr& from,
                         const PushCounters& counters);
void hand_over(socketio::Socket& socket, const Batch& batch, const PushCounters& counters);

class PushJob {
 public:
  PushJob(net::Shard& shard, socketio::Namespace& clients, const PushCounters& counters,
          domain::SnapshotPtr from, domain::SnapshotPtr to, domain::Impact impact, domain::Step step);

  [[nodiscard]] const domain::Snapshot& to() const noexcept { return *push_.to(); }

  /// Goes on for one slice; true when everybody has been told.
  [[nodiscard]] bool run();

 private:
  class Slice;

  void tell_touched(domain::Id client, Slice& slice);
  /// The room at `room_at_`; true when all in it have been told.
  [[nodiscard]] bool walk(Slice& slice);
  void tell(const socketio::Room& members, Peer& peer, Slice& slice);

  net::Shard& shard_;
  socketio::Namespace& clients_;
  const PushCounters& counters_;
  ClientPush push_;
  std::vector<std::string> rooms_;
  // Where it goes on: first the clients that the step touched, then the rooms.
  std::size_t touched_at_ = 0;
  std::size_t room_at_ = 0;
  std::size_t place_ = 0;
  std::uint64_t departures_ = 0;
};

}  // namespace togglecast::realtime
