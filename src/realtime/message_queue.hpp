// How much of answers and messages may wait for a connection that does not take them (design: 256 KiB).
// Configuration has its own rule, in `Broadcaster`: it is merged, not queued. Thread rule: the socket's
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

  /// Whether `bytes` more may be sent, having counted them. `backlog`: what the connection has not taken, of
  /// whatever kind. `turn`: what was sent in the same turn of the loop may not stand in the backlog yet.
  [[nodiscard]] bool take(std::size_t bytes, std::size_t backlog, std::uint64_t turn) noexcept {
    if (overflowed_) return false;
    if (backlog == 0 && turn != turn_) waiting_ = 0;
    turn_ = turn;
    if (std::min(waiting_, backlog) + bytes > limit_->bytes) return false;
    waiting_ += bytes;
    return true;
  }
  /// What is exempt from counting may be sent as long as not that much waits already.
  [[nodiscard]] bool has_room(std::size_t backlog) const noexcept {
    return !overflowed_ && backlog <= limit_->bytes;
  }
  /// True the first time: the connection is to be closed.
  [[nodiscard]] bool overflow() noexcept {
    if (std::exchange(overflowed_, true)) return false;
    limit_->overflows.add();
    return true;
  }
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

 private:
  const MessageLimit* limit_;
  std::size_t waiting_ = 0;  // at most: less when the connection took some
  std::uint64_t turn_ = 0;
  bool overflowed_ = false;
};

}  // namespace togglecast::realtime
