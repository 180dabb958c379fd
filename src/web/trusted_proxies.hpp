// Client address and scheme behind reverse proxies: taken from `X-Forwarded-For` / `-Proto` or `Forwarded`
// (RFC 7239) only when the TCP peer is trusted; the rightmost address that is not itself a trusted proxy
// counts. When both kinds are there, `X-Forwarded-` counts: most proxies write only that, and pass a client's
// own `Forwarded` on. Thread rule: immutable once built.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "web/exchange.hpp"

namespace togglecast::web {

class TrustedProxies {
 public:
  TrustedProxies() = default;
  /// Addresses or CIDR blocks: `10.0.0.0/8`, `::1`, `127.0.0.1`.
  [[nodiscard]] static Result<TrustedProxies> parse(const std::vector<std::string>& blocks);

  [[nodiscard]] bool trusts(std::string_view address) const;
  /// The peer of a request that came from the TCP address `direct`, over TLS if `secure`.
  [[nodiscard]] Peer resolve(std::string_view direct, const wire::http::Headers& headers,
                             bool secure = false) const;

 private:
  struct Block {
    bool v6;
    unsigned char bytes[16];
    unsigned prefix;
  };
  std::vector<Block> blocks_;
};

}  // namespace togglecast::web
