// Cookies of a request (RFC 6265, 4.2.1).
//
//   Cookie := name "=" value *( ";" SP name "=" value )
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string_view>

namespace togglecast::wire::http {

/// The value of the first cookie of this name in the text of a Cookie header, without quotes around it.
/// Nothing without one. Pairs that are malformed are passed over, as browsers' own servers do.
[[nodiscard]] std::optional<std::string_view> cookie(std::string_view header, std::string_view name) noexcept;

}  // namespace togglecast::wire::http
