// How fast each admin may write. Thread rule: any thread; the lock is held for a look-up.
#pragma once

#include <map>
#include <mutex>

#include "base/token_bucket.hpp"
#include "domain/ids.hpp"

namespace togglecast::http_api {

class WriteRates {
 public:
  explicit WriteRates(const Rate& rate) : rate_(rate) {}

  /// `rate_limited` with the seconds to wait.
  [[nodiscard]] Result<void> take(domain::Id admin, TimePoint now);

 private:
  Rate rate_;
  std::mutex mutex_;
  std::map<domain::Id, TokenBucket> buckets_;  // one per admin, of whom there are few
};

}  // namespace togglecast::http_api
