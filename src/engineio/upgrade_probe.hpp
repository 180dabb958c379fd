// A WebSocket that wants to take over a polling session: `2probe`, `3probe`, then `5`.
// Thread rule: the session's shard.
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

  void start(std::string leftover);
  /// Closes the WebSocket; the session goes on by polling, or not at all.
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
