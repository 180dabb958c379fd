// The Socket.IO side of one Engine.IO session: packets in and out, and one socket per namespace.
// Thread rule: the session's shard. Internal to the library.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/memory/compact_vector.hpp"
#include "base/memory/held.hpp"
#include "base/pooled.hpp"
#include "engineio/handshake.hpp"
#include "engineio/session.hpp"
#include "net/timer_wheel.hpp"
#include "socketio/handlers.hpp"
#include "wire/socketio/packet.hpp"

namespace togglecast::socketio {

class Server;
class Socket;

class Connection final : public engineio::SessionHandler, public Pooled<Connection> {
 public:
  Connection(Server& server, engineio::Session& session, engineio::HandshakePtr handshake);
  ~Connection() override;

  [[nodiscard]] engineio::Session& session() noexcept { return session_; }
  [[nodiscard]] net::Shard& shard() noexcept { return session_.shard(); }
  /// nullptr once it was dropped; see `Options::retain_handshake`.
  [[nodiscard]] const engineio::Handshake* handshake() const noexcept {
    return beginning_ == nullptr ? nullptr : beginning_->handshake.get();
  }

  /// What the application keeps for this connection; null at first.
  [[nodiscard]] HeldPtr& state() noexcept { return state_; }

  /// A socket has joined its namespace, so that the connect time-out does not close the connection.
  void joined() noexcept { joined_ = true; }
  /// A socket has gone.
  void forget(Socket& socket);
  /// The server has ended this namespace. Packets that the client sent before it knew are ignored.
  void expect_stragglers(const std::string& nsp);
  /// A socket has as many pending acknowledgements as it may have.
  void too_many_acks();
  /// Sends DISCONNECT for every namespace, then closes the transport.
  void disconnect_all();
  void shut_down();

 private:
  void on_text(std::string_view message) override;
  void on_binary(std::string_view message) override;
  void on_close(engineio::CloseReason reason) override;
  void on_drained() override;
  void on_outlet_moved() override;
  void on_ping() override;
  void on_pong() override;
  void on_shutdown() override { shut_down(); }
  [[nodiscard]] bool owes_answer() const noexcept override;
  void on_connect_timeout();

  void on_decoded(Result<std::optional<wire::socketio::Packet>> decoded);
  void on_packet(wire::socketio::Packet&& packet);
  void on_connect(wire::socketio::Packet&& packet);
  /// Whether this packet, which no event handler gets, may be handled. Closes the connection if not.
  [[nodiscard]] bool admit_packet();
  /// The first part of a packet has arrived: whether its attachments may follow.
  void check_attachments(const std::string& nsp);
  [[nodiscard]] bool has_ended(std::string_view nsp) const noexcept;
  [[nodiscard]] bool in_a_namespace() const noexcept;
  void break_off(std::string_view why);
  void end_all(DisconnectReason reason);
  [[nodiscard]] Socket* find(std::string_view nsp) const noexcept;

  // The state of a new connection. It may be dropped once a namespace was joined.
  struct Beginning final : net::TimerNode {
    Beginning(Connection& owner, engineio::HandshakePtr request)
        : connection(owner), handshake(std::move(request)) {}
    ~Beginning() override = default;
    void on_timer(TimePoint) override { connection.on_connect_timeout(); }
    Connection& connection;
    engineio::HandshakePtr handshake;
  };
  using Sockets = CompactVector<std::shared_ptr<Socket>, 1>;

  Server& server_;
  engineio::Session& session_;
  std::unique_ptr<Beginning> beginning_;
  HeldPtr state_;
  wire::socketio::Decoder decoder_;
  Sockets sockets_;
  bool joined_ = false;
  std::unique_ptr<std::vector<std::string>> ended_;  // namespaces that the server ended, the latest last
};

}  // namespace togglecast::socketio
