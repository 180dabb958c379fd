// WebSocket frames (RFC 6455, section 5) from the other side: masked ones that a client sends, unmasked ones
// that it reads, without extensions. It owns no socket and no clock. Thread rule: a reader belongs to one
// connection; the encoder is pure.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "wire/websocket/frame.hpp"

namespace togglecast::wire::websocket {

/// One whole masked frame.
[[nodiscard]] std::string encode_masked(Opcode opcode, std::string_view payload,
                                        const std::array<char, 4>& mask);

struct ServerMessage {
  Opcode opcode;  ///< text, binary, close, ping or pong
  std::string payload;
};

class ServerFrameReader {
 public:
  /// `most` is the number of bytes of the largest message to take.
  explicit ServerFrameReader(std::size_t most) noexcept : most_(most) {}

  void add(std::string_view bytes) { input_ += bytes; }
  /// The next message or control frame; nothing if more bytes must come. Errors are final: `parse_error`
  /// names the rule that the server broke, `payload_too_large` the size.
  [[nodiscard]] Result<std::optional<ServerMessage>> next();

 private:
  std::size_t most_;
  std::string input_;
  std::optional<ServerMessage> open_;  // its fragments so far
};

}  // namespace togglecast::wire::websocket
