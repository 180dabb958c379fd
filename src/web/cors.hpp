// Cross-origin resource sharing (Fetch standard): the origins whose pages may read our answers. Without any,
// no CORS headers are sent. Thread rule: immutable.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/http/message.hpp"

namespace togglecast::web {

struct CorsOptions {
  bool any_origin = false;             ///< `*`
  std::vector<std::string> origins{};  ///< exact origins: `https://app.example`
  bool credentials = false;
  std::vector<std::string> allowed_headers{};  ///< empty: all requested headers
  std::vector<std::string> exposed_headers{};
};

class Cors {
 public:
  explicit Cors(CorsOptions options = {});

  [[nodiscard]] bool enabled() const noexcept;
  /// True if the request has no Origin, an allowed one, or the origin of this server: the scheme, host and
  /// port of the request itself.
  [[nodiscard]] bool allows(const wire::http::Request& request, bool secure) const;
  /// Adds the response headers. The allowed origin is `*` for any origin, the configured one if there is only
  /// one, and else the one that matches. Without `*` it also adds `Vary: Origin`.
  void decorate(const wire::http::Request& request, wire::http::Headers& headers) const;
  /// The answer to OPTIONS: 204 with the preflight headers.
  [[nodiscard]] wire::http::Response preflight(const wire::http::Request& request) const;

 private:
  CorsOptions options_;
};

/// True if all characters of `origin` may stand in a URI (RFC 3986).
[[nodiscard]] bool is_well_formed_origin(std::string_view origin) noexcept;

}  // namespace togglecast::web
