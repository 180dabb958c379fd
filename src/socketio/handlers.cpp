#include "socketio/handlers.hpp"

#include <atomic>
#include <utility>

#include "net/shard.hpp"
#include "socketio/socket.hpp"

namespace togglecast::socketio {

std::string_view to_string(DisconnectReason reason) noexcept {
  switch (reason) {
    case DisconnectReason::client_namespace_disconnect:
      return "client namespace disconnect";
    case DisconnectReason::server_namespace_disconnect:
      return "server namespace disconnect";
    case DisconnectReason::transport_close:
      return "transport close";
    case DisconnectReason::transport_error:
      return "transport error";
    case DisconnectReason::ping_timeout:
      return "ping timeout";
    case DisconnectReason::parse_error:
      return "parse error";
    case DisconnectReason::forced_close:
      return "forced close";
    case DisconnectReason::forced_server_close:
      return "forced server close";
    case DisconnectReason::server_shutting_down:
      return "server shutting down";
  }
  return "forced close";
}

struct Next::State {
  State(std::shared_ptr<Socket> owner, std::size_t position) : socket(std::move(owner)), index(position) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (socket == nullptr || socket->shard().is_current()) return;
    net::Shard& shard = socket->shard();
    shard.post([held = std::move(socket)] {});
  }

  std::shared_ptr<Socket> socket;
  std::size_t index;
  std::atomic<bool> called{false};

  // The socket may only be let go on its shard.
  void on_shard(std::function<void(const std::shared_ptr<Socket>&)> task) {
    if (called.exchange(true)) return;
    net::Shard& shard = socket->shard();
    if (shard.is_current()) {
      task(std::exchange(socket, nullptr));
    } else {
      shard.post([task = std::move(task), held = std::exchange(socket, nullptr)] { task(held); });
    }
  }
};

Next::Next(std::shared_ptr<Socket> socket, std::size_t index)
    : state_(std::make_shared<State>(std::move(socket), index)) {}

void Next::operator()() const {
  state_->on_shard(
      [index = state_->index](const std::shared_ptr<Socket>& socket) { socket->run_middlewares(index); });
}

void Next::operator()(ConnectError error) const {
  state_->on_shard(
      [error = std::move(error)](const std::shared_ptr<Socket>& socket) { socket->refuse(error); });
}

HandlerRegistry& HandlerRegistry::use(Middleware middleware) {
  handlers_->middlewares.push_back(std::move(middleware));
  return *this;
}

HandlerRegistry& HandlerRegistry::on_connection(ConnectionHandler handler) {
  handlers_->connection.push_back(std::move(handler));
  return *this;
}

HandlerRegistry& HandlerRegistry::on_disconnecting(DisconnectHandler handler) {
  handlers_->disconnecting.push_back(std::move(handler));
  return *this;
}

HandlerRegistry& HandlerRegistry::on_disconnect(DisconnectHandler handler) {
  handlers_->disconnect.push_back(std::move(handler));
  return *this;
}

HandlerRegistry& HandlerRegistry::on(std::string event, EventHandler handler) {
  handlers_->events.named[std::move(event)].push_back(std::move(handler));
  return *this;
}

HandlerRegistry& HandlerRegistry::on_drained(ConnectionHandler handler) {
  handlers_->drained.push_back(std::move(handler));
  return *this;
}

HandlerRegistry& HandlerRegistry::on_ping(ConnectionHandler handler) {
  handlers_->ping.push_back(std::move(handler));
  return *this;
}

HandlerRegistry& HandlerRegistry::on_pong(ConnectionHandler handler) {
  handlers_->pong.push_back(std::move(handler));
  return *this;
}

HandlerRegistry& HandlerRegistry::on_any(EventHandler handler) {
  handlers_->events.any.push_back(std::move(handler));
  return *this;
}

HandlerRegistry& HandlerRegistry::filter(EventFilter filter) {
  handlers_->filters.push_back(std::move(filter));
  return *this;
}

HandlerRegistry& HandlerRegistry::on_server_side(std::string event, ServerSideHandler handler) {
  handlers_->server_side[std::move(event)] = std::move(handler);
  return *this;
}

}  // namespace togglecast::socketio
