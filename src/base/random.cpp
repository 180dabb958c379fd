#include "base/random.hpp"

#include <sodium.h>

#include <array>
#include <cstring>
#include <vector>

#include "base/base64.hpp"

namespace togglecast {

void SystemRandom::fill(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

std::string random_token(RandomSource& random, std::size_t bytes) {
  std::vector<std::uint8_t> raw(bytes);
  random.fill(raw);
  return base64url_encode({reinterpret_cast<const char*>(raw.data()), raw.size()});
}

std::uint64_t random_below(RandomSource& random, std::uint64_t bound) {
  std::array<std::uint8_t, 8> raw{};
  random.fill(raw);
  std::uint64_t number = 0;
  std::memcpy(&number, raw.data(), raw.size());
  return number % bound;
}

}  // namespace togglecast
