// How much of answers and messages may wait for a connection that does not take them (design: 256 KiB).
// Configuration has its own rule, in `delivery`: it is merged, not queued. Thread rule: the socket's
// shard.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "observe/metrics.hpp"

namespace togglecast::realtime {

struct MessageLimit {
  std::size_t bytes;
  observe::Counter& overflows;  ///< connections that were closed for it
};

class MessageQueue {
 public:
  explicit MessageQueue(const MessageLimit& limit) noexcept : limit_(&limit) {}

  /// Whether `bytes` more may be sent, having counted them. `backlog`: the bytes that the connection has not
  /// taken, of any kind. `turn`: the backlog may not show yet what was sent in the same turn of the loop.
  [[nodiscard]] bool take(std::size_t bytes, std::size_t backlog, std::uint64_t turn) noexcept {
    if (overflowed_) return false;
    const auto now = static_cast<std::uint32_t>(turn);
    if (backlog == 0 && now != turn_) waiting_ = 0;
    turn_ = now;
    if (std::min(waiting_, backlog) + bytes > limit_->bytes) return false;
    waiting_ += bytes;
    return true;
  }
  /// Whether something that does not count may be sent: yes, as long as not that much waits already.
  [[nodiscard]] bool has_room(std::size_t backlog) const noexcept {
    return !overflowed_ && backlog <= limit_->bytes;
  }
  /// True the first time: the connection must be closed.
  [[nodiscard]] bool overflow() noexcept {
    if (std::exchange(overflowed_, true)) return false;
    limit_->overflows.add();
    return true;
  }
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

 private:
  const MessageLimit* limit_;
  std::size_t waiting_ = 0;  // at most: less when the connection took some
  std::uint32_t turn_ = 0;   // the low bits are enough to tell one from the next
  bool overflowed_ = false;
};

}  // namespace togglecast::realtime
