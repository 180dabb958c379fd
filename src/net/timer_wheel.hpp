// A hierarchical timing wheel. Arming, moving and cancelling a timer cost O(1) and no allocation, for any
// number of timers. A timer is a node of 32 bytes inside the object that waits, so ten thousand heartbeats
// need no timer objects. Thread rule: a wheel and its nodes belong to one shard.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/clock.hpp"

namespace togglecast::net {

class TimerWheel;

/// A timer: derive from it, and arm it with `TimerWheel::arm`. Destroying an armed node cancels it.
class TimerNode {
 public:
  TimerNode() noexcept = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;
  [[nodiscard]] bool armed() const noexcept { return next_ != nullptr; }
  void cancel() noexcept;

 protected:
  virtual ~TimerNode() { cancel(); }

 private:
  friend class TimerWheel;
  /// The deadline has passed. The node is no longer armed; this function may arm it again or destroy it.
  virtual void on_timer(TimePoint now) = 0;
  /// The wheel is destroyed while the node waits, so it will not fire. This function may destroy the node.
  virtual void on_abandoned() {}

  TimerNode* previous_ = nullptr;
  TimerNode* next_ = nullptr;
  std::uint64_t tick_ = 0;
};

class TimerWheel {
 public:
  static constexpr Milliseconds kTick{5};  ///< resolution: a timer fires up to this much late, never early

  explicit TimerWheel(TimePoint start) noexcept;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  /// Fires `node` once, not before `deadline`. Moves a node that is armed.
  void arm(TimerNode& node, TimePoint deadline) noexcept;
  /// Fires every timer that is due at `now`. Rethrows the exception of a timer; the remaining timers fire at
  /// the next call.
  void advance(TimePoint now);
  /// When to call `advance` next; TimePoint::max() when no timer is armed. May be earlier than the first
  /// deadline.
  [[nodiscard]] TimePoint next_due() noexcept;
  /// The number of armed timers. Counts them one by one: for tests and reports.
  [[nodiscard]] std::size_t armed() const noexcept;

 private:
  static constexpr std::size_t kSlots = 256;
  static constexpr std::size_t kLevels =
      3;  // 1.28 s, 5.5 min, 23 h; later deadlines wait in the last slot and go round again

  struct Slot final : TimerNode {  // head of a circular list
    void on_timer(TimePoint) override {}
  };

  [[nodiscard]] std::uint64_t tick_of(TimePoint time) const noexcept;
  void insert(TimerNode& node) noexcept;
  void link(std::size_t level, std::size_t index, TimerNode& node) noexcept;
  static void move_list(TimerNode& from, TimerNode& to) noexcept;
  static bool empty(const TimerNode& head) noexcept { return head.next_ == &head; }
  void cascade(std::size_t level) noexcept;
  void fire(TimePoint now);
  /// The number of slots from `from`, going round, to the first slot with nodes; kSlots when there is none.
  [[nodiscard]] std::size_t distance_to_occupied(std::size_t level, std::size_t from) noexcept;

  TimePoint start_;
  std::uint64_t now_tick_ = 0;  // timers up to and including this tick have fired
  std::array<std::array<Slot, kSlots>, kLevels> slots_;
  // One bit per slot. Clear: the slot is empty. Set: it may have nodes, because cancelling leaves the bit.
  std::array<std::array<std::uint64_t, kSlots / 64>, kLevels> occupied_{};
};

/// A timer that calls a function, where a few more bytes do not matter. The wheel's destructor destroys the
/// function, which may own this timer.
class CallbackTimer final : public TimerNode {
 public:
  explicit CallbackTimer(std::function<void()> callback) : callback_(std::move(callback)) {}
  ~CallbackTimer() override = default;

 private:
  void on_timer(TimePoint) override { callback_(); }
  void on_abandoned() override {  // the function may own this timer
    const auto last = std::exchange(callback_, nullptr);
  }
  std::function<void()> callback_;
};

}  // namespace togglecast::net
