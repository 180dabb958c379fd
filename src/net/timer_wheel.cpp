#include "net/timer_wheel.hpp"

#include <algorithm>

namespace togglecast::net {

void TimerNode::cancel() noexcept {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

TimerWheel::TimerWheel(TimePoint start) noexcept : start_(start) {
  for (auto& level : slots_) {
    for (auto& slot : level) slot.previous_ = slot.next_ = &slot;
  }
}

TimerWheel::~TimerWheel() {
  for (auto& level : slots_) {
    for (auto& slot : level) {
      while (!empty(slot)) slot.next_->cancel();
    }
  }
}

std::uint64_t TimerWheel::tick_of(TimePoint time) const noexcept {
  return time <= start_ ? 0 : static_cast<std::uint64_t>((time - start_) / kTick);
}

void TimerWheel::arm(TimerNode& node, TimePoint deadline) noexcept {
  node.cancel();
  // Rounded up, and never the tick that has already fired: late by at most one tick, early never.
  node.tick_ = std::max(tick_of(deadline) + 1, now_tick_ + 1);
  insert(node);
}

void TimerWheel::insert(TimerNode& node) noexcept {
  const std::uint64_t distance = node.tick_ - now_tick_;
  std::uint64_t span = kSlots;
  std::size_t level = 0;
  while (level + 1 < kLevels && distance >= span) {
    span *= kSlots;
    ++level;
  }
  const std::uint64_t tick = distance >= span ? now_tick_ + span - 1 : node.tick_;
  link(slots_[level][tick >> (8 * level) & (kSlots - 1)], node);
}

void TimerWheel::link(TimerNode& head, TimerNode& node) noexcept {
  node.previous_ = head.previous_;
  node.next_ = &head;
  head.previous_->next_ = &node;
  head.previous_ = &node;
}

void TimerWheel::move_list(TimerNode& from, TimerNode& to) noexcept {
  to.previous_ = to.next_ = &to;
  if (empty(from)) return;
  to.next_ = from.next_;
  to.previous_ = from.previous_;
  to.next_->previous_ = &to;
  to.previous_->next_ = &to;
  from.previous_ = from.next_ = &from;
}

void TimerWheel::cascade(std::size_t level) {
  const std::size_t index = now_tick_ >> (8 * level) & (kSlots - 1);
  if (index == 0 && level + 1 < kLevels) cascade(level + 1);
  Slot list;
  move_list(slots_[level][index], list);
  while (!empty(list)) {
    TimerNode& node = *list.next_;
    node.cancel();
    // At the last level a node may have been parked before its time: it goes round again.
    if (node.tick_ <= now_tick_) {
      link(slots_[0][now_tick_ & (kSlots - 1)], node);
    } else {
      insert(node);
    }
  }
  list.previous_ = list.next_ = nullptr;
}

void TimerWheel::advance(TimePoint now) {
  const std::uint64_t target = tick_of(now);
  while (now_tick_ < target) {
    ++now_tick_;
    const std::size_t index = now_tick_ & (kSlots - 1);
    if (index == 0) cascade(1);
    Slot due;
    move_list(slots_[0][index], due);
    while (!empty(due)) {
      TimerNode& node = *due.next_;
      node.cancel();
      node.on_timer(now);
    }
    due.previous_ = due.next_ = nullptr;
  }
}

TimePoint TimerWheel::next_due() const noexcept {
  for (std::uint64_t step = 1; step <= kSlots; ++step) {
    const std::uint64_t tick = now_tick_ + step;
    const bool boundary = (tick & (kSlots - 1)) == 0;
    if (!empty(slots_[0][tick & (kSlots - 1)])) return start_ + kTick * static_cast<std::int64_t>(tick);
    if (!boundary) continue;
    for (std::size_t level = 1; level < kLevels; ++level) {
      const bool waits = std::any_of(slots_[level].begin(), slots_[level].end(),
                                     [](const Slot& slot) { return !empty(slot); });
      if (waits) return start_ + kTick * static_cast<std::int64_t>(tick);
    }
  }
  return TimePoint::max();
}

}  // namespace togglecast::net
