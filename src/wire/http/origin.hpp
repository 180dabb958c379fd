// Hosts and origins as values, so that they are compared and never their texts.
//
//   authority := host [":" port]                     of a Host header
//   origin    := scheme "://" authority              of an Origin header (RFC 6454), or of a URL without path
//   host      := name | IPv4 | "[" IPv6 [zone] "]"
//   port      := 1..65535, or empty: the default of the scheme
//
// A user, a path, a query, and characters that a browser would have encoded are refused. Names that are not
// ASCII arrive encoded (`xn--…`), so their plain form is refused too.
// Thread rule: plain values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace togglecast::wire::http {

struct Authority {
  std::string host;        ///< in lower case, without a final dot; IPv6 in brackets, shortest, without a zone
  std::uint16_t port = 0;  ///< 0: none was named
  bool is_address = false;  ///< IPv4 or IPv6, not a name
  friend bool operator==(const Authority&, const Authority&) = default;
};

/// `parse_error` says what is wrong and where.
[[nodiscard]] Result<Authority> parse_authority(std::string_view text);

struct Origin {
  std::string scheme;     ///< in lower case; `ws` is `http`, and `wss` is `https`
  Authority authority{};  ///< the host is empty in `file://`; the default port of the scheme is 0
  friend bool operator==(const Origin&, const Origin&) = default;
};

/// Of any scheme; only `http` and `https` need a host. `null` is no origin.
[[nodiscard]] Result<Origin> parse_origin(std::string_view text);
/// The origin of pages that `authority` serves.
[[nodiscard]] Origin origin_of(bool secure, Authority authority);

/// As a browser sends them.
[[nodiscard]] std::string to_string(const Authority& authority);
[[nodiscard]] std::string to_string(const Origin& origin);

/// `localhost` or a name below it: browsers never ask the network for these (RFC 6761, section 6.3).
[[nodiscard]] bool is_localhost(std::string_view host) noexcept;

}  // namespace togglecast::wire::http
