#include "domain/evaluation/jsonlogic/murmur3.hpp"

#include <bit>
#include <cstddef>

namespace togglecast::domain::evaluation {
namespace {

constexpr std::size_t kBlock = 4;

// Up to four bytes, little-endian.
std::uint32_t read(std::string_view bytes) noexcept {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    word |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return word;
}

std::uint32_t scramble(std::uint32_t word) noexcept {
  return std::rotl(word * 0xcc9e2d51U, 15) * 0x1b873593U;
}

}  // namespace

std::uint32_t murmur3(std::string_view bytes) noexcept {
  std::uint32_t hash = 0;
  const auto length = static_cast<std::uint32_t>(bytes.size());
  for (; bytes.size() >= kBlock; bytes.remove_prefix(kBlock)) {
    hash = std::rotl(hash ^ scramble(read(bytes.substr(0, kBlock))), 13) * 5 + 0xe6546b64U;
  }
  hash ^= scramble(read(bytes));
  hash ^= length;
  hash = (hash ^ hash >> 16) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
  return hash ^ hash >> 16;
}

}  // namespace togglecast::domain::evaluation
