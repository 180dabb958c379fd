// Cross-origin resource sharing (Fetch standard): which origins may read our answers. Off means: no headers.
// Thread rule: immutable.
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
  std::vector<std::string> allowed_headers{};  ///< empty: the requested ones are allowed
  std::vector<std::string> exposed_headers{};
};

class Cors {
 public:
  explicit Cors(CorsOptions options = {});

  [[nodiscard]] bool enabled() const noexcept;
  /// True for an absent Origin, an allowed one, and one that names this very server (scheme, host and port of
  /// the request).
  [[nodiscard]] bool allows(const wire::http::Request& request, bool secure) const;
  /// Adds the response headers: `*` as `*`; one fixed origin always as that value; of several the matching
  /// one. With `Vary: Origin` unless `*`.
  void decorate(const wire::http::Request& request, wire::http::Headers& headers) const;
  /// 204 with the preflight headers, for OPTIONS.
  [[nodiscard]] wire::http::Response preflight(const wire::http::Request& request) const;

 private:
  CorsOptions options_;
};

/// `Origin` has only the characters that an origin may have (those of a URI, RFC 3986).
[[nodiscard]] bool is_well_formed_origin(std::string_view origin) noexcept;

}  // namespace togglecast::web
