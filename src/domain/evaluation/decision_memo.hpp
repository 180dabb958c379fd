// Remembers which required features are on for one client, so that each is decided once. Keep one per thread
// and give it to one decider after another: once it has grown, it allocates no more memory.
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "domain/schema/ids.hpp"

namespace togglecast::domain::evaluation {

class DecisionMemo {
 public:
  /// Forgets everything.
  void begin() noexcept {
    ++generation_;
    used_ = 0;
  }

  [[nodiscard]] std::optional<bool> find(Id feature) const noexcept {
    if (slots_.empty()) return std::nullopt;
    const Slot& slot = slots_[place_of(feature)];
    if (slot.generation != generation_ || !slot.is_known) return std::nullopt;
    return slot.is_on;
  }

  /// It is not known any more.
  void forget(Id feature) noexcept {
    if (!slots_.empty()) slots_[place_of(feature)].is_known = false;
  }

  void put(Id feature, bool is_on) {
    if (2 * (used_ + 1) > slots_.size()) grow();
    Slot& slot = slots_[place_of(feature)];
    if (slot.generation != generation_) ++used_;
    slot = {feature, generation_, is_on, true};
  }

 private:
  struct Slot {
    Id feature = 0;
    std::uint64_t generation = 0;  ///< of another client when it is not the current one
    bool is_on = false;
    bool is_known = true;
  };

  // The slot of the feature, or the free slot for it. There always is one.
  [[nodiscard]] std::size_t place_of(Id feature) const noexcept {
    constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = (static_cast<std::uint64_t>(feature) * kSpread >> 32) & mask;
    while (slots_[place].generation == generation_ && slots_[place].feature != feature) {
      place = (place + 1) & mask;
    }
    return place;
  }

  void grow() {
    constexpr std::size_t kFirst = 16;
    std::vector<Slot> before(slots_.empty() ? kFirst : 2 * slots_.size());
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.generation == generation_) slots_[place_of(slot.feature)] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two, at least half of it free
  std::size_t used_ = 0;
  std::uint64_t generation_ = 1;
};

}  // namespace togglecast::domain::evaluation
