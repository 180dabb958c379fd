// The dashboard live: once a second, the newest values go to the admins that subscribed, in one frame for all
// of them. A connection that still has something to take gets no tick: it loses ticks, and asks the history
// for what it missed. Thread rule: `watch`, `unwatch` and `gone` on the shard of the connection.
#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <vector>

#include "net/shard_pool.hpp"
#include "observe/metrics.hpp"
#include "realtime/monitor/dashboard_history.hpp"
#include "realtime/session/socket_subscriber.hpp"

namespace togglecast::realtime {

class DashboardFeed {
 public:
  /// All must outlive it.
  DashboardFeed(net::ShardPool& shards, DashboardHistory& history, observe::Metrics& metrics);
  DashboardFeed(const DashboardFeed&) = delete;
  DashboardFeed& operator=(const DashboardFeed&) = delete;

  /// From the next tick on. Returns what the values of the ticks are of: `{resolution, series}`.
  json::object watch(SocketSubscriber& subscriber);
  /// False: it had not subscribed.
  bool unwatch(const SocketSubscriber& subscriber);
  /// The connection leaves.
  void gone(const SocketSubscriber& subscriber) { (void)unwatch(subscriber); }

 private:
  void tell();
  void send(const net::Shard& shard, const socketio::EncodedPacket& packet);

  net::ShardPool& shards_;
  DashboardHistory& history_;
  observe::Counter& lost_;
  std::vector<std::set<SocketSubscriber*>> watching_;  // by shard
  std::atomic<std::size_t> watchers_{0};
  std::int64_t told_until_ = 0;  // of the first shard
};

}  // namespace togglecast::realtime
