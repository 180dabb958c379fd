// Spreads moments that many connections would have in common: deadlines that were set in one moment, and
// waits that were told in one moment. Without it, all of them act at once, again and again. It only makes
// waits longer: nothing happens before its time. See docs/decisions/0050. Thread rule: one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace togglecast {

class Jitter {
 public:
  static constexpr Milliseconds kMost{5'000};

  /// The same seed draws the same numbers; none spreads nothing. See `Clock::jitter_seed`.
  explicit Jitter(std::optional<std::uint64_t> seed) noexcept : state_(seed) {}

  /// `delay`, and up to a tenth more, at most `kMost`.
  [[nodiscard]] Milliseconds later(Milliseconds delay) noexcept {
    const Milliseconds spread = std::clamp(delay / 10, Milliseconds{0}, kMost);
    return delay + Milliseconds{below(static_cast<std::uint64_t>(spread.count()) + 1)};
  }
  /// `lead`, and up to a half more: so long before the end a warning may come.
  [[nodiscard]] Milliseconds earlier(Milliseconds lead) noexcept {
    return lead + Milliseconds{below(
                      static_cast<std::uint64_t>(std::max<Milliseconds::rep>(lead.count() / 2, 0)) + 1)};
  }
  /// Seconds after which a client may come back: `seconds`, and up to as many more.
  [[nodiscard]] std::uint64_t come_back_after(std::uint64_t seconds) noexcept {
    return seconds + below(seconds + 1);
  }

 private:
  // SplitMix64, the generator of Steele, Lea and Flood: eight bytes of state, and a few instructions.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept {
    if (!state_ || bound == 0) return 0;
    std::uint64_t mixed = (*state_ += 0x9e3779b97f4a7c15U);
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return (mixed ^ (mixed >> 31U)) % bound;
  }

  std::optional<std::uint64_t> state_;
};

}  // namespace togglecast
