// The server's heartbeat (Engine.IO 4): a ping after each interval, and a close when no pong follows in time.
// Thread rule: a plain value; time is an argument.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace togglecast::engineio {

class Heartbeat {
 public:
  enum class Action { none, send_ping, close };

  /// `first_ping` may be earlier than one interval from now. This spreads the pings of sessions that began at
  /// the same time.
  Heartbeat(TimePoint first_ping, Milliseconds interval, Milliseconds timeout) noexcept
      : due_(first_ping),
        interval_(static_cast<std::uint32_t>(interval.count())),
        timeout_(static_cast<std::uint32_t>(timeout.count())) {}

  /// Call it at `due`, or later. Returns the action to take now.
  [[nodiscard]] Action on_tick(TimePoint now) noexcept {
    if (now < due_) return Action::none;
    if (waiting_for_pong_) return Action::close;
    waiting_for_pong_ = true;
    // Counted from the due time, so that late timers do not add up. After a stall of this process the client
    // still has half the time to answer.
    const Milliseconds timeout{timeout_};
    due_ = std::max(due_ + timeout, now + timeout / 2);
    return Action::send_ping;
  }
  /// A ping is wanted now. While another one is unanswered, it follows the pong: see `on_pong`.
  [[nodiscard]] Action ping_now(TimePoint now) noexcept {
    wanted_ = waiting_for_pong_;
    if (waiting_for_pong_) return Action::none;
    due_ = now;
    return on_tick(now);
  }
  /// A pong has arrived. A pong without a ping is harmless. Returns the action to take now: the ping that was
  /// wanted meanwhile.
  [[nodiscard]] Action on_pong(TimePoint now) noexcept {
    if (!waiting_for_pong_) return Action::none;
    waiting_for_pong_ = false;
    due_ = now + Milliseconds{interval_};
    return wanted_ ? ping_now(now) : Action::none;
  }
  /// The pong cannot come yet, or cannot be read: looks again after half a time-out. Call it instead of
  /// closing.
  void wait_longer(TimePoint now) noexcept { due_ = now + Milliseconds{timeout_} / 2; }
  [[nodiscard]] bool waiting_for_pong() const noexcept { return waiting_for_pong_; }
  /// The time since a ping that has no pong yet; zero when there is none.
  [[nodiscard]] Milliseconds unanswered(TimePoint now) const noexcept {
    const TimePoint sent = due_ - Milliseconds{timeout_};
    if (!waiting_for_pong_ || now < sent) return Milliseconds{0};
    return std::chrono::duration_cast<Milliseconds>(now - sent);
  }
  /// When to call `on_tick` next.
  [[nodiscard]] TimePoint due() const noexcept { return due_; }

 private:
  TimePoint due_;
  std::uint32_t interval_;  // milliseconds; small, because each session has a heartbeat
  std::uint32_t timeout_;
  bool waiting_for_pong_ = false;
  bool wanted_ = false;  // one more, right after the pong
};

}  // namespace togglecast::engineio
