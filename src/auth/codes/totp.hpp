// One-time codes of an authenticator app: TOTP (RFC 6238) over HOTP (RFC 4226) with HMAC-SHA-1, 6 digits and
// steps of 30 seconds, the one form that every app has. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace togglecast::auth {

inline constexpr unsigned kCodeDigits = 6;
inline constexpr std::int64_t kCodeSeconds = 30;
inline constexpr std::int64_t kCodeDrift = 1;  ///< steps that the clock of an app may be ahead or behind

/// 20 random bytes, the size of the digest (RFC 4226, section 4).
[[nodiscard]] Secret random_code_secret(RandomSource& random);

/// The code of a counter (RFC 4226, section 5.3), with leading zeros. `digits` is 1 to 9.
[[nodiscard]] std::string hotp(const Secret& secret, std::uint64_t counter, unsigned digits = kCodeDigits);

[[nodiscard]] constexpr std::int64_t step_at(UnixMillis now) noexcept {
  return now.value / 1'000 / kCodeSeconds;
}

/// The step whose code this is: one of those around `now`, and later than `used`, so that no code works
/// twice. Nothing for any other text. The time it takes does not depend on the code.
[[nodiscard]] std::optional<std::int64_t> match_totp(const Secret& secret, std::string_view code,
                                                     UnixMillis now, std::int64_t used);

/// RFC 4648, without padding, as apps take it.
[[nodiscard]] std::string base32(std::string_view bytes);

/// `otpauth://totp/Togglecast:alice?secret=…&issuer=Togglecast…`: what a QR code for an app contains.
/// `issuer` and `account` may be any text.
[[nodiscard]] Secret otpauth_uri(std::string_view issuer, std::string_view account, const Secret& secret);

}  // namespace togglecast::auth
