// The address and scheme of a client behind reverse proxies.
//
// They come from `X-Forwarded-For` and `X-Forwarded-Proto`, or else from `Forwarded` (RFC 7239), and only if
// the TCP peer is a trusted proxy. The client is the rightmost address that is not a trusted proxy itself. If
// a request has both kinds of headers, `X-Forwarded-` counts: most proxies write only that kind and pass on
// the `Forwarded` header of the client. Thread rule: immutable once built; copies share the list.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "web/exchange.hpp"

namespace togglecast::web {

class TrustedProxies {
 public:
  TrustedProxies() = default;
  /// Addresses or CIDR blocks: `10.0.0.0/8`, `::1`, `127.0.0.1`. An IPv4 address mapped to IPv6 is an IPv4
  /// address, and `::ffff:10.0.0.0/104` is `10.0.0.0/8`. Errors: `invalid_argument` for any other text.
  [[nodiscard]] static Result<TrustedProxies> parse(const std::vector<std::string>& blocks);

  /// `address` is numeric. The zone of an IPv6 address (`%eth0`) does not count.
  [[nodiscard]] bool trusts(std::string_view address) const;
  /// The peer of a request that came from the TCP address `direct`, over TLS if `secure`.
  [[nodiscard]] Peer resolve(std::string_view direct, const wire::http::Headers& headers,
                             bool secure = false) const;

 private:
  struct Blocks;
  std::shared_ptr<const Blocks> blocks_;  // nullptr: none
};

}  // namespace togglecast::web
