// SHA-1 and SHA-256 (FIPS 180-4), by OpenSSL. Not for passwords.
// Thread rule: pure functions. Errors: std::runtime_error when OpenSSL is out of memory.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace togglecast {

using Sha1 = std::array<std::uint8_t, 20>;
using Sha256 = std::array<std::uint8_t, 32>;

/// Only for protocols that demand it, such as the WebSocket handshake. It protects nothing.
[[nodiscard]] Sha1 sha1(std::string_view bytes);
/// For chains, digests and fingerprints.
[[nodiscard]] Sha256 sha256(std::string_view bytes);

}  // namespace togglecast
