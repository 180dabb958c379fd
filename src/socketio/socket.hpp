// One client in one namespace.
// Thread rule: all calls on the socket's shard, where its handlers run. On another thread, post a task with a
// weak pointer to `shard()`, or use the id: `nsp.to(id).emit(…)`. Ownership: the connection owns it.
// Handlers may keep `shared_from_this()`, and let go of it on the shard (`net::posted_to`); after the
// disconnect its calls do nothing.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/memory/held.hpp"
#include "engineio/handshake.hpp"
#include "engineio/session.hpp"
#include "net/stream.hpp"
#include "socketio/broadcast.hpp"
#include "socketio/event.hpp"
#include "socketio/handlers.hpp"
#include "socketio/packets/acks.hpp"
#include "socketio/packets/arguments.hpp"
#include "socketio/packets/encoded_packet.hpp"
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

  /// The public id, 20 characters. The id of the Engine.IO session is another one, and secret.
  [[nodiscard]] std::string_view id() const noexcept { return {id_.data(), id_.size()}; }
  [[nodiscard]] Namespace& nsp() const noexcept { return *nsp_; }
  [[nodiscard]] net::Shard& shard() const noexcept { return shard_; }
  [[nodiscard]] bool connected() const noexcept { return state_ == State::connected; }
  /// True if the connection state was recovered: same id, rooms and data, and missed events were sent.
  [[nodiscard]] bool recovered() const noexcept { return recovered_; }
  [[nodiscard]] engineio::TransportKind transport() const noexcept;

  /// The request that opened the connection. nullptr after the disconnect, or once it was dropped; see
  /// `Options::retain_handshake`.
  [[nodiscard]] const engineio::Handshake* handshake() const noexcept;
  /// The `auth` object of the CONNECT packet. Empty if there was none or it was dropped.
  [[nodiscard]] const json::value& auth() const noexcept;

  /// The session that the client says it had before: `pid` and `offset` of its CONNECT packet, each empty
  /// when it is absent or no string. They come from outside. As long as `auth()`.
  struct PresentedSession {
    std::string_view pid, offset;
  };
  [[nodiscard]] PresentedSession presented() const noexcept;
  /// The private id in the answer to CONNECT, for an application that resumes sessions by itself; call it in
  /// a middleware. With the id that the client presented, a stock client sets `recovered`. With another one,
  /// or none, it does not. Without effect beside `Options::recovery`, which makes the ids.
  void set_pid(std::string pid);

  /// Data of the application. `fetch_sockets` shows it and recovery keeps it. An empty object at first.
  [[nodiscard]] json::value& data() { return details().data; }
  [[nodiscard]] const json::value& data() const noexcept;
  /// The client is not there any more, or the socket has left: neither middlewares nor events reach it.
  [[nodiscard]] bool ended() const noexcept { return connection_ == nullptr; }
  /// While a middleware works for this socket, the connect time-out does not end the connection.
  void set_working(bool working) noexcept { working_ = working; }

  /// State of the application for this shard only.
  template <typename T>
  [[nodiscard]] T* state() const noexcept {
    return static_cast<T*>(app_state_.get());
  }
  void set_state(std::shared_ptr<void> state) noexcept { app_state_ = std::move(state); }
  /// State of the application for the whole connection, shared by its sockets in all namespaces and kept from
  /// one CONNECT to the next; null at first. Only before the disconnect.
  [[nodiscard]] HeldPtr& connection_state() noexcept;
  /// Says who this is, such as `client`, `acme`, to the trace of the connection's packets if there is one
  /// (`engineio::Options::trace`).
  void name_connection(std::string_view kind, std::string_view name);
  /// Whether packets of the client may have attachments; yes at first. One that has them when it may not ends
  /// the connection before they are read.
  void accept_attachments(bool accept) noexcept { accepts_attachments_ = accept; }
  [[nodiscard]] bool accepts_attachments() const noexcept { return accepts_attachments_; }
  /// The application knows the client: messages of its connection may have `max_payload` bytes, no longer
  /// only `engine.untrusted_payload`. Only before the disconnect.
  void trust_connection();

  // Handlers of this socket only. `Namespace::on` serves all sockets and costs no memory per socket. A
  // handler that is registered while an event is handled gets the next event.
  void on(std::string event, EventHandler handler);
  void on_any(EventHandler handler);
  void on_disconnecting(std::function<void(DisconnectReason)> handler);
  void on_disconnect(std::function<void(DisconnectReason)> handler);

  /// Sends an event. A value is of any type that `boost::json::value_from` accepts, or `Binary`. Does nothing
  /// after the disconnect. Throws std::length_error for more than 10 attachments, as stock clients refuse
  /// them; so do all calls that emit.
  template <typename... T>
  void emit(std::string_view event, T&&... values) {
    emit_arguments(event, arguments(std::forward<T>(values)...));
  }
  void emit_arguments(std::string_view event, Arguments args);
  /// Sends an event, or drops it if it could not be sent at once.
  template <typename... T>
  void emit_volatile(std::string_view event, T&&... values) {
    if (writable()) emit_unrecorded(event, arguments(std::forward<T>(values)...));
  }
  /// Sends an event and asks for an acknowledgement within `timeout`.
  template <typename... T>
  void emit_with_ack(Milliseconds timeout, AckCallback callback, std::string_view event, T&&... values) {
    emit_arguments_with_ack(timeout, std::move(callback), event, arguments(std::forward<T>(values)...));
  }
  void emit_arguments_with_ack(Milliseconds timeout, AckCallback callback, std::string_view event,
                               Arguments args);
  /// Sends an event that was encoded with `ack_id` and asks for its acknowledgement. Several sockets of the
  /// namespace may share both; see `Namespace::next_ack_id`. Recovery does not keep it.
  void send_with_ack(const EncodedPacket& packet, std::uint64_t ack_id, Milliseconds timeout,
                     AckCallback callback);
  /// Sends an encoded packet, which several sockets may share. Recovery does not keep it.
  void send(const EncodedPacket& packet);
  /// True if a packet sent now would leave at once.
  [[nodiscard]] bool writable() const noexcept;
  /// The bytes sent that neither the kernel nor a polling request has taken yet.
  [[nodiscard]] std::size_t backlog_bytes() const noexcept;
  /// Bytes that leave at the end of this turn of the loop.
  [[nodiscard]] std::size_t collected_bytes() const noexcept;
  /// How long the client has taken none of these bytes; zero when there are none.
  [[nodiscard]] Milliseconds stalled() const noexcept;
  /// For disconnect handlers: what the client had not taken when its connection was given up. All zero when
  /// nothing waited.
  [[nodiscard]] net::Unread unread() const noexcept;
  /// Where `EncodedPacket::send_to` reaches the client directly, without its session and without reading this
  /// object: for sending to many. kNone over polling and with compression. Any other value stays until the
  /// socket is disconnected. Recovery does not keep such packets.
  [[nodiscard]] net::Outlets::Index outlet() const noexcept;

  /// How long the last ping has been unanswered. Zero if it was answered.
  [[nodiscard]] Milliseconds unanswered() const noexcept;
  /// From the last ping to its pong; nothing before the first one, while a ping is unanswered, and after the
  /// disconnect. Over polling, it includes the time until the poll that takes the ping.
  [[nodiscard]] std::optional<std::chrono::microseconds> round_trip() const noexcept;
  /// The time since the last pong, or since `seen`; nothing before the first one.
  [[nodiscard]] std::optional<Milliseconds> since_seen() const noexcept;
  /// The application has proof that the client is there, such as an event of its own heartbeat.
  void seen() noexcept;
  /// Sends the client a ping now, behind all that was sent to it; or, while another one is unanswered, right
  /// after its pong. See `HandlerRegistry::on_pong`.
  void ping();

  /// Every connected socket is in the room named after its id, which it cannot leave and which does not count
  /// towards `Options::rooms_per_socket`.
  ///
  /// Returns false if the socket is not connected, or is in as many other rooms as it may be.
  bool join(std::string_view room);
  void leave(std::string_view room);
  /// The names of all rooms of this socket, its own first. Empty unless connected.
  [[nodiscard]] std::vector<std::string> rooms() const;
  /// A broadcast to all sockets except this one. Add rooms with `to`.
  [[nodiscard]] Broadcast broadcast() const;
  [[nodiscard]] Broadcast to(std::string room) const { return broadcast().to(std::move(room)); }

  /// Leaves the namespace. With `close`, the connection of the client ends.
  void disconnect(bool close = false);
  /// Ends the connection with this WebSocket close code. Stock clients reconnect after it.
  void close_transport(wire::websocket::CloseCode code);
  /// The same without the packets that wait, for a client that does not take them.
  void close_transport_without_backlog(wire::websocket::CloseCode code);

 private:
  friend class Ack;
  friend class Connection;
  friend class Namespace;
  friend class Next;
  friend class Rooms;
  enum class State : std::uint8_t { connecting, connected, disconnected };
  struct OwnHandlers;
  // Most idle sockets have none of this.
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
  /// Goes on with `otherwise` if there is no such session.
  void try_recover(void (Socket::*otherwise)());
  void run_first_middleware() { run_middlewares(0); }
  void run_middlewares(std::size_t index);
  void refuse(const ConnectError& error);
  void become_connected();
  void become_recovered(RecoveredSession recovered);
  void announce();
  [[nodiscard]] bool expect_ack(std::uint64_t ack_id, Milliseconds timeout, AckCallback callback);
  void on_event(const wire::socketio::PlainEvent& plain);
  void on_event(Arguments&& args, std::optional<std::uint64_t> ack_id);
  void dispatch(Event& event);
  void on_ack(std::uint64_t id, Arguments args);
  [[nodiscard]] bool awaits(std::uint64_t ack_id) const noexcept;
  void disconnect_now(bool close);
  void gone(DisconnectReason reason);
  /// The connection is destroyed without a disconnect. Drops all that may refer to this socket.
  void abandon() noexcept;
  void drained();
  /// While it is connected.
  void call(const std::vector<ConnectionHandler>& handlers, std::string_view name);
  void call_disconnect_handlers(const std::vector<std::function<void(DisconnectReason)>>& own_handlers,
                                const std::vector<DisconnectHandler>& shared, DisconnectReason reason);
  /// Drops all that may refer to this socket.
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

  std::shared_ptr<Namespace> nsp_;
  Connection* connection_;  // nullptr once it has gone
  net::Shard& shard_;
  std::shared_ptr<void> app_state_;
  Memberships memberships_;
  std::unique_ptr<Details> details_;
  std::uint64_t visit_ = 0;
  std::array<char, 20> id_{};
  std::uint32_t owed_acks_ = 0;  // events that asked for an answer and have none yet
  State state_ = State::connecting;
  bool recovered_ = false;
  bool working_ = false;
  bool leaving_ = false;
  bool accepts_attachments_ = true;
};

}  // namespace togglecast::socketio
