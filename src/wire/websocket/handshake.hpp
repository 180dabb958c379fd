// The opening handshake (RFC 6455, section 4.2). Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace togglecast::wire::websocket {

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
[[nodiscard]] std::string accept_key(std::string_view key);

/// True for base64 of exactly 16 bytes, whose last digit may have any unused bits.
[[nodiscard]] bool is_valid_key(std::string_view key);

}  // namespace togglecast::wire::websocket
