// The bucket for lines that strangers cause, and the count of those that found it empty. Thread rule: any
// thread may call. Internal to `observe`.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/token_bucket.hpp"

namespace togglecast::observe {

class PeerLines {
 public:
  /// A refused connection or two gets a line each; a flood gets a few lines a second.
  static constexpr Rate kRate{.per_second = 5, .burst = 30};
  /// From the first line that was left out until all of them are summed up.
  static constexpr Milliseconds kSummaryDelay{5'000};

  struct Summary {
    std::uint64_t count;
    std::string kinds;  ///< `login refused: 12, request refused: 3`
  };
  enum class Verdict : std::uint8_t { write, leave_out, leave_out_first };

  /// `leave_out_first`: nothing was left out since the last summary, so one is now due after `kSummaryDelay`.
  [[nodiscard]] Verdict judge(std::string_view message, TimePoint now);
  /// What was left out since the last summary, if anything was.
  [[nodiscard]] std::optional<Summary> take_summary();
  /// The same, if it is due.
  [[nodiscard]] std::optional<Summary> take_due_summary(TimePoint now);
  /// The number of lines ever left out.
  [[nodiscard]] std::uint64_t left_out() const noexcept { return total_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kMostKinds = 32;

  std::mutex mutex_;
  TokenBucket bucket_;
  std::map<std::string, std::uint64_t, std::less<>> kinds_;
  std::uint64_t count_ = 0;
  TimePoint due_{};
  std::atomic<std::uint64_t> total_{0};
};

}  // namespace togglecast::observe
