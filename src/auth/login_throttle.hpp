// Slows down password guessing: after a few failures the next try must wait, twice as long each time.
// A failure counts for its pair of account and address, so an attacker elsewhere cannot lock out an owner. It
// also counts for its address, with a higher limit. An attempt counts as failed until `succeeded`, so many
// attempts at once gain nothing. Thread rule: one thread at a time; the caller holds a lock.
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
  unsigned free_per_account = 5;   ///< failures of an account and address before the first wait
  unsigned free_per_address = 50;  ///< failures of an address with any account
  std::chrono::seconds first_wait{1};
  std::chrono::seconds longest_wait{300};
  std::chrono::minutes forget_after{30};  ///< since the last failure
  std::size_t capacity = 10'000;          ///< remembered names; a new one replaces the oldest failure
};

class LoginThrottle {
 public:
  explicit LoginThrottle(const LoginThrottleOptions& options = {}) : options_(options) {}

  /// Call it before checking the password. `rate_limited` says how long to wait. An empty `address`
  /// (loopback) is not counted.
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
