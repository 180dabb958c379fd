// Where a Redis is, and the credentials for it, as one URL says it:
//
//   redis://[user[:password]@]host[:port][/database]
//   rediss://…                                        the same over TLS
//   redis-sentinel://[user[:password]@]host[:port],host[:port]…/service[/database]
//   rediss-sentinel://…                               TLS to the Sentinels and to the server
//   unix://[user[:password]@]/path/of/the/socket[?db=database]
//
// User and password may have %XX escapes; they are those of the server that Sentinel names. Without a user,
// `redis://:password@host` logs in with the password alone. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace togglecast::cluster::redis {

/// One server: a host with a port, or a UNIX socket.
struct Endpoint {
  std::string host{};
  std::uint16_t port = 0;
  std::string path{};  ///< of the UNIX socket; empty: TCP
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
/// `127.0.0.1:6379`, `[::1]:6379` or the path.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

struct Address {
  std::vector<Endpoint> endpoints;  ///< the server, or all Sentinels
  std::string service{};            ///< the name under which Sentinel watches the server; empty: no Sentinels
  bool tls = false;
  std::string username{};
  Secret password{};
  std::uint32_t database = 0;
};

/// `invalid_argument` says what is wrong without repeating the URL, which may contain a password.
[[nodiscard]] Result<Address> parse_address(std::string_view url);
/// For logs: the URL without user and password.
[[nodiscard]] std::string describe(const Address& address);

}  // namespace togglecast::cluster::redis
