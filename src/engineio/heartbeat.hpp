// The server's heartbeat (Engine.IO 4): a ping after each interval, and a close when no pong follows in time.
// It also knows when the client was last heard, and how long its last answer took. All of it takes 24 bytes.
// Thread rule: a plain value; time is an argument.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace togglecast::engineio {

class Heartbeat {
 public:
  enum class Action { none, send_ping, close };

  /// `first_ping` may be earlier than one interval from now. This spreads the pings of sessions that began at
  /// the same time.
  Heartbeat(TimePoint first_ping, Milliseconds interval, Milliseconds timeout) noexcept
      : due_(first_ping),
        interval_(static_cast<std::uint32_t>(std::clamp<Milliseconds::rep>(interval.count(), 0, kLongest))),
        waiting_for_pong_(0),
        wanted_(0),
        timeout_(static_cast<std::uint32_t>(std::clamp<Milliseconds::rep>(timeout.count(), 0, kLongest))) {}

  /// Call it at `due`, or later. Returns the action to take now.
  [[nodiscard]] Action on_tick(TimePoint now) noexcept {
    if (now < due_) return Action::none;
    if (waiting_for_pong_ != 0) return Action::close;
    waiting_for_pong_ = 1;
    sent_or_took_ = micros_of(now);
    // Counted from the due time, so that late timers do not add up. After a stall of this process the client
    // still has half the time to answer.
    const Milliseconds timeout{timeout_};
    due_ = std::max(due_ + timeout, now + timeout / 2);
    return Action::send_ping;
  }
  /// A ping is wanted now. While another one is unanswered, it follows the pong: see `on_pong`.
  [[nodiscard]] Action ping_now(TimePoint now) noexcept {
    wanted_ = waiting_for_pong_;
    if (waiting_for_pong_ != 0) return Action::none;
    due_ = now;
    return on_tick(now);
  }
  /// A pong has arrived. A pong without a ping is harmless. Returns the action to take now: the ping that was
  /// wanted meanwhile.
  [[nodiscard]] Action on_pong(TimePoint now) noexcept {
    seen(now);
    if (waiting_for_pong_ == 0) return Action::none;
    waiting_for_pong_ = 0;
    sent_or_took_ = std::max(micros_of(now) - sent_or_took_, 1U);
    due_ = now + Milliseconds{interval_};
    return wanted_ != 0 ? ping_now(now) : Action::none;
  }
  /// The client has said that it is there, by a pong or by other means.
  void seen(TimePoint now) noexcept { seen_ = millis_of(now); }
  /// The pong cannot come yet, or cannot be read: looks again after half a time-out. Call it instead of
  /// closing.
  void wait_longer(TimePoint now) noexcept { due_ = now + Milliseconds{timeout_} / 2; }
  [[nodiscard]] bool waiting_for_pong() const noexcept { return waiting_for_pong_ != 0; }
  /// The time since a ping that has no pong yet; zero when there is none.
  [[nodiscard]] Milliseconds unanswered(TimePoint now) const noexcept {
    const TimePoint sent = due_ - Milliseconds{timeout_};
    if (waiting_for_pong_ == 0 || now < sent) return Milliseconds{0};
    return std::chrono::duration_cast<Milliseconds>(now - sent);
  }
  /// From the last ping to its pong; nothing before the first one, and while a ping is unanswered.
  [[nodiscard]] std::optional<std::chrono::microseconds> round_trip() const noexcept {
    if (waiting_for_pong_ != 0 || sent_or_took_ == 0) return std::nullopt;
    return std::chrono::microseconds{sent_or_took_};
  }
  /// The time since `seen`; nothing before the first one.
  [[nodiscard]] std::optional<Milliseconds> since_seen(TimePoint now) const noexcept {
    if (seen_ == 0) return std::nullopt;
    return Milliseconds{millis_of(now) - seen_};
  }
  /// When to call `on_tick` next.
  [[nodiscard]] TimePoint due() const noexcept { return due_; }

 private:
  static constexpr Milliseconds::rep kLongest = (1 << 30) - 1;  // twelve days

  // Their low bits tell times that are less than 71 minutes, or 49 days, apart. Zero stands for never.
  [[nodiscard]] static std::uint32_t micros_of(TimePoint time) noexcept {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
  }
  [[nodiscard]] static std::uint32_t millis_of(TimePoint time) noexcept {
    const auto low =
        static_cast<std::uint32_t>(std::chrono::duration_cast<Milliseconds>(time.time_since_epoch()).count());
    return std::max(low, 1U);
  }

  TimePoint due_;
  std::uint32_t interval_ : 30;  // milliseconds; small, because each session has a heartbeat
  std::uint32_t waiting_for_pong_ : 1;
  std::uint32_t wanted_ : 1;  // one more, right after the pong
  std::uint32_t timeout_;
  std::uint32_t seen_ = 0;          // milliseconds
  std::uint32_t sent_or_took_ = 0;  // microseconds: when the unanswered ping left, or how long the last took
};
static_assert(sizeof(Heartbeat) == 24, "each session has one");

}  // namespace togglecast::engineio
