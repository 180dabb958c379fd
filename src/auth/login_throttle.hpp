// Slows guessing down: after a few failures, the next try has to wait, twice as long each time.
// Failures count for a pair of account and address, so that nobody can lock an owner out from elsewhere, and,
// more generously, for an address alone. An attempt counts as failed from its start until `succeeded` takes
// it back: many at once gain nothing. Thread rule: one thread at a time; the caller holds a lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace togglecast::auth {

struct LoginThrottleOptions {
  unsigned free_per_account = 5;   ///< failures of an account and address before waiting begins
  unsigned free_per_address = 50;  ///< failures of an address, whatever the account
  std::chrono::seconds first_wait{1};
  std::chrono::seconds longest_wait{300};
  std::chrono::minutes forget_after{30};  ///< since the last failure
  std::size_t capacity = 10'000;          ///< remembered names; the one that failed longest ago yields
};

class LoginThrottle {
 public:
  explicit LoginThrottle(const LoginThrottleOptions& options = {}) : options_(options) {}

  /// Before the password is looked at. `rate_limited` says how long to wait. `address` may be empty (loopback
  /// is exempt from counting by address).
  [[nodiscard]] Result<void> attempt(std::string_view account, std::string_view address, TimePoint now);
  void succeeded(std::string_view account, std::string_view address);

 private:
  struct Record {
    unsigned failures = 0;
    TimePoint last{};
    TimePoint blocked_until{};
  };
  Record& record(const std::string& name, TimePoint now);
  void make_room();
  [[nodiscard]] std::chrono::seconds wait_after(unsigned failures, unsigned free) const;

  LoginThrottleOptions options_;
  std::map<std::string, Record> records_;
};

}  // namespace togglecast::auth
