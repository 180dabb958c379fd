// Refresh tokens: what a session of an admin gets its next token with.
//
//   token := "tcr_" session "." generation "." base64url(HMAC-SHA256)
//
// The MAC is over the session's random name and the generation, with a key that follows from the one that
// signed when the session began. So the store keeps a number for each session and no token, and every node
// can say a token again that was said before. A session whose signing key was retired cannot be refreshed.
//
// Thread rule: pure functions on an immutable key ring.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "auth/key_ring.hpp"
#include "base/secret.hpp"
#include "domain/entities/token.hpp"

namespace togglecast::auth {

inline constexpr std::string_view kRefreshTokenMark = "tcr_";  ///< so that scanners for secrets find one

/// What a text claims to be.
struct RefreshClaim {
  domain::Id session = 0;
  std::int64_t generation = 0;
  std::string_view mac;  ///< points into the text
};
/// Nothing for a text of another form.
[[nodiscard]] std::optional<RefreshClaim> parse_refresh_token(std::string_view text) noexcept;

[[nodiscard]] Secret refresh_token(const KeyRing& keys, const domain::TokenRecord& session,
                                   std::int64_t generation);
/// Whether this installation gave out the token that makes this claim, for this session.
[[nodiscard]] bool is_genuine(const KeyRing& keys, const domain::TokenRecord& session,
                              const RefreshClaim& claim);

}  // namespace togglecast::auth
