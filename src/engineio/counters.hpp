// The counters of an Engine.IO server. Thread rule: each shard writes its own; any thread may read them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engineio/error_code.hpp"

namespace togglecast::engineio {

/// The limits of `Options` that end a session which passes them.
enum class Limit : std::uint8_t {
  max_payload,
  untrusted_payload,
  fragments_per_message,
  packets_per_payload,
  polling_backlog,
};
inline constexpr std::size_t kLimits = 5;
[[nodiscard]] std::string_view to_string(Limit limit) noexcept;

/// The counters of one shard.
struct Counters {
  struct Cell {
    std::atomic<std::uint64_t> value{0};
    void operator++() noexcept {
      value.store(value.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    void operator--() noexcept {
      value.store(value.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    }
  };
  Cell sessions_opened, sessions_open, packets_in, packets_out, upgrades;
  std::array<Cell, kErrorCodes> refused;    ///< by ErrorCode
  Cell other_node;                          ///< requests for sessions that another node made
  std::array<Cell, 5> closed;               ///< by CloseReason
  std::array<Cell, 2> sent_away;            ///< by TransportKind; see Server::send_away
  std::array<Cell, kLimits> limits_passed;  ///< by Limit
};

}  // namespace togglecast::engineio
