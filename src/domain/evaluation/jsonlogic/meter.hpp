// Bounds the cost of one evaluation. Each step takes from one allowance, and so do the bytes and elements
// that a step touches. When the allowance is used up, everything returns at once. A step stands for at most
// 100 ns and 64 bytes of memory: 10,000 steps stay below 1 ms and 4 MiB (bench/evaluation). Thread rule: one
// evaluation.
#pragma once

#include <cstddef>
#include <cstdint>

namespace togglecast::domain::evaluation {

enum class Failure : std::uint8_t {
  none,
  too_many_steps,
  too_deep,        ///< values nested deeper than kMaxValueDepth, which only `reduce` and `map` can build
  not_defined,     ///< the reference throws here, too: `*` of nothing, options of `missing_some` that are no
                   ///< list
  no_shared_rule,  ///< the rule refers to one that is not there, or that cannot be compiled
};

inline constexpr std::size_t kMaxValueDepth = 64;
inline constexpr std::size_t kBytesPerStep = 64;         ///< copied or compared
inline constexpr std::size_t kScannedBytesPerStep = 16;  ///< looked at one by one: searched, counted, read
inline constexpr std::size_t kElementsPerStep = 16;      ///< of a list that is looked at
inline constexpr std::size_t kMadeElementsPerStep = 4;   ///< of a list that the rule makes

class Meter {
 public:
  explicit Meter(std::size_t steps) noexcept : allowance_(steps), left_(steps) {}

  [[nodiscard]] bool take(std::size_t steps) noexcept {
    if (steps > left_) {
      fail(Failure::too_many_steps);
      return false;
    }
    left_ -= steps;
    return true;
  }
  [[nodiscard]] bool take_bytes(std::size_t bytes) noexcept { return take(bytes / kBytesPerStep); }
  /// For a text that is read as a number: beyond 19 digits the nearest double may need long arithmetic.
  [[nodiscard]] bool take_number(std::size_t bytes) noexcept {
    constexpr std::size_t kCertainDigits = 19;
    constexpr std::size_t kLongArithmetic = 32;
    return take(bytes / kScannedBytesPerStep + (bytes > kCertainDigits ? kLongArithmetic : 0));
  }
  [[nodiscard]] bool take_scanned(std::size_t bytes) noexcept { return take(bytes / kScannedBytesPerStep); }
  [[nodiscard]] bool take_elements(std::size_t elements) noexcept {
    return take(elements / kElementsPerStep);
  }
  [[nodiscard]] bool take_made_elements(std::size_t elements) noexcept {
    return take(elements / kMadeElementsPerStep);
  }

  /// The first failure stays; no step is left afterwards.
  void fail(Failure failure) noexcept {
    if (failure_ == Failure::none) failure_ = failure;
    left_ = 0;
  }
  [[nodiscard]] Failure failure() const noexcept { return failure_; }
  [[nodiscard]] std::size_t left() const noexcept { return left_; }
  /// All of the allowance after a failure.
  [[nodiscard]] std::size_t spent() const noexcept { return allowance_ - left_; }

 private:
  std::size_t allowance_;
  std::size_t left_;
  Failure failure_ = Failure::none;
};

}  // namespace togglecast::domain::evaluation
