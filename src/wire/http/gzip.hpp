// The content coding gzip (RFC 9110, section 8.4.1.3) for whole bodies. zlib does the work.
// Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace togglecast::wire::http {

/// True if an `Accept-Encoding` field allows gzip and does not prefer the plain body (section 12.5.3). An
/// absent or empty field does not allow it.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding) noexcept;
/// The same for the content coding `br`.
[[nodiscard]] bool accepts_brotli(std::string_view accept_encoding) noexcept;

/// `level` 1 (quick) to 9 (small). Empty if memory runs out.
[[nodiscard]] std::string gzip(std::string_view body, int level);

}  // namespace togglecast::wire::http
