// Tokens: JSON Web Tokens (RFC 7519) in compact form (RFC 7515), read strictly.
//
//   header {"alg":"HS256","kid":"…","typ":"JWT"}
//   claims
//   {"aud":"togglecast","env":"production","exp":…,"iat":…,"iss":"togglecast","jti":"…","kind":"client","sub":"7"}
//
// A valid token says who somebody was when it was issued, no more: whether its record still stands, and which
// role its admin has, is looked up each time (service/authenticator.hpp). Thread rule: pure functions on an
// immutable key ring. Errors: `token_invalid` for anything that is not ours to the letter, `token_expired`
// when only its time is over.
#pragma once

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
inline constexpr std::int64_t kClockSkewSeconds = 60;  ///< how far `nbf` may lie ahead

struct Claims {
  domain::SubjectKind kind = domain::SubjectKind::client;
  domain::Id subject = 0;
  std::string environment;
  std::string jti;
  std::int64_t issued_at = 0;   ///< seconds since 1970
  std::int64_t expires_at = 0;  ///< seconds since 1970; a token is dead from this second on
};

/// The claims of the token that belongs to this record; the same record always gives the same token.
[[nodiscard]] Claims claims_of(const domain::TokenRecord& record);

[[nodiscard]] Secret sign_token(const KeyRing& keys, const Claims& claims);
[[nodiscard]] Result<Claims> verify_token(const KeyRing& keys, std::string_view token, UnixMillis now);

}  // namespace togglecast::auth
