// A broadcast in the making: `nsp.to("room").except(id).emit("news", value)`.
// Thread rule: any thread. Broadcasts of one thread reach each client in their order.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "socketio/adapter.hpp"
#include "socketio/arguments.hpp"
#include "socketio/broadcast_options.hpp"

namespace togglecast::socketio {

class Namespace;

class Broadcast {
 public:
  explicit Broadcast(Namespace& nsp, BroadcastOptions options = {})
      : nsp_(&nsp), options_(std::move(options)) {}

  /// Adds a room; several mean: members of any. A socket's id addresses that socket.
  [[nodiscard]] Broadcast to(std::string room) const;
  [[nodiscard]] Broadcast to(const std::vector<std::string>& rooms) const;
  [[nodiscard]] Broadcast in(std::string room) const { return to(std::move(room)); }
  [[nodiscard]] Broadcast except(std::string room) const;
  /// Only to the sockets of this server.
  [[nodiscard]] Broadcast local() const;
  /// Not to those for whom it would have to be queued.
  [[nodiscard]] Broadcast volatile_() const;
  /// For the acknowledgements asked for with `emit_with_ack`.
  [[nodiscard]] Broadcast timeout(Milliseconds timeout) const;

  /// Sends an event to everybody addressed; it is encoded once. See `Socket::emit` for the values.
  template <typename... T>
  void emit(std::string_view event, T&&... values) const {
    emit_arguments(event, arguments(std::forward<T>(values)...));
  }
  void emit_arguments(std::string_view event, Arguments args) const;

  /// `done` runs on the calling shard (or on one of them) when all clients have answered or the time is over.
  template <typename... T>
  void emit_with_ack(std::function<void(Answers)> done, std::string_view event, T&&... values) const {
    emit_arguments_with_ack(std::move(done), event, arguments(std::forward<T>(values)...));
  }
  void emit_arguments_with_ack(std::function<void(Answers)> done, std::string_view event,
                               Arguments args) const;

  /// Everybody addressed joins these rooms, or leaves them.
  void sockets_join(std::vector<std::string> rooms) const;
  void sockets_leave(std::vector<std::string> rooms) const;
  /// `close`: ends their whole connections.
  void disconnect_sockets(bool close = false) const;
  /// `done` hears of everybody addressed, on all servers, on the calling shard or on one of them.
  void fetch_sockets(std::function<void(Result<std::vector<RemoteSocket>>)> done) const;

 private:
  Namespace* nsp_;
  BroadcastOptions options_;
};

}  // namespace togglecast::socketio
