#include "domain/schema/address_range.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <string>

namespace togglecast::domain {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

constexpr unsigned kMappedBits = 96;  // ::ffff:0:0/96 holds the IPv4 addresses (RFC 4291, section 2.5.5.2)
constexpr std::size_t kMappedBytes = kMappedBits / 8;
constexpr std::size_t kLongestAddress = 64;

struct ParsedAddress {
  Bytes bytes{};
  bool v4 = false;  // as it is written
};

std::optional<ParsedAddress> parse_address(std::string_view text) {
  if (text.size() > kLongestAddress) return std::nullopt;
  const std::string plain(text.substr(0, text.find('%')));
  ParsedAddress parsed;
  if (inet_pton(AF_INET, plain.c_str(), parsed.bytes.data() + kMappedBytes) == 1) {
    parsed.bytes[10] = parsed.bytes[11] = 0xFF;
    parsed.v4 = true;
    return parsed;
  }
  if (inet_pton(AF_INET6, plain.c_str(), parsed.bytes.data()) != 1) return std::nullopt;
  return parsed;
}

std::uint8_t mask_of_byte(unsigned prefix, std::size_t index) {
  const unsigned begin = static_cast<unsigned>(index) * 8;
  if (prefix >= begin + 8) return 0xFF;
  if (prefix <= begin) return 0;
  return static_cast<std::uint8_t>(0xFFU << (8 - (prefix - begin)));
}

}  // namespace

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address || text.find('%') != std::string_view::npos) return std::nullopt;
  AddressRange range;
  range.bytes_ = address->bytes;
  range.prefix_ = 128;
  if (slash == std::string_view::npos) return range;
  const std::string_view digits = text.substr(slash + 1);
  const unsigned longest = address->v4 ? 32 : 128;
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || prefix > longest)
    return std::nullopt;
  range.prefix_ = address->v4 ? prefix + kMappedBits : prefix;
  for (std::size_t i = 0; i < range.bytes_.size(); ++i)
    range.bytes_[i] = static_cast<std::uint8_t>(range.bytes_[i] & mask_of_byte(range.prefix_, i));
  return range;
}

bool AddressRange::contains(std::string_view address) const {
  const auto parsed = parse_address(address);
  if (!parsed) return false;
  for (std::size_t i = 0; i < bytes_.size(); ++i)
    if ((parsed->bytes[i] & mask_of_byte(prefix_, i)) != bytes_[i]) return false;
  return true;
}

}  // namespace togglecast::domain
