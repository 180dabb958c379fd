#include "net/timer_wheel.hpp"

#include <algorithm>
#include <bit>

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
      while (!empty(slot)) {
        TimerNode& node = *slot.next_;
        node.cancel();
        node.on_abandoned();
      }
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
  link(level, tick >> (8 * level) & (kSlots - 1), node);
}

void TimerWheel::link(std::size_t level, std::size_t index, TimerNode& node) noexcept {
  Slot& head = slots_[level][index];
  node.previous_ = head.previous_;
  node.next_ = &head;
  head.previous_->next_ = &node;
  head.previous_ = &node;
  occupied_[level][index / 64] |= std::uint64_t{1} << index % 64;
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

void TimerWheel::cascade(std::size_t level) noexcept {
  const std::size_t index = now_tick_ >> (8 * level) & (kSlots - 1);
  if (index == 0 && level + 1 < kLevels) cascade(level + 1);
  Slot list;
  move_list(slots_[level][index], list);
  while (!empty(list)) {
    TimerNode& node = *list.next_;
    node.cancel();
    // At the last level a node may have been parked before its time: it goes round again.
    if (node.tick_ <= now_tick_) {
      link(0, now_tick_ & (kSlots - 1), node);
    } else {
      insert(node);
    }
  }
  list.previous_ = list.next_ = nullptr;
}

// The slot of the current tick; nothing is inserted there meanwhile.
void TimerWheel::fire(TimePoint now) {
  Slot& due = slots_[0][now_tick_ & (kSlots - 1)];
  while (!empty(due)) {
    TimerNode& node = *due.next_;
    node.cancel();
    node.on_timer(now);
  }
}

void TimerWheel::advance(TimePoint now) {
  fire(now);  // timers that were left when one threw
  const std::uint64_t target = tick_of(now);
  while (now_tick_ < target) {
    ++now_tick_;
    if ((now_tick_ & (kSlots - 1)) == 0) cascade(1);
    fire(now);
  }
}

std::size_t TimerWheel::distance_to_occupied(std::size_t level, std::size_t from) noexcept {
  auto& words = occupied_[level];
  for (std::size_t distance = 0; distance < kSlots;) {
    const std::size_t index = (from + distance) & (kSlots - 1);
    const std::size_t bit = index % 64;
    const std::uint64_t rest = words[index / 64] >> bit;
    if (rest == 0) {
      distance += 64 - bit;
      continue;
    }
    const auto skipped = static_cast<std::size_t>(std::countr_zero(rest));
    distance += skipped;
    if (distance >= kSlots) break;
    if (!empty(slots_[level][index + skipped])) return distance;
    words[index / 64] &= ~(std::uint64_t{1} << (bit + skipped));
  }
  return kSlots;
}

std::size_t TimerWheel::armed() const noexcept {
  std::size_t count = 0;
  for (const auto& level : slots_) {
    for (const auto& slot : level) {
      for (const TimerNode* node = slot.next_; node != &slot; node = node->next_) ++count;
    }
  }
  return count;
}

TimePoint TimerWheel::next_due() noexcept {
  const std::size_t now_index = now_tick_ & (kSlots - 1);
  std::size_t ticks = distance_to_occupied(0, now_index);
  const std::size_t to_boundary = kSlots - now_index;
  if (to_boundary < ticks || ticks == kSlots) {
    bool waits_above = false;
    for (std::size_t level = 1; level < kLevels && !waits_above; ++level)
      waits_above = distance_to_occupied(level, 0) != kSlots;
    if (waits_above) {
      ticks = to_boundary;
    } else if (ticks == kSlots) {
      return TimePoint::max();
    }
  }
  return start_ + kTick * static_cast<std::int64_t>(now_tick_ + ticks);
}

}  // namespace togglecast::net
