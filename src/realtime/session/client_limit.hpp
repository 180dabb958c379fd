// How many connections one client may have, on all shards together. Above that, the one whose heartbeat has
// gone unanswered longest yields to the newcomer: it is most likely what a broken network left behind. While
// all answer, the newcomer is turned away. What other nodes tell of their connections counts, too; only those
// of this node yield. Thread rule: any thread, on the shard that is named.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "delivery/shard_delivery.hpp"
#include "domain/schema/ids.hpp"
#include "net/shard_pool.hpp"
#include "nodes/shared_limits.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"
#include "realtime/session/options.hpp"

namespace togglecast::realtime {

class ClientLimit {
 public:
  ClientLimit(net::ShardPool& shards, const delivery::ShardDeliveries& deliveries, const Options& options,
              observe::PeerLog log, observe::Metrics& metrics);
  ClientLimit(const ClientLimit&) = delete;
  ClientLimit& operator=(const ClientLimit&) = delete;

  /// One more connection of this client, on this shard. False, and not counted: it has as many as it may.
  [[nodiscard]] bool enter(net::Shard& shard, const std::string& environment, domain::Id client);
  /// One less, of those that entered.
  void leave(const std::string& environment, domain::Id client);
  /// How many of these clients have a connection; of all, when null.
  [[nodiscard]] std::size_t online(const std::string& environment, const std::vector<domain::Id>* clients);
  /// How many connections this client has.
  [[nodiscard]] std::size_t connections(const std::string& environment, domain::Id client);

  /// What other nodes should know: at most so many clients, those that are nearest to the limit. Clients far
  /// from it are left out.
  [[nodiscard]] nodes::ClientConnections near_limit(std::size_t most);
  /// The connections that clients have at other nodes, instead of those told before.
  void count_elsewhere(nodes::ClientConnections connections);

 private:
  struct Entry {
    std::uint32_t open = 0;
    TimePoint search_at{};  // not before: the last search found none that yields
  };
  // Nodes tell of clients from this number of connections on.
  [[nodiscard]] std::uint32_t told_from() const noexcept;
  // Needs `mutex_`.
  [[nodiscard]] std::size_t elsewhere(const std::string& environment, domain::Id client) const;
  void add(const std::string& environment, domain::Id client, Entry& entry);
  // Closes the client's connection that has not answered for longest, if there is one on this shard.
  bool make_room(const net::Shard& shard, const std::string& environment, domain::Id client) const;

  net::ShardPool& shards_;
  const delivery::ShardDeliveries& deliveries_;
  const Options& options_;
  observe::PeerLog log_;
  observe::Counter& yielded_;
  std::mutex mutex_;
  std::map<std::string, std::unordered_map<domain::Id, Entry>> entries_;  // by environment
  std::map<std::string, std::unordered_set<domain::Id>> many_;  // clients with `told_from()` or more
  nodes::ClientConnections elsewhere_;
};

}  // namespace togglecast::realtime
