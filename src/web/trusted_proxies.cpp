#include "web/trusted_proxies.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <cstring>
#include <optional>

namespace togglecast::web {
namespace {

namespace ip = boost::asio::ip;

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

bool prefix_equal(const unsigned char* a, const unsigned char* b, unsigned bits) {
  if (std::memcmp(a, b, bits / 8) != 0) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned char>(0xff << (8 - rest));
  return (a[bits / 8] & mask) == (b[bits / 8] & mask);
}

// Sixteen bytes whichever the family; IPv4 uses the first four.
std::array<unsigned char, 16> bytes_of(const ip::address& address) {
  std::array<unsigned char, 16> bytes{};
  if (address.is_v4()) {
    const auto four = address.to_v4().to_bytes();
    std::copy(four.begin(), four.end(), bytes.begin());
  } else {
    bytes = address.to_v6().to_bytes();
  }
  return bytes;
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& blocks) {
  TrustedProxies proxies;
  for (const auto& text : blocks) {
    const std::size_t slash = text.find('/');
    const auto address = read_address(std::string_view(text).substr(0, slash));
    const auto bad = [&text] {
      return fail(Errc::invalid_argument, "not an address or CIDR block: " + text);
    };
    if (!address) return bad();
    const unsigned most = address->is_v4() ? 32 : 128;
    unsigned prefix = most;
    if (slash != std::string::npos) {
      const char* end = text.data() + text.size();
      const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, prefix);
      if (error != std::errc{} || stop != end || prefix > most) return bad();
    }
    Block block{address->is_v6(), {}, prefix};
    const auto bytes = bytes_of(*address);
    std::copy(bytes.begin(), bytes.end(), std::begin(block.bytes));
    proxies.blocks_.push_back(block);
  }
  return proxies;
}

bool TrustedProxies::trusts(std::string_view text) const {
  const auto address = read_address(text);
  if (!address) return false;
  const auto bytes = bytes_of(*address);
  return std::any_of(blocks_.begin(), blocks_.end(), [&](const Block& block) {
    return block.v6 == address->is_v6() && prefix_equal(block.bytes, bytes.data(), block.prefix);
  });
}

Peer TrustedProxies::resolve(std::string_view direct, const wire::http::Headers& headers, bool secure) const {
  Peer peer;
  peer.address = direct;
  peer.secure = secure;
  if (!blocks_.empty() && trusts(direct)) {
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
