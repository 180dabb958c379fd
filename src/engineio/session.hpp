// An Engine.IO 4 session: one logical connection over polling, over WebSocket, or over polling first and then
// WebSocket. Thread rule: everything on the session's shard. Ownership: the server owns sessions, and a
// session owns its handler. Both are destroyed after the turn in which the session ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/memory/held.hpp"
#include "base/pooled.hpp"
#include "base/shared_bytes.hpp"
#include "engineio/counters.hpp"
#include "engineio/heartbeat.hpp"
#include "engineio/options.hpp"
#include "engineio/session_id.hpp"
#include "net/shard.hpp"
#include "net/stream.hpp"
#include "web/exchange.hpp"
#include "web/websocket.hpp"
#include "wire/engineio/packet.hpp"

namespace togglecast::engineio {

class PacketTrace;
class PollingTransport;
class Server;
class UpgradeProbe;

/// Why a session ended, in the words of the reference implementation.
enum class CloseReason : std::uint8_t {
  transport_error,
  transport_close,
  ping_timeout,
  parse_error,
  forced_close,  ///< the server closed it
};
[[nodiscard]] std::string_view to_string(CloseReason reason) noexcept;

enum class TransportKind : std::uint8_t { polling, websocket };
[[nodiscard]] std::string_view to_string(TransportKind kind) noexcept;

/// The application's side of a session.
class SessionHandler {
 public:
  virtual ~SessionHandler() = default;
  /// A text message. The view is valid during the call. Polling replaces invalid UTF-8 with U+FFFD.
  virtual void on_text(std::string_view message) = 0;
  /// A binary message. The view is valid during the call.
  virtual void on_binary(std::string_view message) = 0;
  /// The session has ended. Called exactly once.
  virtual void on_close(CloseReason reason) = 0;
  /// The kernel, or a poll, has taken everything that was queued.
  virtual void on_drained() {}
  /// The session has moved to WebSocket.
  virtual void on_upgraded() {}
  /// `Session::outlet` has changed.
  virtual void on_outlet_moved() {}
  /// It owes the client an answer. A session that the server sends away waits for it, for a moment.
  [[nodiscard]] virtual bool owes_answer() const noexcept { return false; }
  /// The server sends the client away. What is sent within this call still leaves; `on_close` follows.
  virtual void on_shutdown() {}
  /// A ping has been sent, behind all packets that were sent before.
  virtual void on_ping() {}
  /// The client has answered the last ping. So it has read all packets that were sent before that ping. A
  /// pong frame of the WebSocket protocol is another thing: a browser or proxy answers those by itself.
  virtual void on_pong() {}
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
  /// The application knows the peer: `Options::max_payload` holds in the place of `untrusted_payload`.
  void trust();

  /// Sends a packet of `engineio/frame.hpp`. Does nothing when the session is not open.
  void send(const SharedBytes& frame);
  /// Whether a packet sent now would leave at once. If not, callers drop volatile packets.
  [[nodiscard]] bool writable() const noexcept;
  /// For broadcasts: where `Shard::send` reaches the client without this session. kNone over polling, with
  /// compression, and while a trace watches the packets.
  [[nodiscard]] net::Outlets::Index outlet() const noexcept {
    return socket_ != nullptr && trace_ == nullptr ? socket_->outlet() : net::Outlets::kNone;
  }
  /// Tells the trace, if there is one, who is at the other end: `client`, `acme`. `outlet` may change.
  void name(std::string_view kind, std::string_view name);
  /// The time since a ping that has no pong yet; zero when there is none.
  [[nodiscard]] Milliseconds unanswered() const noexcept { return heartbeat_.unanswered(shard_.now()); }
  /// From the last ping to its pong; nothing before the first one, and while a ping is unanswered. Over
  /// polling, it includes the time until the poll that takes the ping.
  [[nodiscard]] std::optional<std::chrono::microseconds> round_trip() const noexcept {
    return heartbeat_.round_trip();
  }
  /// The time since the last pong or `seen`; nothing before the first one.
  [[nodiscard]] std::optional<Milliseconds> since_seen() const noexcept {
    return heartbeat_.since_seen(shard_.now());
  }
  /// The application has proof that the client is there.
  void seen() noexcept { heartbeat_.seen(shard_.now()); }
  /// Sends a ping now, behind all packets that were sent before; or, while another one is unanswered, right
  /// after its pong.
  void ping();
  /// Bytes that neither the kernel nor a poll has taken, and those of a poll's answer that is under way.
  [[nodiscard]] std::size_t backlog_bytes() const noexcept;
  /// Bytes that leave at the end of this turn of the loop.
  [[nodiscard]] std::size_t collected_bytes() const noexcept {
    return socket_ == nullptr ? 0 : socket_->stream().collected_bytes();
  }
  /// How long the client has taken none of these bytes; zero when there are none.
  [[nodiscard]] Milliseconds stalled() const noexcept;
  /// What the client had not taken when it was given up; all zero when nothing waited. Also after the end.
  [[nodiscard]] net::Unread unread() const noexcept;
  /// Ends the session with `reason`. Packets sent before still leave: over WebSocket before the close frame,
  /// over polling before the close packet, which waits `Options::close_grace` for its poll. `code` goes into
  /// the close frame; CloseCode::none stands for a frame without a code.
  void close(CloseReason reason = CloseReason::forced_close,
             wire::websocket::CloseCode code = wire::websocket::CloseCode::none);
  /// The same without the packets that wait, for a client that does not take them.
  void close_without_backlog(wire::websocket::CloseCode code);
  /// Sends the client away to come back, see Server::send_away.
  void leave(wire::websocket::CloseCode code);

 private:
  friend class PollingTransport;
  friend class Server;
  friend class UpgradeProbe;
  enum class State : std::uint8_t {
    opening,
    open,
    closing,            ///< the server has closed it; the next poll brings the close packet
    closing_by_client,  ///< the client has closed it; a poll may have crossed the close packet
    closed,
  };

  Session(Server& server, net::Shard& shard, const SessionId& id);

  // Called by the server.
  void begin_polling(web::Exchange& exchange);
  void begin_websocket(web::Exchange& exchange);
  void opened(std::unique_ptr<SessionHandler> handler);
  void start_upgrade(web::Exchange& exchange);
  void take_over(std::unique_ptr<web::WebSocket> socket);
  void probe_ended();

  // Called by the transports.
  void on_packet_text(std::string_view text);
  void on_packet(const wire::engineio::Packet& packet);
  void on_message_binary(std::string_view bytes);
  /// Ends the session now: the transport is gone, or has told the client.
  void end(CloseReason reason);

  void on_text(std::string_view message) override { on_packet_text(message); }
  void on_binary(std::string_view message) override { on_message_binary(message); }
  void on_end(web::WebSocketEnd how, std::uint16_t code, std::string_view reason) override;
  std::string_view reason_for(std::uint16_t code) override;
  void on_drained() override;
  void on_timer(TimePoint now) override;
  void closed_by_client();
  void arm_heartbeat();
  void send_ping();
  void on_pong();
  /// Whether the client takes what was sent before, which may be much, and so cannot answer the ping yet.
  [[nodiscard]] bool still_takes() const noexcept;
  void end_if_overdue(TimePoint now);
  void trace_out(std::string_view packet);
  /// The bytes that one message or polling body may have now, and the limit that this is.
  [[nodiscard]] std::size_t payload_limit() const noexcept;
  [[nodiscard]] Limit passed_payload_limit() const noexcept {
    return trusted_ ? Limit::max_payload : Limit::untrusted_payload;
  }
  void notify_closed(CloseReason reason);

  Server& server_;
  net::Shard& shard_;
  HeldPtr held_;  // see Options::hold
  std::unique_ptr<SessionHandler> handler_;
  std::unique_ptr<PollingTransport> polling_;
  std::unique_ptr<web::WebSocket> socket_;
  std::unique_ptr<UpgradeProbe> probe_;
  std::unique_ptr<PacketTrace> trace_;  // null: nobody watches
  Heartbeat heartbeat_;
  SessionId id_;
  State state_ = State::opening;
  bool trusted_;
};

}  // namespace togglecast::engineio
