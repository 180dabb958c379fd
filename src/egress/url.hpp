// The URLs that may be called, read by libcurl's own reader, so that what is checked is what is fetched.
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "egress/address_policy.hpp"

namespace togglecast::egress {

inline constexpr std::size_t kMaxUrl = 2'048;

struct Url {
  std::string text;                       ///< as libcurl writes it
  bool plain = false;                     ///< http
  std::string host;                       ///< in lower case, without brackets
  std::string server;                     ///< `host:port`, the name of its breaker
  std::optional<AddressBytes> address{};  ///< the host is one
};

/// An absolute http or https URL without user, password and fragment. `invalid_argument` says what is wrong.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace togglecast::egress
