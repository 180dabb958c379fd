// A token bucket: it allows a burst, and a rate in the long run. Time is an argument.
// Thread rule: plain values.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/clock.hpp"

namespace togglecast {

struct Rate {
  double per_second = 1;  ///< above 0
  double burst = 1;       ///< at least 1
};

class TokenBucket {
 public:
  /// Takes `cost` tokens and returns zero, or takes none and returns how long to wait for them. A new bucket
  /// is full. A cost above the burst counts as the burst.
  [[nodiscard]] Milliseconds take(const Rate& rate, TimePoint now, double cost = 1) {
    refill(rate, now);
    cost = std::min(cost, rate.burst);
    if (missing_ + cost <= rate.burst) {
      missing_ += cost;
      return Milliseconds{0};
    }
    const double seconds = (missing_ + cost - rate.burst) / rate.per_second;
    return Milliseconds{static_cast<Milliseconds::rep>(std::ceil(seconds * 1'000))};
  }

  /// Takes `cost` tokens that are already spent. The bucket may owe them; then `take` waits longer.
  void charge(const Rate& rate, TimePoint now, double cost) {
    refill(rate, now);
    missing_ += cost;
  }

  /// The bucket is full again, so that a new one could replace it.
  [[nodiscard]] bool full(const Rate& rate, TimePoint now) const {
    TokenBucket later = *this;
    later.refill(rate, now);
    return later.missing_ == 0;
  }

 private:
  void refill(const Rate& rate, TimePoint now) {
    if (now <= filled_at_) return;
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    missing_ = std::max(0.0, missing_ - seconds * rate.per_second);
    filled_at_ = now;
  }

  double missing_ = 0;
  TimePoint filled_at_{};
};

}  // namespace togglecast
