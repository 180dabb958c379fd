#include "web/address.hpp"

#include <algorithm>

namespace togglecast::web {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kBlockBytes = 8;  // of an IPv6 address: its /64

ip::address unmapped(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

}  // namespace

std::optional<ip::address> read_address(std::string_view text) {
  boost::system::error_code error;
  const auto address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return unmapped(address);
}

std::string address_key(const ip::address& address) {
  const ip::address plain = unmapped(address);
  if (plain.is_loopback()) return "loopback";
  if (plain.is_v4()) return plain.to_string();
  auto bytes = plain.to_v6().to_bytes();
  std::fill(bytes.begin() + kBlockBytes, bytes.end(), static_cast<unsigned char>(0));
  return ip::address_v6(bytes).to_string() + "/64";
}

std::string address_key(std::string_view text) {
  const auto address = read_address(text);
  return address ? address_key(*address) : std::string(text);
}

}  // namespace togglecast::web
