// Base64 (RFC 4648), by OpenSSL, in the two alphabets that the protocols use.
// Thread rule: pure functions. Errors: std::length_error for more than a gigabyte.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace togglecast {

/// A character of the standard alphabet; `=` is not one.
[[nodiscard]] constexpr bool is_base64_digit(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/// Standard alphabet with padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
void append_base64(std::string& out, std::string_view bytes);
/// URL-safe alphabet without padding.
[[nodiscard]] std::string base64url_encode(std::string_view bytes);

/// URL-safe alphabet, unpadded. nullopt for every text that `base64url_encode` does not produce.
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);
/// Reads what Node's `Buffer.from(text, 'base64')` reads: both alphabets, padded or not. It ends at the first
/// `=` and skips all other characters.
[[nodiscard]] std::string base64_decode_lenient(std::string_view text);

}  // namespace togglecast
