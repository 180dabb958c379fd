// Tokens that a provider signs: ID tokens (OpenID Connect Core 1.0, section 3.1.3.7) and logout tokens
// (Back-Channel Logout 1.0, section 2.6), read strictly. Thread rule: pure functions.
//
// Errors: `token_invalid` with the reason, which is for the log and the person at the screen; `not_found`
// when the token names a key that is not in the set: it may be a new one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "auth/public_key.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace togglecast::service::oidc {

inline constexpr std::size_t kLongestIdToken = 32 * 1'024;
inline constexpr std::int64_t kLeeway = 60;  ///< seconds that two clocks may differ

/// What a token of the provider must say.
struct Expected {
  std::string_view issuer;
  std::string_view client_id;
  auth::PublicAlgorithm algorithm;
};

struct IdToken {
  std::string subject;
  json::value claims;  ///< all of them
};
/// `nonce` is the one of this login; `access_token` came with the token, and may be empty.
[[nodiscard]] Result<IdToken> verify_id_token(const auth::KeySet& keys, std::string_view token,
                                              const Expected& expected, std::string_view nonce,
                                              std::string_view access_token, UnixMillis now);

struct LogoutToken {
  std::string subject;
  std::int64_t issued_at = 0;  ///< seconds since 1970
};
/// A token that names a session alone, without its subject, is `invalid_argument`: we do not keep the
/// provider's names of sessions.
[[nodiscard]] Result<LogoutToken> verify_logout_token(const auth::KeySet& keys, std::string_view token,
                                                      const Expected& expected, UnixMillis now);

/// A claim by its name, or else by its path: `realm_access.roles`. Null without it.
[[nodiscard]] const json::value* find_claim(const json::value& claims, std::string_view name) noexcept;
/// The strings of a claim that is an array, or one string. Others, and more than 2,000, are left out.
[[nodiscard]] std::vector<std::string> strings_in(const json::value* claim);

/// The username that these claims propose: `claim`, or else `preferred_username`, `email`, `sub`, in lower
/// case; the first one that is a username. Empty without any.
[[nodiscard]] std::string username_in(const json::value& claims, std::string_view claim);

}  // namespace togglecast::service::oidc
