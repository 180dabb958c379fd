// A signed token in compact form (RFC 7515), read strictly and not yet verified:
//
//   header.payload.signature       base64url without padding; header and payload are JSON objects
//
// `alg` and `kid` name a key; they never bring one. `jku`, `jwk`, `x5u`, `x5c` and their like are ignored.
// Refused are: `crit` and `b64` (RFC 7797), an `alg` of `none`, a `typ` that names another kind of token, a
// `kid` of more than `kMaxKid` bytes, and a member that stands twice in one object (RFC 8725).
// Thread rule: pure functions. Errors: `token_invalid`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"

namespace togglecast::auth {

inline constexpr std::size_t kMaxJws = 16 * 1'024;  ///< bytes of a token of others

struct Jws {
  std::string alg;
  std::string kid;        ///< empty: none
  json::value claims;     ///< an object
  std::string signature;  ///< its bytes
  /// `header.payload`, the bytes that are signed: a part of the text that was read.
  std::string_view signing_input;
};

/// `type`: one more `typ` that the token may have, such as `logout+jwt`.
[[nodiscard]] Result<Jws> read_jws(std::string_view token, std::size_t longest = kMaxJws,
                                   std::string_view type = {});

}  // namespace togglecast::auth
