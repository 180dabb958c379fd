// Media types (RFC 9110, section 8.3.1), and which of them a browser may show.
//
//   media-type := token "/" token *( OWS ";" OWS [ token "=" ( token / quoted-string ) ] )
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace togglecast::wire::http {

/// The media type in one spelling: type, subtype and the names of parameters in lower case, `; ` before each
/// parameter. Nothing when `text` is no media type.
[[nodiscard]] std::optional<std::string> media_type(std::string_view text);

/// Without parameters: `text/html` of `text/html; charset=utf-8`.
[[nodiscard]] std::string_view essence(std::string_view media_type) noexcept;

/// An image of pixels that a browser may show in place: PNG, JPEG, GIF, WebP or AVIF. Everything else may
/// hold a program, SVG above all, so it is only for saving.
[[nodiscard]] bool is_raster_image(std::string_view media_type) noexcept;

}  // namespace togglecast::wire::http
