// Adapters that make servers of this library and of Node one Socket.IO cluster over Redis:
//
//   auto redis = cluster::redis::open_client(…);                    // outlives the shards
//   options.adapter = adapters::classic_adapter(**redis);           // like @socket.io/redis-adapter
//   options.adapter = adapters::sharded_adapter(**redis);           // like its createShardedAdapter; Redis 7
//   options.adapter = adapters::streams_adapter(**redis, {…});      // like @socket.io/redis-streams-adapter
//   0.3
//
// All servers of a cluster need the same adapter and prefix. Two `Server`s of one process need a client each.
// Without Redis each server goes on alone: broadcasts reach its own sockets, and what needs the others fails
// or times out.
//
// Thread rule: the factories are called by the `Server`. Ownership: the client must outlive the `Server` and
// its shards; stop it after them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "adapters/codec/packed_value.hpp"
#include "adapters/counters.hpp"
#include "base/clock.hpp"
#include "cluster/redis/client.hpp"
#include "observe/peer_log.hpp"
#include "socketio/adapter.hpp"

namespace togglecast::adapters {

/// For `socketio::Options::adapter`.
using AdapterFactory = std::function<std::unique_ptr<socketio::Adapter>(socketio::LocalNode&)>;

struct ClusterOptions {
  std::string prefix = "socket.io";     ///< of the channels
  Milliseconds request_timeout{5'000};  ///< for the other servers to answer
  PackedLimits limits{};                ///< of one message
  CountersPtr counters = std::make_shared<Counters>();
  observe::PeerLog log{};  ///< for messages that are dropped, and those that Redis does not take
};

/// Plain pub/sub.
[[nodiscard]] AdapterFactory classic_adapter(cluster::redis::Client& client, ClusterOptions options = {});

enum class SubscriptionMode : std::uint8_t {
  fixed,            ///< `static`: one channel for all rooms
  dynamic,          ///< one more for each room, but not for the rooms named after ids
  dynamic_private,  ///< one more for each room
};
struct ShardedOptions {
  ClusterOptions cluster{};
  SubscriptionMode mode = SubscriptionMode::dynamic;  ///< the same on all servers
};
[[nodiscard]] AdapterFactory sharded_adapter(cluster::redis::Client& client, ShardedOptions options = {});

struct StreamsOptions {
  ClusterOptions cluster{};
  std::string stream_name = "socket.io";
  std::size_t stream_count = 1;
  std::size_t max_length = 10'000;  ///< entries kept, about
  std::size_t read_count = 100;
  Milliseconds block_time{5'000};
  bool sharded_pubsub = false;
  /// Connection state recovery over all servers of the cluster: how long a client may be away. Not set: none.
  std::optional<Milliseconds> recovery{};
  std::string session_prefix = "sio:session:";
};
/// Events pass through a stream, in one order for all servers. Redis 6.2.
[[nodiscard]] AdapterFactory streams_adapter(cluster::redis::Client& client, StreamsOptions options = {});

/// Waits until Redis has answered all that was sent to it, such as the sessions of a server that has closed;
/// at most `timeout`. Not from a handler of the client.
void flush(cluster::redis::Client& client, Milliseconds timeout);

}  // namespace togglecast::adapters
