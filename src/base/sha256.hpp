// SHA-256 (FIPS 180-4) for chains, digests and fingerprints; not for passwords.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace togglecast {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(std::string_view bytes);

}  // namespace togglecast
