// Numeric addresses, and the key under which limits count them. Thread rule: pure functions.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace togglecast::web {

/// Reads a numeric address. An IPv4 address mapped to IPv6 becomes the IPv4 address.
[[nodiscard]] std::optional<boost::asio::ip::address> read_address(std::string_view text);

/// The name under which every limit counts this address:
///   192.0.2.7          an IPv4 address, also when it is mapped to IPv6
///   2001:db8:1:2::/64  the block of an IPv6 address, because one subscriber gets a whole block
///   loopback           this machine, whichever of its loopback addresses it used
/// A text that is no address is its own key.
[[nodiscard]] std::string address_key(const boost::asio::ip::address& address);
[[nodiscard]] std::string address_key(std::string_view text);

}  // namespace togglecast::web
