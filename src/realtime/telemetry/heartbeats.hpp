// How long clients take to answer pings, and when each connection of a client was last heard. An answer to a
// ping costs one observation; nothing is kept for a connection besides what its heartbeat has. Thread rule:
// `watch` before the shards start, the rest from any thread; `done` runs on any thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "delivery/shard_delivery.hpp"
#include "domain/schema/ids.hpp"
#include "net/shard_pool.hpp"
#include "observe/metrics.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

class Heartbeats {
 public:
  /// Connections of one client that are described one by one; those that are silent for longest come first.
  static constexpr std::size_t kDescribed = 100;

  Heartbeats(net::ShardPool& shards, const delivery::ShardDeliveries& deliveries, observe::Metrics& metrics);
  Heartbeats(const Heartbeats&) = delete;
  Heartbeats& operator=(const Heartbeats&) = delete;

  /// Observes the answers of the clients of this namespace.
  void watch(socketio::Namespace& nsp);
  void start();

  /// `{answers, round_trip_ms: {p50, p90, p99}}` of the last minute; younger than that: since the start.
  /// Without an answer, `round_trip_ms` is null.
  [[nodiscard]] json::object last_minute() const;

  using Described = std::function<void(json::array connections)>;
  /// `[{id, transport, last_seen_ms, round_trip_ms, unanswered_ms}]`: connections of a client on this node,
  /// at most `kDescribed`. A time that is not known is null.
  void describe(const std::string& environment, domain::Id client, Described done) const;

 private:
  static constexpr std::size_t kKept = 7;  // the last minute, in tens of seconds

  void sample();
  // By bucket, both transports together.
  [[nodiscard]] std::vector<std::uint64_t> read() const;

  net::ShardPool& shards_;
  const delivery::ShardDeliveries& deliveries_;
  std::array<observe::Histogram*, 2> round_trips_;  // by TransportKind
  net::CallbackTimer timer_;                        // of the first shard

  mutable std::mutex mutex_;
  std::deque<std::vector<std::uint64_t>> moments_;
};

}  // namespace togglecast::realtime
