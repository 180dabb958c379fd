// A WebSocket that asks to replace the polling of a session. The client sends `2probe`, the server `3probe`,
// and the client `5`. Any other packet, and a time-out, closes the WebSocket; the session goes on by polling.
// Thread rule: the session's shard. The session owns it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/shard.hpp"
#include "net/timer_wheel.hpp"
#include "web/websocket.hpp"

namespace togglecast::engineio {

class Session;

class UpgradeProbe final : public net::Retirable, private net::TimerNode, private web::WebSocketHandler {
 public:
  UpgradeProbe(Session& session, net::StreamPtr stream, wire::websocket::DecoderLimits limits,
               const web::AgreedDeflate& deflate);
  ~UpgradeProbe() override;

  /// Reads `leftover`, the bytes behind the handshake, and then the stream.
  void start(std::string leftover);
  /// Closes the WebSocket and says nothing to the session.
  void cancel();

 private:
  void on_text(std::string_view message) override;
  void on_binary(std::string_view message) override;
  void on_end(web::WebSocketEnd how, std::uint16_t code, std::string_view reason) override;
  void on_timer(TimePoint now) override;
  void give_up();

  Session& session_;
  std::unique_ptr<web::WebSocket> socket_;
  TimePoint deadline_;
  bool probed_ = false;
};

}  // namespace togglecast::engineio
