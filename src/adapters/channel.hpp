// Publishing and counting over Redis pub/sub, as all links do it. Internal.
// Thread rule: any thread. Ownership: the client outlives it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "adapters/redis_adapters.hpp"
#include "base/error.hpp"
#include "cluster/redis/client.hpp"

namespace togglecast::adapters {

class Channel {
 public:
  /// `sharded`: SPUBLISH and SHARDNUMSUB.
  Channel(cluster::redis::Client& client, const ClusterOptions& options, bool sharded)
      : client_(client), counters_(options.counters), log_(options.log), sharded_(sharded) {}

  void publish(std::string channel, std::string message) const;
  /// How many connections listen to it.
  void count_listeners(std::string channel, std::function<void(Result<std::size_t>)> done) const;

 private:
  cluster::redis::Client& client_;
  CountersPtr counters_;
  observe::PeerLog log_;
  bool sharded_;
};

/// Counts a message that was read, or one that was not. Returns false for the latter.
template <typename T>
[[nodiscard]] bool count_read(const Result<T>& message, const ClusterOptions& options,
                              std::string_view channel) {
  if (message) {
    options.counters->received.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  options.counters->malformed.fetch_add(1, std::memory_order_relaxed);
  options.log.warn("cluster message dropped", {{"channel", channel}, {"error", message.error().message}});
  return false;
}

/// `bytes` random bytes as hexadecimal digits.
[[nodiscard]] std::string random_hex(std::size_t bytes);
/// For PSUBSCRIBE: matches `text` and nothing else.
[[nodiscard]] std::string escape_pattern(std::string_view text);

}  // namespace togglecast::adapters
