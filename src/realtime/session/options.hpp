// How the real-time namespaces behave. Thread rule: plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/token_bucket.hpp"

namespace togglecast::realtime {

struct Options {
  Milliseconds login_deadline{10'000};  ///< for a connection without a token
  /// `token_expiring` comes this long before the end, or half-way when that is sooner.
  Milliseconds expiry_warning{60'000};
  Rate events{.per_second = 50, .burst = 200};  ///< of each connection
  /// Full states that a connection asks for again, and what costs as much: a new context or login, a
  /// `config_check` with an old revision.
  Rate full_states{.per_second = 1, .burst = 10};
  Rate assets{.per_second = 4'194'304, .burst = 16'777'216};  ///< bytes, of each connection
  std::size_t asset_frames = 16 * 1'024 * 1'024;  ///< bytes of assets that each shard keeps ready to be sent
  std::size_t connections_per_client = 10'000;
  /// One of a client that has as many yields when it has not answered the heartbeat for so long.
  Milliseconds yield_after{5'000};
  std::size_t message_queue = 256 * 1'024;  ///< bytes of answers and messages that wait for a connection …
  Milliseconds reader_patience{10'000};     ///< … that has taken nothing for so long
  Milliseconds resume_wait{1'000};  ///< for a state that a connection has and this process does not have yet
  Rate announcements{.per_second = 1, .burst = 5};   ///< of each admin
  std::chrono::seconds idempotency_age{24 * 3'600};  ///< of reports with an idempotency key
  std::size_t pending_acks = 256;    ///< messages that a connection may have without having acknowledged them
  std::size_t sync_at_once = 200;    ///< `config_sync` to more connections than these …
  Milliseconds sync_window{30'000};  ///< … is spread over so long
  Milliseconds rollout_interval{1'000};   ///< between two `rollout_progress` of one entity
  Milliseconds rollout_patience{60'000};  ///< so long after a change they end
  Milliseconds presence_delay{200};       ///< who comes and goes within it is told at once
  /// `process` of `system_metrics`: what only the wiring knows. From any shard.
  std::function<json::object()> describe_process{};
  /// `bus` of `system_metrics`, in the same way.
  std::function<json::object()> describe_bus{};
};

}  // namespace togglecast::realtime
