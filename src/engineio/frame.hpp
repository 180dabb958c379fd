// Engine.IO packets preformatted for every transport: one block holds the packet as an unmasked WebSocket
// frame, and polling sends the same block without its frame header. Thread rule: pure functions; the blocks
// are shared freely.
#pragma once

#include <string>
#include <string_view>

#include "base/shared_bytes.hpp"

namespace togglecast::engineio {

/// A message packet with text data: `4` + `data`, which may be given in pieces.
[[nodiscard]] SharedBytes text_message(std::string_view data, std::string_view more = {},
                                       std::string_view last = {});
/// A message packet with binary data.
[[nodiscard]] SharedBytes binary_message(std::string_view data);
/// Any text packet, given with its type digit: `2`, `6`, `3probe`.
[[nodiscard]] SharedBytes text_packet(std::string_view packet);

/// Bytes that `frame` takes in a polling payload.
[[nodiscard]] std::size_t polling_size(const SharedBytes& frame) noexcept;
/// Appends `frame` to a polling payload: text as it is, binary as `b` + base64.
void append_to_payload(std::string& payload, const SharedBytes& frame);

}  // namespace togglecast::engineio
