// A range of IP addresses in CIDR notation, such as `10.0.0.0/8` or `2001:db8::/32`; an address alone is a
// range of one. An IPv4 address mapped to IPv6 is the IPv4 address. Thread rule: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace togglecast::domain {

class AddressRange {
 public:
  /// Nothing for any other text, and for a prefix that is too long.
  [[nodiscard]] static std::optional<AddressRange> parse(std::string_view text);

  /// False for a text that is no address. The zone of an IPv6 address (`%eth0`) does not count.
  [[nodiscard]] bool contains(std::string_view address) const;

 private:
  std::array<std::uint8_t, 16> bytes_{};  // IPv6, or IPv4 mapped to it
  unsigned prefix_ = 0;                   // bits
};

}  // namespace togglecast::domain
