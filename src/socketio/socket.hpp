// One client in one namespace.
// Thread rule: everything on the socket's shard, where its handlers run; from elsewhere, post to `shard()`
// with a shared pointer, or address it by id: `nsp.to(id).emit(…)`. Ownership: its connection; handlers may
// keep `shared_from_this()`, whose calls do nothing once it is disconnected.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "engineio/handshake.hpp"
#include "engineio/session.hpp"
#include "socketio/acks.hpp"
#include "socketio/arguments.hpp"
#include "socketio/broadcast.hpp"
#include "socketio/encoded_packet.hpp"
#include "socketio/event.hpp"
#include "socketio/handlers.hpp"
#include "socketio/recovery.hpp"
#include "socketio/rooms.hpp"

namespace togglecast::socketio {

class Connection;
class Namespace;

class Socket : public std::enable_shared_from_this<Socket> {
 public:
  /// Made when a client joins the namespace.
  Socket(std::shared_ptr<Namespace> nsp, Connection& connection, json::value auth);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  /// Public id, unlike the transport's: 20 characters.
  [[nodiscard]] std::string_view id() const noexcept { return {id_.data(), id_.size()}; }
  [[nodiscard]] Namespace& nsp() const noexcept { return *nsp_; }
  [[nodiscard]] net::Shard& shard() const noexcept { return shard_; }
  [[nodiscard]] bool connected() const noexcept { return state_ == State::connected; }
  /// The connection state was recovered: same id, rooms and data, and what was missed has been sent.
  [[nodiscard]] bool recovered() const noexcept { return recovered_; }
  [[nodiscard]] engineio::TransportKind transport() const noexcept;

  /// The request that began the connection; nullptr once dropped (see `Options::retain_handshake`) or
  /// disconnected.
  [[nodiscard]] const engineio::Handshake* handshake() const noexcept;
  /// The `auth` object of the CONNECT packet, empty when there was none or it has been dropped.
  [[nodiscard]] const json::value& auth() const noexcept;

  /// Data of the application, visible in `fetch_sockets` and kept by recovery. An object at first.
  [[nodiscard]] json::value& data() { return details().data; }
  [[nodiscard]] const json::value& data() const noexcept;
  /// State of the application that stays on this shard.
  template <typename T>
  [[nodiscard]] T* state() const noexcept {
    return static_cast<T*>(app_state_.get());
  }
  void set_state(std::shared_ptr<void> state) noexcept { app_state_ = std::move(state); }

  // Handlers of this socket alone; `Namespace::on` serves all sockets at no cost for each. Those registered
  // while an event is being handled hear of the next one.
  void on(std::string event, EventHandler handler);
  void on_any(EventHandler handler);
  void on_disconnecting(std::function<void(DisconnectReason)> handler);
  void on_disconnect(std::function<void(DisconnectReason)> handler);

  /// Sends an event. Values are whatever `boost::json::value_from` takes, and `Binary`. Ignored once
  /// disconnected.
  template <typename... T>
  void emit(std::string_view event, T&&... values) {
    emit_arguments(event, arguments(std::forward<T>(values)...));
  }
  void emit_arguments(std::string_view event, Arguments args);
  /// Dropped when it would have to be queued.
  template <typename... T>
  void emit_volatile(std::string_view event, T&&... values) {
    if (writable()) emit_unrecorded(event, arguments(std::forward<T>(values)...));
  }
  /// Asks for an acknowledgement within `timeout`.
  template <typename... T>
  void emit_with_ack(Milliseconds timeout, AckCallback callback, std::string_view event, T&&... values) {
    emit_arguments_with_ack(timeout, std::move(callback), event, arguments(std::forward<T>(values)...));
  }
  void emit_arguments_with_ack(Milliseconds timeout, AckCallback callback, std::string_view event,
                               Arguments args);
  /// A packet encoded beforehand, such as one shared by several sockets. Not kept by recovery.
  void send(const EncodedPacket& packet);
  /// True when what is sent now would leave at once.
  [[nodiscard]] bool writable() const noexcept;
  /// Bytes sent that neither the kernel nor a poll has taken yet.
  [[nodiscard]] std::size_t backlog_bytes() const noexcept;

  /// How long the last ping of the heartbeat has gone unanswered; zero when it was answered.
  [[nodiscard]] Milliseconds unanswered() const noexcept;

  /// Every connected socket is in the room named after its id, which it cannot leave and which does not count
  /// towards `Options::rooms_per_socket`.
  ///
  /// Returns false if the socket is not connected, or is in as many other rooms as it may be.
  bool join(std::string_view room);
  void leave(std::string_view room);
  /// The names of all rooms of this socket, its own first. Empty unless connected.
  [[nodiscard]] std::vector<std::string> rooms() const;
  /// A broadcast to everyone but this socket; add rooms with `to`.
  [[nodiscard]] Broadcast broadcast() const;
  [[nodiscard]] Broadcast to(std::string room) const { return broadcast().to(std::move(room)); }

  /// Leaves the namespace; with `close` the client's whole connection ends.
  void disconnect(bool close = false);
  /// Ends the connection with this WebSocket close code, so that stock clients come back.
  void close_transport(wire::websocket::CloseCode code);

 private:
  friend class Connection;
  friend class Namespace;
  friend class Next;
  friend class Rooms;
  enum class State : std::uint8_t { connecting, connected, disconnected };
  struct OwnHandlers;
  // What an idle socket of a large namespace mostly does without.
  struct Details {
    json::value auth;
    json::value data = json::object{};
    std::shared_ptr<OwnHandlers> own;  // never changed while a dispatch holds it too
    std::unique_ptr<PendingAcks> acks;
    std::string pid;
    std::string resume_pid, resume_offset;  // until the middlewares have run
    [[nodiscard]] bool empty() const noexcept;
  };

  void emit_unrecorded(std::string_view event, Arguments args);
  void start(std::string pid, std::string offset);
  [[nodiscard]] bool try_recover();
  void run_middlewares(std::size_t index);
  void refuse(const ConnectError& error);
  void become_connected();
  void become_recovered(RecoveredSession recovered);
  void announce();
  [[nodiscard]] bool expect_ack(std::uint64_t ack_id, Milliseconds timeout, AckCallback callback);
  void on_event(Arguments&& args, std::optional<std::uint64_t> ack_id);
  void on_ack(std::uint64_t id, Arguments args);
  void disconnect_now(bool close);
  void gone(DisconnectReason reason);
  /// The connection is destroyed, and nobody is told: lets go of all that may hold this socket.
  void abandon() noexcept;
  void drained();
  void call_disconnect_handlers(const std::vector<std::function<void(DisconnectReason)>>& own_handlers,
                                const std::vector<DisconnectHandler>& shared, DisconnectReason reason);
  /// Lets go of all that may hold this socket.
  void release();
  void save_for_recovery(DisconnectReason reason);
  void write(const EncodedPacket& packet);
  OwnHandlers& own();
  [[nodiscard]] std::shared_ptr<OwnHandlers> own_handlers() const noexcept {
    return details_ == nullptr ? nullptr : details_->own;
  }
  Details& details();
  void drop_details_if_empty() noexcept;
  void fail_acks();
  [[nodiscard]] net::Outlets::Index outlet() const noexcept;

  std::shared_ptr<Namespace> nsp_;
  Connection* connection_;  // nullptr once it has gone
  net::Shard& shard_;
  std::shared_ptr<void> app_state_;
  Memberships memberships_;
  std::unique_ptr<Details> details_;
  std::uint64_t visit_ = 0;
  std::array<char, 20> id_{};
  State state_ = State::connecting;
  bool recovered_ = false;
  bool leaving_ = false;
};

}  // namespace togglecast::socketio
