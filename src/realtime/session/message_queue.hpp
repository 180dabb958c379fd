// How much of answers and messages may wait for a connection that does not take them. One may be as large as
// it is, and a connection that takes some of what waits may have any amount: only what piles up behind a
// reader without progress is too much. Configuration has its own rule, in `delivery`: it is merged, not
// queued. Thread rule: the socket's shard.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/clock.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"

namespace togglecast::realtime {

struct MessageLimit {
  std::size_t bytes;
  Milliseconds patience;        ///< a reader that took something within this time makes progress
  observe::Counter& overflows;  ///< connections that were closed for it
  observe::PeerLog log{};
};

class MessageQueue {
 public:
  /// What the connection has not taken, of any kind, and for how long it has taken nothing.
  struct Waiting {
    std::size_t bytes;
    Milliseconds stalled;
    std::uint64_t turn;  ///< of the loop: what was sent in the same turn may not show in `bytes` yet
  };

  /// Whether `bytes` more may be sent, having counted them.
  [[nodiscard]] bool take(std::size_t bytes, const Waiting& waiting, const MessageLimit& limit) noexcept {
    if (overflowed_) return false;
    const auto now = static_cast<std::uint32_t>(waiting.turn);
    if (waiting.bytes == 0 && now != turn_) queued_ = 0;
    turn_ = now;
    const std::size_t before = std::min<std::size_t>(queued_, waiting.bytes);
    const bool too_much = before != 0 && before + bytes > limit.bytes;
    if (too_much && waiting.stalled >= limit.patience) return false;
    queued_ = static_cast<std::uint32_t>(std::min<std::size_t>(queued_ + bytes, UINT32_MAX));
    return true;
  }
  /// True the first time: the connection must be closed.
  [[nodiscard]] bool overflow(const MessageLimit& limit) noexcept {
    if (std::exchange(overflowed_, true)) return false;
    limit.overflows.add();
    return true;
  }
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

 private:
  std::uint32_t queued_ = 0;  // at most: less when the connection took some
  std::uint32_t turn_ = 0;    // the low bits are enough to tell one from the next
  bool overflowed_ = false;
};

}  // namespace togglecast::realtime
