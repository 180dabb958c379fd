// A rate limit per admin for one kind of action. Thread rule: any thread; the lock is held for a look-up.
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
  /// `actions` names the actions in the error message, in the plural: `changes`.
  AdminRates(const Rate& rate, std::string actions) : rate_(rate), actions_(std::move(actions)) {}

  /// `rate_limited` with the seconds to wait.
  [[nodiscard]] Result<void> take(domain::Id admin, TimePoint now);

 private:
  Rate rate_;
  std::string actions_;
  std::mutex mutex_;
  std::map<domain::Id, TokenBucket> buckets_;  // one per admin; there are at most a thousand
};

}  // namespace togglecast::service
