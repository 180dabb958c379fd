// Which addresses the server may call. The name in a URL may lead anywhere, and to another place each time it
// is looked up. So the address is judged when the socket is made, and what was judged is what is connected.
//
//   global           allowed
//   internal         10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7: only in ranges that are named
//   loopback         127/8, ::1: only in ranges that are named
//   never            unspecified, link-local (where clouds tell machines their secrets), multicast, reserved,
//                    and what leads to IPv4 by another way (NAT64, 6to4, Teredo)
//
// An IPv4 address inside an IPv6 one (::ffff:10.0.0.1) counts as the IPv4 address. Thread rule: immutable.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace togglecast::egress {

/// IPv4 as ::ffff:a.b.c.d.
using AddressBytes = std::array<std::uint8_t, 16>;

/// An address as text, without brackets.
[[nodiscard]] std::optional<AddressBytes> parse_address(std::string_view text);

enum class AddressKind : std::uint8_t { global, internal, loopback, never };
[[nodiscard]] AddressKind kind_of(const AddressBytes& address) noexcept;

class AddressPolicy {
 public:
  /// Public addresses alone.
  AddressPolicy() = default;
  /// Public addresses, and these addresses and ranges (`10.0.0.0/8`, `fd00::/8`, `127.0.0.1`).
  /// `invalid_argument` names one that cannot be read, or that nothing may call.
  [[nodiscard]] static Result<AddressPolicy> with(const std::vector<std::string>& ranges);

  [[nodiscard]] bool allows(const AddressBytes& address) const noexcept;
  /// Why not, and what would allow it.
  [[nodiscard]] static std::string refusal(const AddressBytes& address);

 private:
  struct Range {
    AddressBytes network;
    unsigned bits;
  };
  std::vector<Range> ranges_;
};

}  // namespace togglecast::egress
