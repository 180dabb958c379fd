#include "cluster/redis/address.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace togglecast::cluster::redis {
namespace {

constexpr std::uint16_t kServerPort = 6379, kSentinelPort = 26379;
constexpr std::uint32_t kMostDatabase = 1'000'000;

tl::unexpected<Error> bad(std::string reason) {
  return fail(Errc::invalid_argument, "the URL of Redis " + std::move(reason));
}

struct Scheme {
  std::string_view name;
  bool tls, sentinels, socket;
};
constexpr Scheme kSchemes[] = {{"redis", false, false, false},
                               {"rediss", true, false, false},
                               {"redis-sentinel", false, true, false},
                               {"rediss-sentinel", true, true, false},
                               {"unix", false, false, true}};

std::optional<Scheme> scheme_of(std::string_view name) {
  for (const Scheme& scheme : kSchemes) {
    if (scheme.name == name) return scheme;
  }
  return std::nullopt;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = digit(text[i + 1]), low = digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

template <typename Number>
std::optional<Number> number(std::string_view text, Number most) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty() || value > most)
    return std::nullopt;
  return value;
}

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  Endpoint endpoint;
  endpoint.port = default_port;
  std::string_view rest;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return bad("has an IPv6 address without its ']'");
    endpoint.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    endpoint.host = text.substr(0, colon);
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (endpoint.host.empty()) return bad("names no host");
  if (endpoint.host.find_first_of(" @,\t\r\n") != std::string::npos)
    return bad("has a host that cannot be one; write '@' inside a password as %40");
  if (rest.empty()) return endpoint;
  const auto port = number<std::uint16_t>(rest.substr(1), 65'535);
  if (rest.front() != ':' || !port || *port == 0)
    return bad("has a port that is not a number from 1 to 65535; write an IPv6 address in brackets");
  endpoint.port = *port;
  return endpoint;
}

Result<void> parse_user(Address& address, std::string_view text) {
  const std::size_t colon = text.find(':');
  auto user = unescape(text.substr(0, colon));
  auto password = unescape(colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1));
  if (!user || !password) return bad("has a '%' in its user or password without two hexadecimal digits");
  address.username = *std::move(user);
  address.password = Secret(*std::move(password));
  if (!address.username.empty() && address.password.empty())
    return bad("names a user without a password; a password alone is written :password@");
  return {};
}

Result<void> parse_database(Address& address, std::string_view text) {
  if (text.empty()) return {};
  const auto database = number<std::uint32_t>(text, kMostDatabase);
  if (!database) return bad("ends with a database that is not a number");
  address.database = *database;
  return {};
}

Result<Address> parse_socket(std::string_view rest) {
  Address address;
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return bad("names no path of a socket; write unix:///path");
  if (slash > 0) {
    if (rest[slash - 1] != '@') return bad("names a host before the path of a socket; write unix:///path");
    if (auto ok = parse_user(address, rest.substr(0, slash - 1)); !ok) return tl::unexpected(ok.error());
  }
  const std::size_t query = rest.find('?', slash);
  Endpoint endpoint;
  endpoint.path = rest.substr(slash, query - slash);
  if (query != std::string_view::npos) {
    const std::string_view text = rest.substr(query + 1);
    if (!text.starts_with("db=")) return bad("has a parameter other than db");
    if (auto ok = parse_database(address, text.substr(3)); !ok) return tl::unexpected(ok.error());
  }
  address.endpoints.push_back(std::move(endpoint));
  return address;
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  if (!endpoint.path.empty()) return endpoint.path;
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

Result<Address> parse_address(std::string_view url) {
  const std::size_t colon = url.find("://");
  const auto scheme = scheme_of(url.substr(0, colon));
  if (colon == std::string_view::npos || !scheme)
    return bad("must begin with redis://, rediss://, redis-sentinel://, rediss-sentinel:// or unix://");
  std::string_view rest = url.substr(colon + 3);
  if (scheme->socket) return parse_socket(rest);

  Address address;
  address.tls = scheme->tls;
  if (rest.find_first_of("?#") != std::string_view::npos)
    return bad("has parameters; only unix:// takes one. Write '?' or '#' inside a password as %3F or %23");
  // The last '@' of what comes before the path: a host has none.
  const std::size_t path = rest.find('/', rest.rfind('@') == std::string_view::npos ? 0 : rest.rfind('@'));
  std::string_view authority = rest.substr(0, path);
  std::string_view tail = path == std::string_view::npos ? std::string_view{} : rest.substr(path + 1);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (auto ok = parse_user(address, authority.substr(0, at)); !ok) return tl::unexpected(ok.error());
    authority.remove_prefix(at + 1);
  }
  for (bool more = true; more;) {
    const std::size_t comma = scheme->sentinels ? authority.find(',') : std::string_view::npos;
    auto endpoint =
        parse_endpoint(authority.substr(0, comma), scheme->sentinels ? kSentinelPort : kServerPort);
    if (!endpoint) return tl::unexpected(endpoint.error());
    address.endpoints.push_back(*std::move(endpoint));
    more = comma != std::string_view::npos;
    if (more) authority.remove_prefix(comma + 1);
  }
  if (scheme->sentinels) {
    const std::size_t slash = tail.find('/');
    address.service = tail.substr(0, slash);
    if (address.service.empty()) return bad("names no service; write redis-sentinel://host:26379/service");
    tail = slash == std::string_view::npos ? std::string_view{} : tail.substr(slash + 1);
  }
  if (auto ok = parse_database(address, tail); !ok) return tl::unexpected(ok.error());
  return address;
}

std::string describe(const Address& address) {
  if (!address.endpoints.front().path.empty()) return "unix://" + address.endpoints.front().path;
  std::string text = address.tls ? "rediss" : "redis";
  if (!address.service.empty()) text += "-sentinel";
  text += "://";
  for (std::size_t i = 0; i < address.endpoints.size(); ++i)
    text += (i == 0 ? "" : ",") + to_string(address.endpoints[i]);
  if (!address.service.empty()) text += "/" + address.service;
  if (address.database != 0) text += "/" + std::to_string(address.database);
  return text;
}

}  // namespace togglecast::cluster::redis
