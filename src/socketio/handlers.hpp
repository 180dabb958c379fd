// What a namespace does with its sockets: middlewares, connection handlers, event handlers. Registered before
// the server starts; afterwards read by all shards without a lock.
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

/// Why a CONNECT was refused; the client gets it as `connect_error`.
struct ConnectError {
  std::string message;
  json::value data{};
};

/// Why a socket left its namespace, in the field's words.
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

/// Continues a connection: `next()`, or `next(ConnectError{…})`. May be kept and called later, from any
/// thread; only the first call counts.
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
/// False drops the event.
using EventFilter = std::function<bool(Event&)>;
/// An event from another server; calling the function answers it.
using ServerSideHandler = std::function<void(const Arguments&, const std::function<void(Arguments)>& answer)>;

/// What was registered; read by the library.
struct EventTable {
  std::map<std::string, std::vector<EventHandler>, std::less<>> named;
  std::vector<EventHandler> any;
};

struct Handlers {
  std::vector<Middleware> middlewares;
  std::vector<ConnectionHandler> connection;
  std::vector<ConnectionHandler> drained;
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

  /// Runs for each CONNECT, in order of registration; decides through `next`, now or later.
  HandlerRegistry& use(Middleware middleware);
  /// A socket has joined; its CONNECT answer is on the way.
  HandlerRegistry& on_connection(ConnectionHandler handler);
  /// A socket is about to leave; it still has its rooms.
  HandlerRegistry& on_disconnecting(DisconnectHandler handler);
  /// A socket has left; it has no rooms any more, and its calls do nothing.
  HandlerRegistry& on_disconnect(DisconnectHandler handler);
  /// The same handler for this event of every socket; costs nothing per connection.
  HandlerRegistry& on(std::string event, EventHandler handler);
  /// The connection of a socket took everything that was queued for it.
  HandlerRegistry& on_drained(ConnectionHandler handler);
  /// Every event of every socket, whether or not it has a handler of its own.
  HandlerRegistry& on_any(EventHandler handler);
  /// Sees every event first.
  HandlerRegistry& filter(EventFilter filter);
  /// An event that another server of the cluster sent with `Namespace::server_side_emit`.
  HandlerRegistry& on_server_side(std::string event, ServerSideHandler handler);

  [[nodiscard]] const std::shared_ptr<Handlers>& handlers() const noexcept { return handlers_; }

 private:
  std::shared_ptr<Handlers> handlers_;
};

}  // namespace togglecast::socketio
