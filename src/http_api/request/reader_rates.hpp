// A rate limit for each reader: a principal at an address, because the users of one client share its token.
// Thread rule: any thread; the lock is held for a look-up.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/token_bucket.hpp"

namespace togglecast::http_api {

class ReaderRates {
 public:
  /// `refusal`: the message of the error, which names the option.
  ReaderRates(const Rate& rate, std::string refusal) : rate_(rate), refusal_(std::move(refusal)) {}

  /// Takes `cost`, in the units of the rate. `rate_limited` with the time to wait.
  [[nodiscard]] Result<void> take(const std::string& reader, TimePoint now, std::size_t cost);
  /// Readers that are known; one that has not read for a while is forgotten.
  [[nodiscard]] std::size_t readers() const;

 private:
  static constexpr std::size_t kSweepAt = 1'024;  // readers; then at each doubling
  void forget_full(TimePoint now);

  Rate rate_;
  std::string refusal_;
  mutable std::mutex mutex_;
  std::map<std::string, TokenBucket> buckets_;
  std::size_t sweep_at_ = kSweepAt;
};

}  // namespace togglecast::http_api
