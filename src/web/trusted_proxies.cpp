#include "web/trusted_proxies.hpp"

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <optional>
#include <type_traits>

#include "web/address.hpp"
#include "wire/http/forwarded.hpp"
#include "wire/http/text.hpp"

namespace togglecast::web {
namespace {

namespace ip = boost::asio::ip;

constexpr int kMappedPrefix = 96;  // ::ffff:0:0/96 holds the IPv4 addresses (RFC 4291, section 2.5.5.2)

// `Host`, with `port` (`:8443`) unless it names one.
std::string host_with(std::string_view host, std::string_view port) {
  const bool has_port = host.find(':', host.rfind(']') + 1) != std::string_view::npos;
  std::string text(host);
  return has_port ? text : text.append(port);
}

// The block that holds `address` alone.
ip::network_v4 network_of(const ip::address_v4& address) { return {address, 32}; }
ip::network_v6 network_of(const ip::address_v6& address) { return {address, 128}; }

}  // namespace

struct TrustedProxies::Blocks {
  std::vector<ip::network_v4> v4;
  std::vector<ip::network_v6> v6;

  // False if `text` is neither an address nor a CIDR block.
  bool add(const std::string& text);
  [[nodiscard]] bool contain(const ip::address& address) const;
};

bool TrustedProxies::Blocks::add(const std::string& text) {
  if (const auto address = read_address(text)) {
    if (address->is_v4()) {
      v4.push_back(network_of(address->to_v4()));
    } else {
      v6.push_back(network_of(address->to_v6()));
    }
    return true;
  }
  // Asio reads the number after the slash with atoi, which turns 2^32 + 8 into 8.
  if (text.size() - std::min(text.size(), text.find('/')) > std::string_view("/128").size()) return false;
  boost::system::error_code error;
  if (const auto network = ip::make_network_v4(text, error); !error) {
    v4.push_back(network.canonical());
    return true;
  }
  const auto network = ip::make_network_v6(text, error);
  if (error) return false;
  if (!network.address().is_v4_mapped()) {
    v6.push_back(network.canonical());
    return true;
  }
  const int prefix = network.prefix_length() - kMappedPrefix;
  if (prefix < 0) return false;
  v4.push_back(ip::network_v4(ip::make_address_v4(ip::v4_mapped, network.address()), prefix).canonical());
  return true;
}

bool TrustedProxies::Blocks::contain(const ip::address& address) const {
  const auto holds = [](const auto& member) {
    return [&member](const auto& block) {
      using Network = std::decay_t<decltype(block)>;
      return Network(member, block.prefix_length()).canonical() == block;
    };
  };
  if (address.is_v4()) return std::any_of(v4.begin(), v4.end(), holds(address.to_v4()));
  const ip::address_v6 unscoped(address.to_v6().to_bytes());
  return std::any_of(v6.begin(), v6.end(), holds(unscoped));
}

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& blocks, ForwardedBy kind) {
  TrustedProxies proxies;
  proxies.kind_ = kind;
  if (blocks.empty()) return proxies;
  auto parsed = std::make_shared<Blocks>();
  for (const auto& text : blocks) {
    if (!parsed->add(text)) return fail(Errc::invalid_argument, "not an address or CIDR block: " + text);
  }
  proxies.blocks_ = std::move(parsed);
  return proxies;
}

bool TrustedProxies::trusts(std::string_view text) const {
  if (blocks_ == nullptr) return false;
  const auto address = read_address(text);
  return address && blocks_->contain(*address);
}

Peer TrustedProxies::resolve(std::string_view direct, const wire::http::Headers& headers, bool secure,
                             bool by_proxy_protocol) const {
  Peer peer;
  peer.address = direct;
  peer.secure = secure;
  if (by_proxy_protocol) return peer;
  if (!trusts(direct)) {
    const auto address = read_address(direct);
    peer.loopback = address && address->is_loopback();
    return peer;
  }
  std::vector<wire::http::ForwardedHop> hops;
  if (kind_ == ForwardedBy::x_forwarded) hops = wire::http::x_forwarded_hops(headers);
  if (kind_ == ForwardedBy::forwarded) hops = wire::http::forwarded_hops(headers);
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    using wire::http::equal_ignoring_case;
    if (!hop->scheme.empty())
      peer.secure = equal_ignoring_case(hop->scheme, "https") || equal_ignoring_case(hop->scheme, "wss");
    if (!hop->host.empty())
      peer.host = hop->host.front() == ':' ? host_with(headers.value("Host"), hop->host) : hop->host;
    const auto address = read_address(hop->address);
    if (!address) break;  // obfuscated, unknown or broken: what stands before it cannot be trusted either
    peer.address = address->to_string();
    if (!trusts(peer.address)) break;
  }
  return peer;
}

std::string_view TrustedProxies::ignored_header(std::string_view direct,
                                                const wire::http::Headers& headers) const {
  if (kind_ == ForwardedBy::proxy_protocol) return {};
  const std::string_view x_forwarded = wire::http::x_forwarded_name(headers);
  const std::string_view forwarded = wire::http::forwarded_name(headers);
  if (x_forwarded.empty() && forwarded.empty()) return {};
  if (!trusts(direct)) return x_forwarded.empty() ? forwarded : x_forwarded;
  if (kind_ == ForwardedBy::x_forwarded) return x_forwarded.empty() ? forwarded : std::string_view{};
  return forwarded.empty() ? x_forwarded : std::string_view{};
}

}  // namespace togglecast::web
