// A blocking Socket.IO client over WebSocket for tests: packets as text, every wait with a deadline. Pings
// are answered.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "support/client_frames.hpp"
#include "support/tcp_client.hpp"

namespace togglecast::test {

class SocketIoClient {
 public:
  explicit SocketIoClient(std::uint16_t port, std::string_view headers = {}, int receive_buffer = 0)
      : tcp_(port, receive_buffer) {
    tcp_.send(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: "
        "websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
        std::string(headers) + "\r\n");
    EXPECT_EQ(tcp_.receive_until("\r\n\r\n").substr(0, 12), "HTTP/1.1 101");
    EXPECT_EQ(next().substr(0, 2), "0{");
  }

  /// A Socket.IO packet, such as `0/chat,{"token":"…"}`.
  void send(std::string_view packet) { tcp_.send(client_text("4" + std::string(packet))); }

  /// The next Socket.IO packet; empty when the connection ends or none comes in time.
  std::string packet() {
    const std::string message = next();
    return message.empty() ? message : message.substr(1);
  }

  /// The next packet as an event of `nsp`: its arguments with the name in front.
  json::array event(std::string_view nsp) {
    const std::string text = packet();
    const std::string prefix = "2" + std::string(nsp) + ",";
    EXPECT_EQ(text.substr(0, prefix.size()), prefix) << text;
    if (text.size() <= prefix.size()) return {};
    auto parsed = json::parse(std::string_view(text).substr(prefix.size()));
    EXPECT_TRUE(parsed.has_value() && parsed->is_array()) << text;
    return parsed && parsed->is_array() ? parsed->get_array() : json::array{};
  }

  /// The code of the close frame that ends the connection; 0 without one.
  std::uint16_t close_code() {
    while (!next().empty()) {
    }
    return close_code_;
  }

  [[nodiscard]] TcpClient& tcp() noexcept { return tcp_; }

 private:
  // The next Engine.IO message that is no ping.
  std::string next() {
    while (true) {
      const std::string head = tcp_.receive(2);
      if (head.size() < 2) return {};
      std::size_t size = static_cast<unsigned char>(head[1]);
      const std::size_t extended = size == 126 ? 2 : size == 127 ? 8 : 0;
      if (extended > 0) {
        size = 0;
        for (const char byte : tcp_.receive(extended)) size = size << 8 | static_cast<unsigned char>(byte);
      }
      std::string payload = tcp_.receive(size);
      const unsigned opcode = static_cast<unsigned char>(head[0]) & 15U;
      if (opcode == 8) {
        if (payload.size() >= 2)
          close_code_ = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                                   static_cast<unsigned char>(payload[1]));
        return {};
      }
      if (payload == "2") {
        tcp_.send(client_text("3"));
        continue;
      }
      return payload;
    }
  }

  TcpClient tcp_;
  std::uint16_t close_code_ = 0;
};

}  // namespace togglecast::test
