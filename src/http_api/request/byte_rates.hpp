// A rate limit of bytes for each reader: a principal at an address, because the users of one client share its
// token. Thread rule: any thread; the lock is held for a look-up.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/error.hpp"
#include "base/token_bucket.hpp"

namespace togglecast::http_api {

class ByteRates {
 public:
  explicit ByteRates(const Rate& rate) : rate_(rate) {}

  /// Takes `bytes`. `rate_limited` with the time to wait.
  [[nodiscard]] Result<void> take(const std::string& reader, TimePoint now, std::size_t bytes);
  /// Readers that are known; one that has not read for a while is forgotten.
  [[nodiscard]] std::size_t readers() const;

 private:
  static constexpr std::size_t kSweepAt = 1'024;  // readers; then at each doubling
  void forget_full(TimePoint now);

  Rate rate_;
  mutable std::mutex mutex_;
  std::map<std::string, TokenBucket> buckets_;
  std::size_t sweep_at_ = kSweepAt;
};

}  // namespace togglecast::http_api
