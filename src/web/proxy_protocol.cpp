#include "web/proxy_protocol.hpp"

#include <utility>

#include "web/address.hpp"
#include "wire/proxy/header.hpp"

namespace togglecast::web {

net::Preamble proxy_protocol(TrustedProxies proxies, Milliseconds timeout) {
  net::Preamble preamble;
  preamble.timeout = timeout;
  preamble.comes_from = [proxies = std::move(proxies)](const boost::asio::ip::address& peer) {
    return proxies.trusts(peer.to_string());
  };
  preamble.decode = [](std::string_view received) -> Result<std::optional<net::PreambleEnd>> {
    const auto header = wire::proxy::decode(received);
    if (!header) return tl::unexpected(header.error());
    if (!*header) return std::nullopt;
    net::PreambleEnd end{(*header)->size};
    if (!(*header)->source.empty()) end.client = read_address((*header)->source);
    end.secure = (*header)->secure;
    return end;
  };
  return preamble;
}

}  // namespace togglecast::web
