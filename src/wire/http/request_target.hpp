// The four forms of a request target (RFC 9112, 3.2).
// Thread rule: pure functions.
#pragma once

#include <string_view>

#include "base/error.hpp"

namespace togglecast::wire::http {

struct TargetParts {
  std::string_view authority;  ///< absolute form only: takes the place of Host
  std::string_view path;       ///< percent-encoded; `*` for `OPTIONS *`
  std::string_view query;      ///< percent-encoded, without `?`
};

/// Returns views into `target`, or into static text. Refuses CONNECT, and with it the authority form; and
/// bytes that a URI does not have (RFC 3986, 2): white space, control characters and all beyond ASCII.
[[nodiscard]] Result<TargetParts> split_target(std::string_view method, std::string_view target);

/// True for a host with an optional port, without user or path: a valid Host field or authority.
[[nodiscard]] bool is_valid_host(std::string_view host) noexcept;

}  // namespace togglecast::wire::http
