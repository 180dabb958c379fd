// The claims of a token that an issuer signed (RFC 7519), as the issuer's entity says that they must be.
// Thread rule: pure functions. Errors: `token_invalid`, `token_expired`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/entities/issuer.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::service {

struct TokenClaims {
  std::variant<std::string, domain::Id> client;  ///< its key, or its id
  std::int64_t issued_at = 0;                    ///< seconds since 1970
  std::int64_t expires_at = 0;                   ///< the same, with the leeway
};

/// `aud`: one text or an array of them; empty when it is neither.
[[nodiscard]] std::vector<std::string_view> audiences_of(const json::value& claims);

/// Everything but `iss` and `aud`. `longest`: how much later than `iat` a token may expire.
[[nodiscard]] Result<TokenClaims> read_token_claims(const json::value& claims, const domain::Issuer& issuer,
                                                    std::chrono::seconds longest, UnixMillis now);

}  // namespace togglecast::service
