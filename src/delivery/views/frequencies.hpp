// About how often each of many things was seen lately, in a fixed amount of memory: a count-min sketch whose
// counts are halved now and then. A count may be too high when things share a place, never too low but for
// the halving. Thread rule: one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace togglecast::delivery {

class Frequencies {
 public:
  /// `hash`: of the thing.
  void add(std::uint64_t hash) {
    if (counts_.empty()) counts_.resize(kPlaces);
    for (std::size_t row = 0; row < kRows; ++row)
      if (auto& count = counts_[place(hash, row)]; count < kMost) ++count;
    if (++added_ < kPlaces) return;
    added_ = 0;
    for (std::uint8_t& count : counts_) count >>= 1U;
  }
  [[nodiscard]] unsigned of(std::uint64_t hash) const noexcept {
    if (counts_.empty()) return 0;
    std::uint8_t least = kMost;
    for (std::size_t row = 0; row < kRows; ++row) least = std::min(least, counts_[place(hash, row)]);
    return least;
  }

 private:
  static constexpr std::size_t kPlaces = 128 * 1'024;  // a power of two
  static constexpr std::size_t kRows = 4;
  static constexpr std::uint8_t kMost = 255;

  static std::size_t place(std::uint64_t hash, std::size_t row) noexcept {
    constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;
    const std::uint64_t mixed = (hash ^ hash >> 32U) * (kSpread + 2 * row);
    return (mixed ^ mixed >> 29U) * kSpread >> 47U;
  }
  static_assert(kPlaces == std::size_t{1} << (64U - 47U));

  std::vector<std::uint8_t> counts_;  // empty until something is seen
  std::size_t added_ = 0;
};

}  // namespace togglecast::delivery
