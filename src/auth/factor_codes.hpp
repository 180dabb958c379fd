// Which codes count as the second factor of an account: those of its app, and its recovery codes. Wrong ones
// slow down the next try, by account and address, like wrong passwords (login_throttle.hpp).
//
//   auto proven = codes.prove(factor, code, address);      // at a login, once the password is right
//   auto after = codes.use(factor, code, now);             // in the commit, on the newest state
//
// A code counts only when `use` is committed: of two logins with one code, the second finds it used. Thread
// rule: any thread.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "auth/codes/sealed_secret.hpp"
#include "auth/key_ring.hpp"
#include "auth/login_throttle.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "domain/installation/second_factor.hpp"

namespace togglecast::auth {

/// A code has a million values, of which three count: fewer are free than of passwords.
inline constexpr LoginThrottleOptions kCodeThrottle{
    .free_per_pair = 5, .free_per_account = 10, .longest_account_wait = std::chrono::seconds{300}};

inline constexpr std::size_t kMaxCode = 64;  ///< bytes of a code as it is typed

class FactorCodes {
 public:
  /// The keys must be there before the first call. All must outlive it.
  FactorCodes(const KeyRing& keys, RandomSource& random, const Clock& clock,
              const LoginThrottleOptions& throttle = kCodeThrottle)
      : keys_(keys), random_(random), clock_(clock), throttle_(throttle) {}

  /// A new secret, sealed for this account.
  [[nodiscard]] std::string make_secret(std::string_view username);
  [[nodiscard]] Result<Secret> secret_of(const domain::SecondFactor& factor) const;

  /// Whether the code is good, without using it. `rate_limited` says how long to wait; `unauthenticated` for
  /// a wrong or used code. `address`: as in LoginAttempt.
  [[nodiscard]] Result<void> prove(const domain::SecondFactor& factor, const Secret& code,
                                   const std::string& address);
  /// The factor after this code was used. Before it is confirmed, only the app's codes count.
  [[nodiscard]] Result<domain::SecondFactor> use(domain::SecondFactor factor, const Secret& code,
                                                 UnixMillis now) const;

  /// Hears of each code that was checked here.
  using Told = std::function<void(const LoginAttempt& attempt, bool opened)>;
  void tell(Told told);
  /// Whether an attempt that another node tells of was one with a code.
  [[nodiscard]] static bool is_of_codes(const LoginAttempt& attempt) noexcept;
  /// A code was checked by another node: it counts here, too.
  void checked_elsewhere(const LoginAttempt& attempt, bool opened);

 private:
  [[nodiscard]] SecretSealer sealer() const;
  void note(const LoginAttempt& attempt, bool opened);

  const KeyRing& keys_;
  RandomSource& random_;
  const Clock& clock_;
  std::mutex mutex_;
  LoginThrottle throttle_;
  Told told_;
};

}  // namespace togglecast::auth
