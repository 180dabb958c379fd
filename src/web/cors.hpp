// Cross-origin resource sharing (Fetch standard): the origins whose pages may read our answers. Without any,
// no CORS headers are sent. Thread rule: immutable.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/exchange.hpp"
#include "web/own_hosts.hpp"
#include "wire/http/message.hpp"
#include "wire/http/origin.hpp"

namespace togglecast::web {

struct CorsOptions {
  bool any_origin = false;             ///< `*`
  std::vector<std::string> origins{};  ///< exact origins: `https://app.example`, `file://`, `null`
  /// The hosts whose pages are this server's own. Unset: any host that a request names.
  std::optional<OwnHosts> own_hosts{};
  bool credentials = false;
  std::vector<std::string> allowed_headers{};  ///< empty: all requested headers
  std::vector<std::string> exposed_headers{};
  std::optional<std::chrono::seconds> max_age{};  ///< so long a browser may keep the answer to a preflight
};

class Cors {
 public:
  explicit Cors(CorsOptions options = {});

  [[nodiscard]] bool enabled() const noexcept;
  /// True if the request has no Origin, an allowed one, or the origin of this server: a listed one, or
  /// scheme, host and port of the request itself. `null` is allowed only where `origins` names it.
  [[nodiscard]] bool allows(const wire::http::Request& request, const Peer& peer) const;
  /// Adds the response headers. The allowed origin is `*` for any origin, the configured one if there is only
  /// one, and else the one that matches. Without `*` it also adds `Vary: Origin`.
  void decorate(const wire::http::Request& request, wire::http::Headers& headers) const;
  /// The answer to OPTIONS: 204 with the preflight headers.
  [[nodiscard]] wire::http::Response preflight(const wire::http::Request& request) const;

 private:
  [[nodiscard]] bool names(std::string_view origin) const;

  CorsOptions options_;
  std::vector<wire::http::Origin> origins_;  // of the options: those that are no `null`
};

/// True if all characters of `origin` may stand in a URI (RFC 3986).
[[nodiscard]] bool is_well_formed_origin(std::string_view origin) noexcept;
/// The origin as an error or a log line quotes it: at most 200 bytes, so that the advice behind it is read.
[[nodiscard]] std::string quoted_origin(std::string_view origin);

}  // namespace togglecast::web
