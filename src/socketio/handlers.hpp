// The handlers of a namespace: middlewares, connection handlers, event handlers.
// Thread rule: register them before the server starts; then all shards read them without a lock.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "socketio/event.hpp"

namespace togglecast::socketio {

class Socket;

/// The reason to refuse a CONNECT. The client gets it as `connect_error`.
struct ConnectError {
  std::string message;
  json::value data{};
};

/// The reason why a socket left its namespace, in the words of Socket.IO.
enum class DisconnectReason : std::uint8_t {
  client_namespace_disconnect,
  server_namespace_disconnect,
  transport_close,
  transport_error,
  ping_timeout,
  parse_error,
  forced_close,
  forced_server_close,
  server_shutting_down,
};
[[nodiscard]] std::string_view to_string(DisconnectReason reason) noexcept;

/// Accepts a connection with `next()`, or refuses it with `next(ConnectError{…})`. A middleware may keep it
/// and call it later, from any thread. Only the first call counts.
class Next {
 public:
  Next(std::shared_ptr<Socket> socket, std::size_t index);
  void operator()() const;
  void operator()(ConnectError error) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

using Middleware = std::function<void(Socket&, Next)>;
using ConnectionHandler = std::function<void(Socket&)>;
using DisconnectHandler = std::function<void(Socket&, DisconnectReason)>;
using EventHandler = std::function<void(Event&)>;
/// Returns false to drop the event.
using EventFilter = std::function<bool(Event&)>;
/// An event from another server. Call `answer` to answer it.
using ServerSideHandler = std::function<void(const Arguments&, const std::function<void(Arguments)>& answer)>;

/// The registered handlers, for the library.
struct EventTable {
  std::map<std::string, std::vector<EventHandler>, std::less<>> named;
  std::vector<EventHandler> any;
};

struct Handlers {
  std::vector<Middleware> middlewares;
  std::vector<ConnectionHandler> connection;
  std::vector<ConnectionHandler> drained;
  std::vector<ConnectionHandler> ping;
  std::vector<ConnectionHandler> pong;
  std::vector<DisconnectHandler> disconnecting;
  std::vector<DisconnectHandler> disconnect;
  std::vector<EventFilter> filters;
  EventTable events;
  std::map<std::string, ServerSideHandler, std::less<>> server_side;
};

/// The registration calls that namespaces and namespace patterns share. Call them before the server starts.
class HandlerRegistry {
 public:
  HandlerRegistry() : handlers_(std::make_shared<Handlers>()) {}
  explicit HandlerRegistry(std::shared_ptr<Handlers> shared) : handlers_(std::move(shared)) {}

  /// Runs for each CONNECT, in order of registration. It decides with `next`, now or later.
  HandlerRegistry& use(Middleware middleware);
  /// A socket has joined. The answer to its CONNECT has been sent.
  HandlerRegistry& on_connection(ConnectionHandler handler);
  /// A socket is about to leave. It is still in its rooms.
  HandlerRegistry& on_disconnecting(DisconnectHandler handler);
  /// A socket has left. It is in no room, and its calls do nothing.
  HandlerRegistry& on_disconnect(DisconnectHandler handler);
  /// One handler for this event of all sockets. It costs no memory per connection.
  HandlerRegistry& on(std::string event, EventHandler handler);
  /// The connection of a socket has sent all that was queued.
  HandlerRegistry& on_drained(ConnectionHandler handler);
  /// A ping was sent to the client, behind all packets of the socket.
  HandlerRegistry& on_ping(ConnectionHandler handler);
  /// The client has answered the last ping: it has read all that was sent before that ping.
  HandlerRegistry& on_pong(ConnectionHandler handler);
  /// Runs for every event of every socket, also for events with handlers of their own.
  HandlerRegistry& on_any(EventHandler handler);
  /// Runs for every event before all handlers.
  HandlerRegistry& filter(EventFilter filter);
  /// An event that another server of the cluster sent with `Namespace::server_side_emit`.
  HandlerRegistry& on_server_side(std::string event, ServerSideHandler handler);

  [[nodiscard]] const std::shared_ptr<Handlers>& handlers() const noexcept { return handlers_; }

 private:
  std::shared_ptr<Handlers> handlers_;
};

}  // namespace togglecast::socketio
