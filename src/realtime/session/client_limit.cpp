#include "realtime/session/client_limit.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "realtime/session/socket_subscriber.hpp"

namespace togglecast::realtime {
namespace {

constexpr Milliseconds kBetweenSearches{1'000};  // that find nothing

}  // namespace

ClientLimit::ClientLimit(net::ShardPool& shards, const delivery::ShardDeliveries& deliveries,
                         const Options& options, observe::PeerLog log, observe::Metrics& metrics)
    : shards_(shards),
      deliveries_(deliveries),
      options_(options),
      log_(log),
      yielded_(metrics.counter(
          "togglecast_realtime_connections_yielded_total",
          "Connections that did not answer, closed because their client opened more than it may have.")) {}

bool ClientLimit::enter(net::Shard& shard, const std::string& environment, domain::Id client) {
  const TimePoint now = shard.now();
  {
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[environment][client];
    if (entry.open + elsewhere(environment, client) < options_.connections_per_client) {
      add(environment, client, entry);
      return true;
    }
    if (now < entry.search_at) {
      log_.limit("--connections-per-client", {"client", client});
      return false;
    }
  }
  const bool made = make_room(shard, environment, client);
  {
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[environment][client];
    if (made) {
      add(environment, client, entry);
      return true;
    }
    entry.search_at = now + kBetweenSearches;
  }
  log_.limit("--connections-per-client", {"client", client});
  // A connection that yields there makes room for the next attempt.
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    net::Shard& other = shards_.at(i);
    if (&other != &shard)
      other.post([this, &other, environment, client] { make_room(other, environment, client); });
  }
  return false;
}

void ClientLimit::leave(const std::string& environment, domain::Id client) {
  const std::lock_guard lock(mutex_);
  const auto clients = entries_.find(environment);
  if (clients == entries_.end()) return;
  const auto entry = clients->second.find(client);
  if (entry == clients->second.end()) return;
  if (--entry->second.open + 1 == told_from()) many_[environment].erase(client);
  if (entry->second.open == 0) clients->second.erase(entry);
}

std::uint32_t ClientLimit::told_from() const noexcept {
  constexpr std::size_t kPart = 100;  // of the limit: what one node leaves out
  return static_cast<std::uint32_t>(std::max<std::size_t>(1, options_.connections_per_client / kPart));
}

std::size_t ClientLimit::elsewhere(const std::string& environment, domain::Id client) const {
  const auto clients = elsewhere_.find(environment);
  if (clients == elsewhere_.end()) return 0;
  const auto found = clients->second.find(client);
  return found == clients->second.end() ? 0 : found->second;
}

void ClientLimit::add(const std::string& environment, domain::Id client, Entry& entry) {
  if (++entry.open == told_from()) many_[environment].insert(client);
}

std::size_t ClientLimit::connections(const std::string& environment, domain::Id client) {
  const std::lock_guard lock(mutex_);
  const auto clients = entries_.find(environment);
  if (clients == entries_.end()) return 0;
  const auto entry = clients->second.find(client);
  return entry == clients->second.end() ? 0 : entry->second.open;
}

nodes::ClientConnections ClientLimit::near_limit(std::size_t most) {
  struct Many {
    std::uint32_t open;
    const std::string* environment;
    domain::Id client;
  };
  std::vector<Many> all;
  nodes::ClientConnections told;
  const std::lock_guard lock(mutex_);
  for (const auto& [environment, clients] : many_) {
    const auto& entries = entries_[environment];
    for (const domain::Id client : clients) all.push_back({entries.at(client).open, &environment, client});
  }
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::partial_sort(all.begin(), end, all.end(),
                    [](const Many& a, const Many& b) { return a.open > b.open; });
  std::for_each(all.begin(), end,
                [&told](const Many& one) { told[*one.environment][one.client] = one.open; });
  return told;
}

void ClientLimit::count_elsewhere(nodes::ClientConnections connections) {
  const std::lock_guard lock(mutex_);
  elsewhere_ = std::move(connections);
}

std::size_t ClientLimit::online(const std::string& environment, const std::vector<domain::Id>* clients) {
  constexpr std::size_t kUnderOneLock = 256;
  std::size_t online = 0;
  for (std::size_t at = 0; clients == nullptr || at < clients->size(); at += kUnderOneLock) {
    const std::lock_guard lock(mutex_);
    const auto entries = entries_.find(environment);
    if (entries == entries_.end()) return 0;
    if (clients == nullptr) return entries->second.size();
    const std::size_t end = std::min(clients->size(), at + kUnderOneLock);
    for (std::size_t i = at; i < end; ++i) online += entries->second.count((*clients)[i]);
  }
  return online;
}

bool ClientLimit::make_room(const net::Shard& shard, const std::string& environment,
                            domain::Id client) const {
  auto* home = deliveries_[shard.index()]->index().find(environment);
  if (home == nullptr) return false;
  SocketSubscriber* oldest = nullptr;
  Milliseconds longest = options_.yield_after;
  const auto compare = [&](delivery::Subscriber& subscriber) {
    auto* one = socket_subscriber(subscriber);
    if (one == nullptr) return;
    const Milliseconds unanswered = one->socket.unanswered();
    if (unanswered < longest) return;
    longest = unanswered;
    oldest = one;
  };
  delivery::SubscriberIndex::for_each(*home, delivery::SubscriberIndex::Scope::client, client, compare);
  if (oldest == nullptr) return false;
  yielded_.add();
  log_.limit("--connections-per-client", {"client", client});
  const auto socket = oldest->socket.shared_from_this();
  socket->close_transport(wire::websocket::CloseCode::try_again_later);
  return true;
}

}  // namespace togglecast::realtime
