// Engine.IO packets that are ready for every transport. One block holds the packet as an unmasked WebSocket
// frame; polling sends the same block without its frame header. So a broadcast encodes a packet once.
// Thread rule: pure functions; the blocks may be shared between threads.
#pragma once

#include <string>
#include <string_view>

#include "base/shared_bytes.hpp"

namespace togglecast::engineio {

/// A message packet with text: `4` and the data, which may be given in three pieces.
[[nodiscard]] SharedBytes text_message(std::string_view data, std::string_view more = {},
                                       std::string_view last = {});
/// A message packet with binary data.
[[nodiscard]] SharedBytes binary_message(std::string_view data);
/// Any text packet. `packet` begins with the type digit: `2`, `6`, `3probe`.
[[nodiscard]] SharedBytes text_packet(std::string_view packet);

/// The Engine.IO packet in `frame`, without the frame's header. It points into the frame.
struct FrameData {
  bool binary;  ///< then `data` is the message itself
  std::string_view data;
};
[[nodiscard]] FrameData data_of(const SharedBytes& frame) noexcept;

/// The number of bytes of `frame` in a polling payload, without a separator.
[[nodiscard]] std::size_t polling_size(const SharedBytes& frame) noexcept;
/// Appends `frame` to a polling payload: text unchanged, binary as `b` and base64.
void append_to_payload(std::string& payload, const SharedBytes& frame);

}  // namespace togglecast::engineio
