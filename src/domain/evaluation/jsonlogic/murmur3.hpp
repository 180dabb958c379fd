// MurmurHash3 x86 32 with seed 0, the hash of flagd's `fractional`. Thread rule: a pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace togglecast::domain::evaluation {

[[nodiscard]] std::uint32_t murmur3(std::string_view bytes) noexcept;

}  // namespace togglecast::domain::evaluation
