// What one connection has used of its rates. It belongs to the connection, so that another namespace, or
// leaving a namespace and joining it again, brings no new allowance. Thread rule: the connection's shard.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/memory/held.hpp"
#include "base/pooled.hpp"
#include "base/token_bucket.hpp"
#include "net/shard.hpp"
#include "observe/metrics.hpp"

namespace togglecast::realtime {

struct ConnectionMeters final : Held, Pooled<ConnectionMeters> {
  bool had_state = false;   ///< the first full state is free
  TokenBucket packets;      ///< events, and all other packets that cost something
  TokenBucket full_states;  ///< after the first
  TokenBucket assets;       ///< bytes
};
static_assert(sizeof(ConnectionMeters) <= 40, "each connection has some");

/// Those of a connection whose state (`socketio::Socket::connection_state`) this is.
[[nodiscard]] ConnectionMeters& meters_of(HeldPtr& connection_state);

/// For `socketio::Options::admit_packet`: what is no event counts like an event.
[[nodiscard]] std::function<bool(HeldPtr&, net::Shard&)> meter_packets(const Rate& rate);

/// How many connections of this namespace are logged in, of one environment. Any thread.
[[nodiscard]] observe::Gauge& connections_gauge(observe::Metrics& metrics, std::string_view nsp,
                                                const std::string& environment);

}  // namespace togglecast::realtime
