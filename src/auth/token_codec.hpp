// Tokens: JSON Web Tokens (RFC 7519) in compact form (RFC 7515), read strictly.
//
//   header {"alg":"HS256","kid":"…","typ":"JWT"}
//   claims
//   {"aud":"togglecast","env":"production","exp":…,"iat":…,"iss":"togglecast","jti":"…","kind":"client","sub":"7"}
//
// A valid token proves only its subject at the time of issue. On each use the server looks up whether the
// token's record still exists and which role its admin has (service/accounts/authenticator.hpp). Thread rule:
// pure functions on an immutable key ring. Errors: `token_expired` when the token is correct and its time is
// over, `revoked` when its key was retired, `token_invalid` for every other fault.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "auth/key_ring.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "domain/entities/token.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::auth {

inline constexpr std::size_t kMaxToken = 4'096;
inline constexpr std::int64_t kClockSkewSeconds = 60;  ///< `nbf` may be this far in the future

struct Claims {
  domain::SubjectKind kind = domain::SubjectKind::client;
  domain::Id subject = 0;
  std::string environment;
  std::string jti;
  std::int64_t issued_at = 0;   ///< seconds since 1970
  std::int64_t expires_at = 0;  ///< seconds since 1970; the token is invalid from this second on
  KeyRing::Number key = 0;      ///< that verified it; not part of the token
};

/// The claims of this record's token. The same record always gives the same token.
[[nodiscard]] Claims claims_of(const domain::TokenRecord& record);
/// Those of a token of this session that is issued at `now` for a shorter time.
[[nodiscard]] Claims claims_of(const domain::TokenRecord& session, UnixMillis now,
                               std::chrono::seconds lifetime);

[[nodiscard]] Secret sign_token(const SigningKey& key, const Claims& claims);
[[nodiscard]] Result<Claims> verify_token(const KeyRing& keys, std::string_view token, UnixMillis now);
/// Whether the token names a key that is not in the ring: it may be too new to be known.
[[nodiscard]] bool names_unknown_key(const KeyRing& keys, std::string_view token);

}  // namespace togglecast::auth
