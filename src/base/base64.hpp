// Base64 (RFC 4648) in the two alphabets that the protocols use.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace togglecast {

/// Standard alphabet with padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
void append_base64(std::string& out, std::string_view bytes);
/// URL-safe alphabet without padding.
[[nodiscard]] std::string base64url_encode(std::string_view bytes);

/// Standard alphabet. Missing padding is accepted; any other deviation is an error (nullopt).
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
/// URL-safe alphabet, unpadded; the one spelling that `base64url_encode` makes (unused bits must be zero).
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace togglecast
