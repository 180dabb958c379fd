#include "web/trusted_proxies.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <optional>
#include <type_traits>

namespace togglecast::web {
namespace {

namespace ip = boost::asio::ip;

constexpr int kMappedPrefix = 96;  // ::ffff:0:0/96 holds the IPv4 addresses (RFC 4291, section 2.5.5.2)

std::optional<ip::address> read_address(std::string_view text) {
  boost::system::error_code error;
  auto address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// `192.0.2.1`, `192.0.2.1:99`, `[2001:db8::1]:99` or `"[2001:db8::1]"` to the address alone.
std::string_view without_port(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    return end == std::string_view::npos ? std::string_view{} : text.substr(1, end - 1);
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos)
    return text.substr(0, colon);
  return text;
}

// What one proxy said of the hop before it.
struct Hop {
  std::string_view address;
  std::string_view scheme;
};

std::vector<std::string_view> list_of(const wire::http::Headers& headers, std::string_view name) {
  std::vector<std::string_view> items;
  for (const auto& [field, value] : headers.fields()) {
    if (!wire::http::Headers::same_name(field, name)) continue;
    std::string_view rest = value;
    while (true) {
      const std::size_t comma = rest.find(',');
      items.push_back(trimmed(rest.substr(0, comma)));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return items;
}

Hop parse_forwarded(std::string_view element) {
  Hop hop;
  while (!element.empty()) {
    const std::size_t semicolon = element.find(';');
    const std::string_view pair = trimmed(element.substr(0, semicolon));
    element.remove_prefix(semicolon == std::string_view::npos ? element.size() : semicolon + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = pair.substr(0, equals);
    if (wire::http::Headers::same_name(name, "for")) hop.address = without_port(pair.substr(equals + 1));
    if (wire::http::Headers::same_name(name, "proto")) hop.scheme = trimmed(pair.substr(equals + 1));
  }
  return hop;
}

std::vector<Hop> hops_of(const wire::http::Headers& headers) {
  std::vector<Hop> hops;
  const auto schemes = list_of(headers, "X-Forwarded-Proto");
  const auto addresses = list_of(headers, "X-Forwarded-For");
  // Proxies append: what belongs together is counted from the right. One scheme alone is that of all hops.
  const std::size_t hop_count = addresses.size();
  for (std::size_t i = 0; i < hop_count; ++i) {
    const std::size_t from_right = hop_count - i;
    std::string_view scheme;
    if (!schemes.empty())
      scheme = from_right <= schemes.size() ? schemes[schemes.size() - from_right] : schemes.front();
    hops.push_back({without_port(addresses[i]), scheme});
  }
  if (!hops.empty()) return hops;
  if (!schemes.empty()) return {{{}, schemes.back()}};
  for (const auto element : list_of(headers, "Forwarded")) hops.push_back(parse_forwarded(element));
  return hops;
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

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& blocks) {
  TrustedProxies proxies;
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

Peer TrustedProxies::resolve(std::string_view direct, const wire::http::Headers& headers, bool secure) const {
  Peer peer;
  peer.address = direct;
  peer.secure = secure;
  if (trusts(direct)) {
    const auto hops = hops_of(headers);
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
      if (!hop->scheme.empty())
        peer.secure = wire::http::Headers::same_name(hop->scheme, "https") ||
                      wire::http::Headers::same_name(hop->scheme, "wss");
      const auto address = read_address(hop->address);
      if (!address) break;  // obfuscated, unknown or broken: what stands before it cannot be trusted either
      peer.address = address->to_string();
      if (!trusts(peer.address)) break;
    }
  }
  const auto address = read_address(peer.address);
  peer.loopback = address && address->is_loopback();
  return peer;
}

}  // namespace togglecast::web
