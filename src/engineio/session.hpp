// An Engine.IO 4 session: one logical connection over polling, over WebSocket, or begun on the first and
// moved to the second. Thread rule: everything on the session's shard. Ownership: the server owns sessions, a
// session owns its handler; neither is destroyed before the end of the turn in which the session ended.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/pooled.hpp"
#include "base/shared_bytes.hpp"
#include "engineio/heartbeat.hpp"
#include "engineio/options.hpp"
#include "engineio/session_id.hpp"
#include "net/shard.hpp"
#include "web/exchange.hpp"
#include "web/websocket.hpp"
#include "wire/engineio/packet.hpp"

namespace togglecast::engineio {

class PollingTransport;
class Server;
class UpgradeProbe;

/// Why a session ended, in the field's words.
enum class CloseReason : std::uint8_t {
  transport_error,
  transport_close,
  ping_timeout,
  parse_error,
  forced_close,  ///< our own side closed it
};
[[nodiscard]] std::string_view to_string(CloseReason reason) noexcept;

enum class TransportKind : std::uint8_t { polling, websocket };
[[nodiscard]] std::string_view to_string(TransportKind kind) noexcept;

/// The application's side of a session.
class SessionHandler {
 public:
  virtual ~SessionHandler() = default;
  /// A text message; the view is gone after the call. Over polling, invalid UTF-8 has become U+FFFD.
  virtual void on_text(std::string_view message) = 0;
  virtual void on_binary(std::string_view message) = 0;
  /// The end, called exactly once.
  virtual void on_close(CloseReason reason) = 0;
  /// What was queued has been taken by the kernel.
  virtual void on_drained() {}
  /// Polling is over: `Session::outlet` is that of the WebSocket now.
  virtual void on_upgraded() {}
};

class Session final : public net::Retirable,
                      public Pooled<Session>,
                      private net::TimerNode,
                      private web::WebSocketHandler {
 public:
  ~Session() override;

  [[nodiscard]] std::string_view id() const noexcept { return view_of(id_); }
  [[nodiscard]] const SessionId& session_id() const noexcept { return id_; }
  [[nodiscard]] net::Shard& shard() const noexcept { return shard_; }
  [[nodiscard]] TransportKind transport() const noexcept {
    return socket_ != nullptr ? TransportKind::websocket : TransportKind::polling;
  }
  [[nodiscard]] bool open() const noexcept { return state_ == State::open; }

  /// Sends a packet of `engineio/frame.hpp`. Ignored when not open.
  void send(const SharedBytes& frame);
  /// True when a packet sent now would leave at once; otherwise volatile packets are dropped.
  [[nodiscard]] bool writable() const noexcept;
  /// Where `Shard::send` reaches the client directly, past this session; kNone where that is not
  /// possible: over polling, and with compression. For broadcasts.
  [[nodiscard]] net::Outlets::Index outlet() const noexcept {
    return socket_ != nullptr ? socket_->outlet() : net::Outlets::kNone;
  }
  /// How long the last ping of the heartbeat has gone unanswered; zero when it was answered.
  [[nodiscard]] Milliseconds unanswered() const noexcept { return heartbeat_.unanswered(shard_.now()); }
  /// Bytes that neither the kernel nor a poll has taken yet.
  [[nodiscard]] std::size_t backlog_bytes() const noexcept;
  /// Ends the session. What was sent before still leaves: a polling client gets it with the close packet at
  /// its next poll, a WebSocket before the close frame (which has no code unless one is given). The handler
  /// hears `reason`.
  void close(CloseReason reason = CloseReason::forced_close,
             wire::websocket::CloseCode code = wire::websocket::CloseCode::none);

 private:
  friend class PollingTransport;
  friend class Server;
  friend class UpgradeProbe;
  enum class State : std::uint8_t {
    opening,
    open,
    closing,            ///< by us: a polling client is told at its next poll
    closing_by_client,  ///< a poll of the client may still be on its way, crossing the close packet
    closed,
  };

  Session(Server& server, net::Shard& shard, const SessionId& id);

  // The server's part: how the session begins and what its requests bring.
  void begin_polling(web::Exchange& exchange);
  void begin_websocket(web::Exchange& exchange);
  void opened(std::unique_ptr<SessionHandler> handler);
  void start_upgrade(web::Exchange& exchange);
  void take_over(std::unique_ptr<web::WebSocket> socket);
  void probe_ended();

  // What the transports bring.
  void on_packet_text(std::string_view text);
  void on_packet(const wire::engineio::Packet& packet);
  void on_message_binary(std::string_view bytes);
  /// The transport is gone or unusable: nothing more can be told to the client.
  void end(CloseReason reason);

  void on_text(std::string_view message) override { on_packet_text(message); }
  void on_binary(std::string_view message) override { on_message_binary(message); }
  void on_end(web::WebSocketEnd how, std::uint16_t code, std::string_view reason) override;
  void on_drained() override;
  void on_timer(TimePoint now) override;
  void closed_by_client();
  void arm_heartbeat();
  void end_if_overdue(TimePoint now);
  void notify_closed(CloseReason reason);

  Server& server_;
  net::Shard& shard_;
  std::shared_ptr<void> held_;  // see Options::hold
  std::unique_ptr<SessionHandler> handler_;
  std::unique_ptr<PollingTransport> polling_;
  std::unique_ptr<web::WebSocket> socket_;
  std::unique_ptr<UpgradeProbe> probe_;
  Heartbeat heartbeat_;
  SessionId id_;
  State state_ = State::opening;
};

}  // namespace togglecast::engineio
