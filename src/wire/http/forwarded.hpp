// The headers in which reverse proxies say where a request came from.
//
//   Forwarded: for="[2001:db8::1]:4711";proto=https;host=flags.example, for=10.0.0.1        RFC 7239
//   X-Forwarded-For: 2001:db8::1, 10.0.0.1
//   X-Forwarded-Proto: https          or X-Forwarded-Scheme, or X-Forwarded-Ssl: on
//   X-Forwarded-Host: flags.example   and X-Forwarded-Port: 8443
//
// Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/http/message.hpp"

namespace togglecast::wire::http {

/// What one proxy said about the hop before it. An empty member was not said.
struct ForwardedHop {
  std::string address;  ///< numeric, without port and brackets; or a text that is no address
  std::string scheme;   ///< as written
  std::string host;     ///< as written, with a port if one was named
  friend bool operator==(const ForwardedHop&, const ForwardedHop&) = default;
};

/// The hops of `Forwarded`, the nearest one last. A hop whose element is broken is empty.
[[nodiscard]] std::vector<ForwardedHop> forwarded_hops(const Headers& headers);

/// The hops of the `X-Forwarded-` headers, the nearest one last. Proxies append to these lists, so hops are
/// matched from the right; the first value of a shorter list counts for all hops left of it.
/// `X-Forwarded-Port` is added to a host that names no port, and stands as `:8443` when no host is named.
[[nodiscard]] std::vector<ForwardedHop> x_forwarded_hops(const Headers& headers);

/// The name of the first header of each kind that the request has; empty without one.
[[nodiscard]] std::string_view forwarded_name(const Headers& headers) noexcept;
[[nodiscard]] std::string_view x_forwarded_name(const Headers& headers) noexcept;

}  // namespace togglecast::wire::http
