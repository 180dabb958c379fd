// A token bucket: it allows a burst, and a rate in the long run. Time is an argument.
//
// It is the generic cell rate algorithm: the bucket is the moment from which it is full again, eight bytes
// whatever the rate. What is missing until then is the time that is left, at the rate. Thread rule: plain
// values.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"

namespace togglecast {

struct Rate {
  double per_second = 1;  ///< above 0
  double burst = 1;       ///< at least 1
};

class TokenBucket {
 public:
  /// Takes `cost` tokens and returns zero, or takes none and returns how long to wait for them. A new bucket
  /// is full. A cost above the burst counts as the burst. All calls of a bucket have the same rate.
  [[nodiscard]] Milliseconds take(const Rate& rate, TimePoint now, double cost = 1) {
    const TimePoint full_at = std::max(full_at_, now) + time_for(rate, std::min(cost, rate.burst));
    const TimePoint latest = now + time_for(rate, rate.burst);
    if (full_at > latest + kRounding) return std::chrono::ceil<Milliseconds>(full_at - latest);
    full_at_ = full_at;
    return Milliseconds{0};
  }

  /// Takes `cost` tokens that are already spent. The bucket may owe them; then `take` waits longer.
  void charge(const Rate& rate, TimePoint now, double cost) {
    full_at_ = std::max(full_at_, now) + time_for(rate, cost);
  }

  /// The bucket is full again, so that a new one could replace it.
  [[nodiscard]] bool full(TimePoint now) const noexcept { return full_at_ <= now; }

 private:
  // As many tokens as the burst fit into its time, however each of them was rounded.
  static constexpr std::chrono::microseconds kRounding{1};
  static constexpr double kLongest = 1e9;  // seconds; nobody waits for so long, and it fits

  [[nodiscard]] static TimePoint::duration time_for(const Rate& rate, double tokens) {
    return std::chrono::duration_cast<TimePoint::duration>(
        std::chrono::duration<double>(std::min(tokens / rate.per_second, kLongest)));
  }

  TimePoint full_at_ = TimePoint::min();
};
static_assert(sizeof(TokenBucket) == 8, "each connection has some");

}  // namespace togglecast
