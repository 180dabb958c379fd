// Bounds what one evaluation may cost: every step, and every so many bytes or elements that a step touches,
// takes from one allowance; when it is used up, everything returns at once. Thread rule: one evaluation.
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
inline constexpr std::size_t kBytesPerStep = 64;
inline constexpr std::size_t kElementsPerStep = 16;

class Meter {
 public:
  explicit Meter(std::size_t steps) noexcept : left_(steps) {}

  [[nodiscard]] bool take(std::size_t steps) noexcept {
    if (steps > left_) {
      fail(Failure::too_many_steps);
      return false;
    }
    left_ -= steps;
    return true;
  }
  [[nodiscard]] bool take_bytes(std::size_t bytes) noexcept { return take(bytes / kBytesPerStep); }
  [[nodiscard]] bool take_elements(std::size_t elements) noexcept {
    return take(elements / kElementsPerStep);
  }

  /// The first failure stays; no step is left afterwards.
  void fail(Failure failure) noexcept {
    if (failure_ == Failure::none) failure_ = failure;
    left_ = 0;
  }
  [[nodiscard]] Failure failure() const noexcept { return failure_; }

 private:
  std::size_t left_;
  Failure failure_ = Failure::none;
};

}  // namespace togglecast::domain::evaluation
