// A hierarchical timing wheel: arming, moving and cancelling cost O(1) and no allocation, whatever the number
// of timers. A timer is a node inside the object that waits (32 bytes), so ten thousand heartbeats need no
// timer objects of their own. Thread rule: a wheel and its nodes belong to one shard.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/clock.hpp"

namespace togglecast::net {

class TimerWheel;

/// Derive from it, arm it with `TimerWheel::arm`. Destroying an armed node cancels it.
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
  /// The time is over. The node is no longer armed and may be armed again or destroyed from here.
  virtual void on_timer(TimePoint now) = 0;
  /// The wheel is destroyed while the node waits: it will not fire. The node may be destroyed from here.
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

  /// Fires once, not before `deadline`. An armed node is moved.
  void arm(TimerNode& node, TimePoint deadline) noexcept;
  /// Fires everything due at `now`. What a timer throws comes out here; the others fire at the next call.
  void advance(TimePoint now);
  /// When `advance` should be called next; TimePoint::max() when nothing is armed. May be earlier than the
  /// first deadline.
  [[nodiscard]] TimePoint next_due() noexcept;
  /// How many nodes wait. Counts them one by one: for tests and reports.
  [[nodiscard]] std::size_t armed() const noexcept;

 private:
  static constexpr std::size_t kSlots = 256;
  static constexpr std::size_t kLevels =
      3;  // 1.28 s, 5.5 min, 23 h; later ones wait in the last slot and go round again

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
  /// Slots from `from` on, going round, up to the first that has nodes; kSlots when none has.
  [[nodiscard]] std::size_t distance_to_occupied(std::size_t level, std::size_t from) noexcept;

  TimePoint start_;
  std::uint64_t now_tick_ = 0;  // everything up to and including it has fired
  std::array<std::array<Slot, kSlots>, kLevels> slots_;
  // A bit for each slot: clear when it is empty; set when it may have nodes, since cancelling does not look
  // here.
  std::array<std::array<std::uint64_t, kSlots / 64>, kLevels> occupied_{};
};

/// A timer that calls a function; for the places where a few more bytes do not matter. A function that owns
/// its own timer is let go when the wheel ends.
class CallbackTimer final : public TimerNode {
 public:
  explicit CallbackTimer(std::function<void()> callback) : callback_(std::move(callback)) {}
  ~CallbackTimer() override = default;

 private:
  void on_timer(TimePoint) override { callback_(); }
  void on_abandoned() override {  // what it holds may hold this timer
    const auto last = std::exchange(callback_, nullptr);
  }
  std::function<void()> callback_;
};

}  // namespace togglecast::net
