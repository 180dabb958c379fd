// The address, scheme and host of a client behind reverse proxies.
//
// One kind of header decides all three, and only if the TCP peer is a trusted proxy. Headers of other kinds
// are what the client wrote, so nothing reads them. The client is the rightmost address that is not a trusted
// proxy itself. Nothing that came through a proxy is a loopback peer.
// Thread rule: immutable once built; copies share the list.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "web/exchange.hpp"
#include "web/forwarded_by.hpp"

namespace togglecast::web {

class TrustedProxies {
 public:
  TrustedProxies() = default;
  /// Addresses or CIDR blocks: `10.0.0.0/8`, `::1`, `127.0.0.1`. An IPv4 address mapped to IPv6 is an IPv4
  /// address, and `::ffff:10.0.0.0/104` is `10.0.0.0/8`. Errors: `invalid_argument` for any other text.
  [[nodiscard]] static Result<TrustedProxies> parse(const std::vector<std::string>& blocks,
                                                    ForwardedBy kind = ForwardedBy::x_forwarded);

  /// `address` is numeric. The zone of an IPv6 address (`%eth0`) does not count.
  [[nodiscard]] bool trusts(std::string_view address) const;
  /// The peer of a request that came from the address `direct`, over TLS if `secure`, perhaps to a proxy.
  /// With `by_proxy_protocol` a trusted proxy named `direct` in front of the connection.
  [[nodiscard]] Peer resolve(std::string_view direct, const wire::http::Headers& headers, bool secure = false,
                             bool by_proxy_protocol = false) const;
  /// The name of a forwarding header that `resolve` does not read: its sender is no trusted proxy, or a
  /// trusted proxy sends only the other kind. Empty without one.
  [[nodiscard]] std::string_view ignored_header(std::string_view direct,
                                                const wire::http::Headers& headers) const;

 private:
  struct Blocks;
  std::shared_ptr<const Blocks> blocks_;  // nullptr: none
  ForwardedBy kind_ = ForwardedBy::x_forwarded;
};

}  // namespace togglecast::web
