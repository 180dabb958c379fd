// Leaves a server alone that fails again and again. After `failures` in a row the breaker opens for `first`;
// then one request may probe. When that fails, too, the breaker opens for twice as long, at most `longest`.
// Each time is spread (base/jitter.hpp), so that nodes which saw one fault do not probe at one moment. A
// success closes it. Thread rule: one thread; time is an argument.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/clock.hpp"
#include "base/jitter.hpp"

namespace togglecast::egress {

struct BreakerOptions {
  unsigned failures = 5;          ///< in a row; then it opens
  Milliseconds first{5'000};      ///< how long it stays open the first time
  Milliseconds longest{120'000};  ///< and at most, without the spread
};

class Breaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };

  /// Zero: a request may go out now, and its outcome must be told. Otherwise how long to wait.
  [[nodiscard]] Milliseconds admit(TimePoint now);
  /// True when it closes, open as it was before.
  bool succeeded() noexcept { return std::exchange(*this, Breaker{}).open_; }
  /// True when it opens, closed as it was before.
  bool failed(const BreakerOptions& options, TimePoint now, Jitter& jitter);
  /// The request ended without telling anything about the server.
  void abandoned() noexcept { probing_ = false; }

  [[nodiscard]] State state(TimePoint now) const noexcept;

 private:
  unsigned failures_ = 0;
  bool open_ = false;
  bool probing_ = false;  // a probe is under way
  Milliseconds pause_{0};
  TimePoint until_{};
};

}  // namespace togglecast::egress
