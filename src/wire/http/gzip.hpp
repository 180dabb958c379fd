// The content coding gzip (RFC 9110, section 8.4.1.3) for whole bodies. zlib does the work.
// Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace togglecast::wire::http {

/// Whether an `Accept-Encoding` field allows gzip and does not prefer the body as it is (section 12.5.3);
/// absent or empty allows nothing.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding) noexcept;

/// `level` 1 (quick) to 9 (small). Empty when there is no memory for it.
[[nodiscard]] std::string gzip(std::string_view body, int level);

}  // namespace togglecast::wire::http
