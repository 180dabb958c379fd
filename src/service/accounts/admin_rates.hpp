// How fast each admin may do one sort of thing. Thread rule: any thread; the lock is held for a look-up.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/token_bucket.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::service {

class AdminRates {
 public:
  /// `what` names it in the refusal, in the plural.
  AdminRates(const Rate& rate, std::string what) : rate_(rate), what_(std::move(what)) {}

  /// `rate_limited` with the seconds to wait.
  [[nodiscard]] Result<void> take(domain::Id admin, TimePoint now);

 private:
  Rate rate_;
  std::string what_;
  std::mutex mutex_;
  std::map<domain::Id, TokenBucket> buckets_;  // one per admin, of whom there are few
};

}  // namespace togglecast::service
