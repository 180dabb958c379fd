// The server's side of the heartbeat (Engine.IO 4): ping after each interval, close when no pong follows in
// time. Thread rule: a plain value; time is an argument.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace togglecast::engineio {

class Heartbeat {
 public:
  enum class Action { none, send_ping, close };

  /// `first_ping` may be earlier than `now + interval`, so that many sessions that began together do not stay
  /// together.
  Heartbeat(TimePoint first_ping, Milliseconds interval, Milliseconds timeout) noexcept
      : due_(first_ping),
        interval_(static_cast<std::uint32_t>(interval.count())),
        timeout_(static_cast<std::uint32_t>(timeout.count())) {}

  [[nodiscard]] Action on_tick(TimePoint now) noexcept {
    if (now < due_) return Action::none;
    if (waiting_for_pong_) return Action::close;
    waiting_for_pong_ = true;
    // Counted from when the ping was due, so that a late timer does not add up; after a stall of this process
    // the client still has half the time to answer.
    const Milliseconds timeout{timeout_};
    due_ = std::max(due_ + timeout, now + timeout / 2);
    return Action::send_ping;
  }
  /// Pongs that nobody asked for are harmless.
  void on_pong(TimePoint now) noexcept {
    if (!waiting_for_pong_) return;
    waiting_for_pong_ = false;
    due_ = now + Milliseconds{interval_};
  }
  [[nodiscard]] bool waiting_for_pong() const noexcept { return waiting_for_pong_; }
  /// How long the last ping has gone unanswered; zero when it was answered.
  [[nodiscard]] Milliseconds unanswered(TimePoint now) const noexcept {
    const TimePoint sent = due_ - Milliseconds{timeout_};
    if (!waiting_for_pong_ || now < sent) return Milliseconds{0};
    return std::chrono::duration_cast<Milliseconds>(now - sent);
  }
  /// When `on_tick` is due next.
  [[nodiscard]] TimePoint due() const noexcept { return due_; }

 private:
  TimePoint due_;
  std::uint32_t interval_;  // milliseconds: each session has one of these
  std::uint32_t timeout_;
  bool waiting_for_pong_ = false;
};

}  // namespace togglecast::engineio
