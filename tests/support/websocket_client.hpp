// A blocking WebSocket client for tests: the opening handshake, masked frames out, frames in.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "support/client_frames.hpp"
#include "support/http_client.hpp"

namespace togglecast::test {

struct ServerFrame {
  unsigned opcode = 0;    ///< 1 text, 2 binary, 8 close, 9 ping, 10 pong
  unsigned reserved = 0;  ///< RSV1-3 as the bits 4, 2, 1
  std::string payload;
};

class WebSocketClient {
 public:
  WebSocketClient(HttpClient http, std::string_view target, std::string_view headers = {})
      : http_(std::move(http)) {
    std::string fields(headers);
    fields +=
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    http_.tcp().send(HttpClient::request("GET", target, {}, fields));
    response_ = http_.receive();
  }

  /// The answer to the handshake: 101, or why not.
  [[nodiscard]] const HttpResponse& response() const noexcept { return response_; }
  [[nodiscard]] TcpClient& tcp() noexcept { return http_.tcp(); }

  bool send(std::string_view text) { return tcp().send(client_text(text)); }
  bool send_binary(std::string_view bytes) {
    return tcp().send(client_frame({.opcode = 2, .payload = bytes}));
  }

  /// The next frame; nothing when the connection ends or time is over.
  std::optional<ServerFrame> receive() {
    const std::string start = tcp().receive(2);
    if (start.size() < 2) return std::nullopt;
    ServerFrame frame;
    frame.opcode = static_cast<unsigned char>(start[0]) & 15U;
    frame.reserved = static_cast<unsigned char>(start[0]) >> 4U & 7U;
    std::size_t size = static_cast<unsigned char>(start[1]) & 127U;
    const std::size_t width = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (width != 0) {
      size = 0;
      for (const char byte : tcp().receive(width)) size = size << 8 | static_cast<unsigned char>(byte);
    }
    frame.payload = tcp().receive(size);
    if (frame.payload.size() < size) return std::nullopt;
    return frame;
  }

 private:
  HttpClient http_;
  HttpResponse response_;
};

}  // namespace togglecast::test
