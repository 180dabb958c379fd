// Bytes in front of a connection that say where it came from, such as a PROXY header. A listener reads them
// before the TLS handshake. Thread rule: a plain value; several shards call its functions at the same time.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace togglecast::net {

struct PreambleEnd {
  std::size_t size = 0;                              ///< bytes of the preamble
  std::optional<boost::asio::ip::address> client{};  ///< nothing: the peer speaks for itself
  bool secure = false;                               ///< the client spoke TLS to the peer
};

enum class PreambleFailure : std::uint8_t { malformed, timeout, closed };

struct Preamble {
  /// Whether connections from this address begin with a preamble. They must; those of others must not.
  std::function<bool(const boost::asio::ip::address&)> comes_from{};
  /// Nothing: all received bytes belong to the preamble, and more must come. It has a bound of its own.
  std::function<Result<std::optional<PreambleEnd>>(std::string_view received)> decode{};
  Milliseconds timeout{10'000};  ///< from the connect to the end of the preamble
  std::function<void(PreambleFailure, std::string_view reason, const boost::asio::ip::address&)> on_failure{};
};

}  // namespace togglecast::net
