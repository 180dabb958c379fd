// What an Engine.IO server counts.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engineio/error_code.hpp"

namespace togglecast::engineio {

/// What ends a session that passes it; see `Options`.
enum class Limit : std::uint8_t { max_payload, fragments_per_message, packets_per_payload, polling_backlog };
inline constexpr std::size_t kLimits = 4;
[[nodiscard]] std::string_view to_string(Limit limit) noexcept;

/// Of one shard; written there, read anywhere.
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
  std::array<Cell, 5> closed;               ///< by CloseReason
  std::array<Cell, kLimits> limits_passed;  ///< by Limit
};

}  // namespace togglecast::engineio
