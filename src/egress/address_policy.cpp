#include "egress/address_policy.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace togglecast::egress {
namespace {

constexpr unsigned kFamilyBits = 96;  // before the IPv4 address in ::ffff:a.b.c.d
constexpr unsigned kAllBits = 128;

struct Block {
  AddressBytes network;
  unsigned bits;
  AddressKind kind;
};

constexpr Block v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, unsigned bits, AddressKind kind) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, 0}, kFamilyBits + bits, kind};
}
constexpr Block v6(std::uint16_t a, std::uint16_t b, std::uint16_t c, unsigned bits, AddressKind kind) {
  const auto high = [](std::uint16_t group) { return static_cast<std::uint8_t>(group >> 8); };
  const auto low = [](std::uint16_t group) { return static_cast<std::uint8_t>(group & 0xff); };
  return {{high(a), low(a), high(b), low(b), high(c), low(c)}, bits, kind};
}

// The first one that matches counts (registries of special-purpose addresses, RFC 6890). What matches none is
// global in IPv4, and in IPv6 within 2000::/3.
constexpr std::array kBlocks{
    v4(0, 0, 0, 8, AddressKind::never),            // this network
    v4(10, 0, 0, 8, AddressKind::internal),        //
    v4(100, 64, 0, 10, AddressKind::internal),     // between a provider and its customers
    v4(127, 0, 0, 8, AddressKind::loopback),       //
    v4(169, 254, 0, 16, AddressKind::never),       // link-local
    v4(172, 16, 0, 12, AddressKind::internal),     //
    v4(192, 0, 0, 24, AddressKind::never),         // protocol assignments
    v4(192, 0, 2, 24, AddressKind::never),         // documentation
    v4(192, 88, 99, 24, AddressKind::never),       // relays of 6to4
    v4(192, 168, 0, 16, AddressKind::internal),    //
    v4(198, 18, 0, 15, AddressKind::never),        // benchmarks
    v4(198, 51, 100, 24, AddressKind::never),      // documentation
    v4(203, 0, 113, 24, AddressKind::never),       // documentation
    v4(224, 0, 0, 4, AddressKind::never),          // multicast
    v4(240, 0, 0, 4, AddressKind::never),          // reserved, broadcast
    v4(0, 0, 0, 0, AddressKind::global),           //
    v6(0xfc00, 0, 0, 7, AddressKind::internal),    // unique local
    v6(0x2001, 0, 0, 23, AddressKind::never),      // protocol assignments, Teredo
    v6(0x2001, 0xdb8, 0, 32, AddressKind::never),  // documentation
    v6(0x2002, 0, 0, 16, AddressKind::never),      // 6to4
    v6(0x2000, 0, 0, 3, AddressKind::global),      //
};

bool within(const AddressBytes& address, const AddressBytes& network, unsigned bits) noexcept {
  const std::size_t whole = bits / 8;
  if (!std::equal(network.begin(), network.begin() + static_cast<std::ptrdiff_t>(whole), address.begin()))
    return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xffU << (8 - rest) & 0xffU;
  return (address[whole] & mask) == (network[whole] & mask);
}

// NAT64 (RFC 6052) reaches the IPv4 address in its last four bytes.
AddressBytes reached_by(const AddressBytes& address) noexcept {
  constexpr AddressBytes kNat64{0, 0x64, 0xff, 0x9b};
  if (!within(address, kNat64, kFamilyBits)) return address;
  AddressBytes inside = address;
  constexpr AddressBytes kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::copy_n(kMapped.begin(), kFamilyBits / 8, inside.begin());
  return inside;
}

std::string text_of(const AddressBytes& address) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  const bool mapped = within(address, v4(0, 0, 0, 0, AddressKind::global).network, kFamilyBits);
  const void* bytes = mapped ? address.data() + kFamilyBits / 8 : address.data();
  return ::inet_ntop(mapped ? AF_INET : AF_INET6, bytes, out.data(), out.size()) == nullptr ? "" : out.data();
}

}  // namespace

std::optional<AddressBytes> parse_address(std::string_view text) {
  const std::string name(text);
  AddressBytes bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (::inet_pton(AF_INET, name.c_str(), bytes.data() + kFamilyBits / 8) == 1) return bytes;
  if (::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

AddressKind kind_of(const AddressBytes& address) noexcept {
  constexpr AddressBytes kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  if (address == kLoopback) return AddressKind::loopback;
  const AddressBytes reached = reached_by(address);
  const auto found = std::find_if(kBlocks.begin(), kBlocks.end(), [&reached](const Block& block) {
    return within(reached, block.network, block.bits);
  });
  return found == kBlocks.end() ? AddressKind::never : found->kind;
}

Result<AddressPolicy> AddressPolicy::with(const std::vector<std::string>& ranges) {
  AddressPolicy policy;
  for (const std::string& text : ranges) {
    const std::size_t slash = text.find('/');
    const auto network = parse_address(std::string_view(text).substr(0, slash));
    if (!network) return fail(Errc::invalid_argument, "'" + text + "' is no IP address and no range of them");
    const bool is_v4 = text.find(':') == std::string::npos;
    const unsigned most = is_v4 ? kAllBits - kFamilyBits : kAllBits;
    unsigned bits = most;
    if (slash != std::string::npos) {
      const char* const end = text.data() + text.size();
      const auto [read, error] = std::from_chars(text.data() + slash + 1, end, bits);
      if (error != std::errc{} || read != end || bits > most)
        return fail(Errc::invalid_argument,
                    "'" + text + "' must end with a number of bits, at most " + std::to_string(most));
    }
    const AddressKind kind = kind_of(*network);
    if (kind != AddressKind::internal && kind != AddressKind::loopback)
      return fail(Errc::invalid_argument,
                  "'" + text + "' does not begin with a private or loopback address; " +
                      (kind == AddressKind::global ? "public addresses need no permission"
                                                   : "the server never calls such an address"));
    policy.ranges_.push_back({*network, bits + (is_v4 ? kFamilyBits : 0)});
  }
  return policy;
}

bool AddressPolicy::allows(const AddressBytes& address) const noexcept {
  switch (kind_of(address)) {
    case AddressKind::global:
      return true;
    case AddressKind::never:
      return false;
    case AddressKind::internal:
    case AddressKind::loopback:
      break;
  }
  const AddressBytes reached = reached_by(address);
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&reached](const Range& range) { return within(reached, range.network, range.bits); });
}

std::string AddressPolicy::refusal(const AddressBytes& address) {
  const std::string text = text_of(address);
  switch (kind_of(address)) {
    case AddressKind::internal:
      return text + " is a private address; --egress-allow " + text + " allows it";
    case AddressKind::loopback:
      return text + " is this machine; --egress-allow " + text + " allows it";
    case AddressKind::global:
    case AddressKind::never:
      break;
  }
  return text + " is an address that the server never calls: link-local, multicast or reserved";
}

}  // namespace togglecast::egress
