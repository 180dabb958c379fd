#include "realtime/push_job.hpp"

#include <chrono>
#include <utility>

#include "realtime/login.hpp"
#include "realtime/rooms.hpp"

namespace togglecast::realtime {
namespace {

// A push yields to whatever else the shard has to do after so long, or after so many receivers: their writes
// leave at the end of the turn and take as long again.
constexpr std::chrono::microseconds kPushSlice{1'000};
constexpr std::size_t kReceiversPerSlice = 256;
constexpr std::size_t kLookAtClock = 16;

}  // namespace

bool defer(Peer& peer, std::size_t backlog, const domain::SnapshotPtr& from, const PushCounters& counters) {
  if (!peer.busy(backlog)) return false;
  if (peer.behind == nullptr) {
    peer.behind = from;
    counters.deferred.add();
  }
  return true;
}

void hand_over(socketio::Socket& socket, const Batch& batch, const PushCounters& counters) {
  for (const auto& packet : batch) socket.send(packet);
  counters.delivered.add();
}

// The part of a turn that a push may have.
class PushJob::Slice {
 public:
  Slice() : end_(std::chrono::steady_clock::now() + kPushSlice) {}
  void spend() noexcept { ++receivers_; }
  [[nodiscard]] bool over() {
    if (receivers_ >= kReceiversPerSlice) return true;
    return ++looks_ % kLookAtClock == 0 && std::chrono::steady_clock::now() >= end_;
  }

 private:
  std::chrono::steady_clock::time_point end_;
  std::size_t receivers_ = 0;
  std::size_t looks_ = 0;
};

PushJob::PushJob(net::Shard& shard, socketio::Namespace& clients, const PushCounters& counters,
                 domain::SnapshotPtr from, domain::SnapshotPtr to, domain::Impact impact, domain::Step step)
    : shard_(shard),
      clients_(clients),
      counters_(counters),
      push_(std::move(from), std::move(to), std::move(impact), step, counters) {
  const std::string& environment = this->to().environment();
  if (push_.concerns_all()) {
    rooms_.push_back(room(environment, kAllClients));
    return;
  }
  for (const domain::Id package : push_.packages()) rooms_.push_back(package_room(environment, package));
  for (const domain::Id client : push_.overriding_clients())
    rooms_.push_back(client_room(environment, client));
}

bool PushJob::run() {
  counters_.slices.add();
  Slice slice;
  const auto& touched = push_.impact().clients;
  for (; touched_at_ < touched.size(); ++touched_at_) {
    if (slice.over()) return false;
    tell_touched(touched[touched_at_], slice);
  }
  for (; room_at_ < rooms_.size(); ++room_at_, place_ = 0)
    if (!walk(slice)) return false;
  return true;
}

void PushJob::tell_touched(domain::Id client, Slice& slice) {
  const auto after = to().find<domain::Client>(client);
  if (after == nullptr) return;  // gone; it has been disconnected
  for_each_in(shard_, clients_, client_room(to().environment(), client),
              [&](socketio::Socket& socket, Peer& peer) {
                if (peer.sent >= to().revision()) return;
                if (defer(peer, socket.backlog_bytes(), push_.from(), counters_)) return;
                Message& message = push_.message_for_touched(peer, *after);
                take_client(socket, peer, after);
                peer.sent = to().revision();
                slice.spend();
                if (!message.empty()) hand_over(socket, message.batch(peer.offsets, counters_), counters_);
              });
}

// Whoever leaves the room meanwhile has the last member moved to a place that may have been passed.
bool PushJob::walk(Slice& slice) {
  const auto* members = clients_.local_room(shard_, rooms_[room_at_]);
  if (members == nullptr) return true;
  if (departures_ != members->departures) {
    place_ = 0;
    departures_ = members->departures;
  }
  for (; place_ < members->members.size(); ++place_) {
    if (slice.over()) return false;
    auto* peer = members->members[place_]->state<Peer>();
    if (peer != nullptr && peer->sent < to().revision()) tell(*members, *peer, slice);
  }
  return true;
}

void PushJob::tell(const socketio::Room& members, Peer& peer, Slice& slice) {
  std::size_t backlog = socketio::Namespace::member_backlog(shard_, members, place_);
  // What is only collected for the end of this turn is no backlog: nothing would tell when it has left.
  if (peer.busy(backlog)) backlog = members.members[place_]->backlog_bytes();
  if (peer.client == nullptr || defer(peer, backlog, push_.from(), counters_)) return;
  Message& message = push_.message_for(peer, peer.client->package_id.value_or(0));
  peer.sent = to().revision();
  if (message.empty()) return;
  for (const auto& packet : message.batch(peer.offsets, counters_))
    socketio::Namespace::send_to_member(shard_, members, place_, packet);
  counters_.delivered.add();
  slice.spend();
}

}  // namespace togglecast::realtime
