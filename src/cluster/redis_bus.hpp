// The bus over pub/sub of Redis: channel `<prefix>:bus:<name>`, messages as in envelope.hpp. While Redis is
// away, messages are lost, and the log says so once: at most one line a minute that it is lost, and one that
// it is back. Metrics: `togglecast_bus_messages_total`, `togglecast_bus_dropped_total`,
// `togglecast_redis_up`.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cluster/bus.hpp"
#include "cluster/bus_keys.hpp"
#include "cluster/redis/client.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"

namespace togglecast::cluster {

/// The first part of every key and channel. `invalid_argument` unless it is 1 to 64 letters, digits, `.`,
/// `_`, `-` or `:`.
[[nodiscard]] Result<void> check_redis_prefix(std::string_view prefix);

struct RedisBusOptions {
  std::string node{};             ///< the random name of this node
  std::string prefix{};           ///< what `check_redis_prefix` allows
  std::string server{};           ///< for the log, without secrets
  std::size_t longest = 1 << 20;  ///< bytes of a payload
  Milliseconds between_warnings{60'000};
};

/// `client` must be new: the bus takes its handler. `keys`, `clock`, `log` and `metrics` must outlive the
/// bus.
[[nodiscard]] Result<std::unique_ptr<Bus>> redis_bus(std::unique_ptr<redis::Client> client,
                                                     RedisBusOptions options, const BusKeys& keys,
                                                     const Clock& clock, observe::Log& log,
                                                     observe::Metrics& metrics);

}  // namespace togglecast::cluster
