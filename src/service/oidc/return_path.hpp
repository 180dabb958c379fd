// Where a browser goes after its login: a path of this server, never another server. Browsers drop tabs and
// line ends from a URL and read `\` as `/`, so `/\evil.example` and `//evil.example` are other servers.
// Thread rule: pure functions.
#pragma once

#include <string_view>

namespace togglecast::service::oidc {

inline constexpr std::size_t kLongestReturnPath = 1'024;

/// `/`, `/console/features?q=a#top`: visible ASCII that begins with one slash, without a backslash.
[[nodiscard]] bool is_own_path(std::string_view text) noexcept;

}  // namespace togglecast::service::oidc
