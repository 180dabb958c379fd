#include "realtime/client_limit.hpp"

#include <memory>

#include "realtime/peer.hpp"
#include "realtime/rooms.hpp"

namespace togglecast::realtime {
namespace {

constexpr Milliseconds kBetweenSearches{1'000};  // that find nothing

}  // namespace

ClientLimit::ClientLimit(net::ShardPool& shards, socketio::Namespace& clients, const Options& options,
                         observe::Metrics& metrics)
    : shards_(shards),
      clients_(clients),
      options_(options),
      yielded_(metrics.counter(
          "togglecast_realtime_connections_yielded_total",
          "Connections that did not answer, closed because their client opened more than it may have.")) {}

bool ClientLimit::enter(net::Shard& shard, const std::string& environment, domain::Id client) {
  const TimePoint now = shard.now();
  {
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[environment][client];
    if (entry.open < options_.connections_per_client) {
      ++entry.open;
      return true;
    }
    if (now < entry.search_at) return false;
  }
  const std::string room = client_room(environment, client);
  const bool made = make_room(shard, room);
  {
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[environment][client];
    if (made) {
      ++entry.open;
      return true;
    }
    entry.search_at = now + kBetweenSearches;
  }
  // It may find room there when it comes back.
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    net::Shard& other = shards_.at(i);
    if (&other != &shard) other.post([this, &other, room] { make_room(other, room); });
  }
  return false;
}

void ClientLimit::leave(const std::string& environment, domain::Id client) {
  const std::lock_guard lock(mutex_);
  const auto clients = entries_.find(environment);
  if (clients == entries_.end()) return;
  const auto entry = clients->second.find(client);
  if (entry != clients->second.end() && --entry->second.open == 0) clients->second.erase(entry);
}

bool ClientLimit::make_room(net::Shard& shard, const std::string& room) const {
  std::shared_ptr<socketio::Socket> oldest;
  Milliseconds longest = options_.yield_after;
  for_each_in(shard, clients_, room, [&](socketio::Socket& socket, const Peer&) {
    const Milliseconds unanswered = socket.unanswered();
    if (unanswered < longest) return;
    longest = unanswered;
    oldest = socket.shared_from_this();
  });
  if (oldest == nullptr) return false;
  yielded_.add();
  oldest->close_transport(wire::websocket::CloseCode::try_again_later);
  return true;
}

}  // namespace togglecast::realtime
