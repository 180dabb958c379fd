// A rate limit per admin and per API key (`Principal::limit_key`) for one kind of action. It can hold over
// several nodes: each tells what was spent at it, and charges what was spent at the others. Thread rule: any
// thread; the lock is held for a look-up.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/token_bucket.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::service {

class AdminRates {
 public:
  /// `actions` names the actions in the error message, in the plural: `changes`.
  AdminRates(const Rate& rate, std::string actions) : rate_(rate), actions_(std::move(actions)) {}

  /// Takes `cost` units. `rate_limited` with the time to wait.
  [[nodiscard]] Result<void> take(domain::Id admin, TimePoint now, double cost = 1);
  /// Takes units for an action that turned out to cost more. The admin may then owe them.
  void charge(domain::Id admin, TimePoint now, double cost);

  [[nodiscard]] const std::string& actions() const noexcept { return actions_; }
  /// From now on, for `take_spent`.
  void remember_spent();
  /// The units that `take` took since the last call, by admin.
  [[nodiscard]] std::vector<std::pair<domain::Id, double>> take_spent();

 private:
  Rate rate_;
  std::string actions_;
  std::mutex mutex_;
  std::map<domain::Id, TokenBucket> buckets_;  // at most a thousand of admins, and as many of API keys
  bool remembers_ = false;
  std::map<domain::Id, double> spent_;
};

}  // namespace togglecast::service
