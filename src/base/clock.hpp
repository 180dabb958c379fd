// The present time as an argument. State machines take a `TimePoint`; only loops and start-up code ask a
// Clock. Thread rule: any thread may call a SystemClock. One thread advances a ManualClock; any thread may
// read it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace togglecast {

using TimePoint = std::chrono::steady_clock::time_point;  ///< for time-outs; never goes back
using Milliseconds = std::chrono::milliseconds;

/// Wall-clock time as milliseconds since 1970-01-01T00:00:00Z.
struct UnixMillis {
  std::int64_t value = 0;
  friend auto operator<=>(const UnixMillis&, const UnixMillis&) = default;
};

/// ISO 8601 in UTC with milliseconds: `2026-11-23T08:15:30.042Z`.
[[nodiscard]] std::string to_iso8601(UnixMillis time);
void append_iso8601(std::string& out, UnixMillis time);
/// Reads the same form. The fraction is optional and has 1 to 9 digits; the zone is `Z` or `±hh:mm`.
/// Errors: `parse_error`.
[[nodiscard]] Result<UnixMillis> parse_iso8601(std::string_view text);

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;
  [[nodiscard]] virtual UnixMillis wall_now() const noexcept = 0;
  /// For the `Jitter` of timers that run by this clock. Nothing: they are not spread.
  [[nodiscard]] virtual std::optional<std::uint64_t> jitter_seed() const { return std::nullopt; }
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] UnixMillis wall_now() const noexcept override;
  /// Another one at each call.
  [[nodiscard]] std::optional<std::uint64_t> jitter_seed() const override;
};

/// For tests: it stands still until `advance`. Its timers are due to the millisecond, unless it has a seed.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UnixMillis wall = {1'700'000'000'000},
                       std::optional<std::uint64_t> seed = std::nullopt)
      : wall_(wall.value), seed_(seed) {}
  [[nodiscard]] TimePoint now() const noexcept override {
    return TimePoint{Milliseconds{elapsed_.load()} + Milliseconds{1'000'000}};
  }
  [[nodiscard]] UnixMillis wall_now() const noexcept override { return {wall_ + elapsed_.load()}; }
  [[nodiscard]] std::optional<std::uint64_t> jitter_seed() const override { return seed_; }
  void advance(Milliseconds by) noexcept { elapsed_ += by.count(); }

 private:
  std::atomic<std::int64_t> elapsed_{0};
  std::int64_t wall_;
  std::optional<std::uint64_t> seed_;
};

}  // namespace togglecast
