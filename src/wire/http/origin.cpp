#include "wire/http/origin.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "wire/http/text.hpp"

namespace togglecast::wire::http {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035, section 2.3.4, without the final dot
constexpr std::size_t kLongestPort = 5;
constexpr std::size_t kLongestScheme = 32;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

tl::unexpected<Error> refuse_host(std::string_view reason) {
  return fail(Errc::parse_error, "the host " + std::string(reason));
}

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const bool digits = std::all_of(text.begin(), text.end(), is_digit);
  if (digits && text.size() <= kLongestPort)
    for (const char c : text) port = port * 10 + static_cast<unsigned>(c - '0');
  if (text.empty()) return static_cast<std::uint16_t>(0);
  if (port == 0 || port > 65'535) return fail(Errc::parse_error, "the port is not a number from 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

// `text` stands between the brackets.
Result<std::string> parse_v6(std::string_view text) {
  const std::string address(text.substr(0, text.find('%')));
  in6_addr bytes{};
  std::array<char, INET6_ADDRSTRLEN> shortest{};
  if (::inet_pton(AF_INET6, address.c_str(), &bytes) != 1 ||
      address.size() != std::string_view(address.c_str()).size() ||
      ::inet_ntop(AF_INET6, &bytes, shortest.data(), shortest.size()) == nullptr)
    return refuse_host("in brackets is not an IPv6 address");
  return '[' + std::string(shortest.data()) + ']';
}

bool is_v4(const std::string& text) {
  in_addr bytes{};
  return ::inet_pton(AF_INET, text.c_str(), &bytes) == 1;
}

Result<std::string> parse_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty()) return refuse_host("is missing");
  if (text.size() > kLongestName) return refuse_host("is longer than 253 characters");
  if (text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos)
    return refuse_host("has an empty part between its dots");
  for (const char c : text) {
    if (is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_') continue;
    if (static_cast<unsigned char>(c) >= 0x80)
      return refuse_host("is not ASCII; write it as browsers send it, beginning with xn--");
    if (c == '@') return refuse_host("has a user in front of it");
    return refuse_host(c == '/' ? "is followed by a path" : "has a character that no host has");
  }
  return lower(text);
}

}  // namespace

Result<Authority> parse_authority(std::string_view text) {
  Authority parsed;
  std::string_view rest;
  Result<std::string> host = std::string();
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return refuse_host("has no closing bracket");
    host = parse_v6(text.substr(1, end - 1));
    parsed.is_address = true;
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    host = parse_name(text.substr(0, colon));
    if (host) parsed.is_address = is_v4(*host);
    rest = text.substr(colon);
  }
  if (!host) return tl::unexpected(host.error());
  parsed.host = *std::move(host);
  if (rest.empty()) return parsed;
  if (rest.front() != ':') return refuse_host("is followed by something other than a port");
  const auto port = parse_port(rest.substr(1));
  if (!port) return tl::unexpected(port.error());
  parsed.port = *port;
  return parsed;
}

namespace {

Origin with_plain_scheme(Origin origin) {
  if (origin.scheme == "ws") origin.scheme = "http";
  if (origin.scheme == "wss") origin.scheme = "https";
  const std::uint16_t standard = origin.scheme == "http" ? 80 : origin.scheme == "https" ? 443 : 0;
  if (origin.authority.port == standard) origin.authority.port = 0;
  return origin;
}

}  // namespace

Result<Origin> parse_origin(std::string_view text) {
  const std::size_t colon = text.find("://");
  const std::string_view scheme = text.substr(0, std::min(colon, text.size()));
  const bool fine = colon != std::string_view::npos && !scheme.empty() && scheme.size() <= kLongestScheme &&
                    is_letter(scheme.front()) && std::all_of(scheme.begin(), scheme.end(), [](char c) {
                      return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
                    });
  if (!fine) return fail(Errc::parse_error, "an origin begins with its scheme, such as https://");
  Origin parsed;
  parsed.scheme = lower(scheme);
  const std::string_view authority = text.substr(colon + 3);
  parsed = with_plain_scheme(std::move(parsed));
  const bool web = parsed.scheme == "http" || parsed.scheme == "https";
  if (authority.empty() && !web) return parsed;
  auto read = parse_authority(authority);
  if (!read) return tl::unexpected(read.error());
  parsed.authority = *std::move(read);
  return with_plain_scheme(std::move(parsed));
}

Origin origin_of(bool secure, Authority authority) {
  return with_plain_scheme({secure ? "https" : "http", std::move(authority)});
}

std::string to_string(const Authority& authority) {
  if (authority.port == 0) return authority.host;
  return authority.host + ':' + std::to_string(authority.port);
}

std::string to_string(const Origin& origin) { return origin.scheme + "://" + to_string(origin.authority); }

bool is_localhost(std::string_view host) noexcept {
  return host == "localhost" || host.ends_with(".localhost");
}

}  // namespace togglecast::wire::http
