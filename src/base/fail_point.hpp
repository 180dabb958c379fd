// Named places at which the crash tests kill the process: see docs/decisions/0042-fail-points.md. In
// production no hook is set, and passing a place costs the look at one pointer. Nothing in this program sets
// it; the program togglecast-fail-points does (tests/programs/fail_points.cpp), before `main`.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace togglecast {

enum class FailPoint : std::uint8_t {
  before_commit,        ///< all rows of a change are written, its transaction is open
  after_commit,         ///< the transaction is committed, nobody knows it yet
  after_read_model,     ///< the read model has the change, the shards do not
  after_answer,         ///< the answer to a write has left
  mid_push,             ///< a subscriber has been given its batch, the next one has not
  mid_pruning,          ///< the beginning of the log has moved, the rows before it are still there
  message_committed,    ///< a message that waits for acknowledgements is committed, nobody knows it yet
  receipts_committed,   ///< receipts of messages are committed, nobody knows it yet
  between_connections,  ///< one connection's bytes of this turn have left, those of the next one have not
};

/// By the number of the place.
inline constexpr std::array<std::string_view, 9> kFailPointNames{
    "before_commit", "after_commit",      "after_read_model",   "after_answer",       "mid_push",
    "mid_pruning",   "message_committed", "receipts_committed", "between_connections"};
static_assert(kFailPointNames.size() == static_cast<std::size_t>(FailPoint::between_connections) + 1);

using FailPointHook = void (*)(FailPoint) noexcept;

/// Set before the first thread starts, or never.
inline constinit FailPointHook fail_point_hook = nullptr;

inline void pass(FailPoint place) noexcept {
  if (fail_point_hook != nullptr) [[unlikely]]
    fail_point_hook(place);
}

}  // namespace togglecast
