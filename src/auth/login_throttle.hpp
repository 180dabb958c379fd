// Slows down password guessing: after a few failures the next try must wait, twice as long each time. A
// failure counts three times:
//
//   for the account from this address   5 are free, then 1, 2, 4 … 300 seconds
//   for the address with any account    50 are free, then the same
//   for the account from any address    50 are free, then at most 60 seconds
//
// An address that has logged in to the account waits only for the first count, so strangers cannot lock out
// an owner. Only failures that were verified count. The records of names without an account have a table of
// their own: they look the same from outside, and cannot push out the records of accounts. Thread rule: one
// thread at a time; the caller holds a lock.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace togglecast::auth {

struct LoginThrottleOptions {
  unsigned free_per_pair = 5;      ///< failures of an account from one address before the first wait
  unsigned free_per_address = 50;  ///< failures of an address with any account
  unsigned free_per_account = 50;  ///< failures of an account from all addresses
  std::chrono::seconds first_wait{1};
  std::chrono::seconds longest_wait{300};
  std::chrono::seconds longest_account_wait{60};
  std::chrono::minutes forget_after{30};  ///< since the last failure
  std::size_t capacity = 10'000;          ///< records of each table; the one with the fewest failures yields
  std::size_t known_addresses = 8;        ///< of each account: those that logged in last
};

struct LoginAttempt {
  std::string account;
  bool exists = false;  ///< there is an account of this name
  /// The key of the address (`web::address_key`). Empty: only the first count applies.
  std::string address;
};

class LoginThrottle {
 public:
  explicit LoginThrottle(const LoginThrottleOptions& options = {}) : options_(options) {}

  /// Call it right before the password is checked. `rate_limited` says how long to wait.
  [[nodiscard]] Result<void> check(const LoginAttempt& attempt, TimePoint now) const;
  /// The password was checked and did not open the account.
  void failed(const LoginAttempt& attempt, TimePoint now);
  void succeeded(const LoginAttempt& attempt);

  /// The number of records in all tables.
  [[nodiscard]] std::size_t remembered() const noexcept;

 private:
  struct Record {
    unsigned failures = 0;
    TimePoint last{};
    TimePoint blocked_until{};
  };
  using Table = std::map<std::string, Record, std::less<>>;
  struct ByName {
    Table pairs, accounts;
  };

  [[nodiscard]] bool knows(const LoginAttempt& attempt) const;
  void count(Table& table, const std::string& name, unsigned free, std::chrono::seconds longest,
             TimePoint now);
  void make_room(Table& table, TimePoint now) const;
  [[nodiscard]] std::chrono::seconds wait_after(unsigned failures, unsigned free,
                                                std::chrono::seconds longest) const;

  LoginThrottleOptions options_;
  std::array<ByName, 2> names_;  // of names without an account, of accounts
  Table addresses_;
  std::map<std::string, std::vector<std::string>, std::less<>> known_;  // the newest address is the last
};

}  // namespace togglecast::auth
