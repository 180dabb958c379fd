// A broadcast and its targets: `nsp.to("room").except(id).emit("news", value)`.
// Thread rule: any thread. A client gets the broadcasts of one thread in order.
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
#include "socketio/broadcast_options.hpp"
#include "socketio/packets/arguments.hpp"

namespace togglecast::socketio {

class Namespace;

class Broadcast {
 public:
  explicit Broadcast(Namespace& nsp, BroadcastOptions options = {})
      : nsp_(&nsp), options_(std::move(options)) {}

  /// Adds a room. With several rooms, a socket in any of them is addressed, once. Each socket is in the room
  /// named after its id.
  [[nodiscard]] Broadcast to(std::string room) const;
  [[nodiscard]] Broadcast to(const std::vector<std::string>& rooms) const;
  [[nodiscard]] Broadcast in(std::string room) const { return to(std::move(room)); }
  [[nodiscard]] Broadcast except(std::string room) const;
  /// Only the sockets of this server.
  [[nodiscard]] Broadcast local() const;
  /// Only sockets that can send at once; the others miss the event.
  [[nodiscard]] Broadcast volatile_() const;
  /// The time-out for the acknowledgements of `emit_with_ack`.
  [[nodiscard]] Broadcast timeout(Milliseconds timeout) const;

  /// Sends an event to all sockets addressed. It is encoded once. See `Socket::emit` for the values.
  template <typename... T>
  void emit(std::string_view event, T&&... values) const {
    emit_arguments(event, arguments(std::forward<T>(values)...));
  }
  void emit_arguments(std::string_view event, Arguments args) const;

  /// `done` runs when all clients have answered, or at the time-out: on the calling shard, or on any shard if
  /// the caller has none.
  template <typename... T>
  void emit_with_ack(std::function<void(Answers)> done, std::string_view event, T&&... values) const {
    emit_arguments_with_ack(std::move(done), event, arguments(std::forward<T>(values)...));
  }
  void emit_arguments_with_ack(std::function<void(Answers)> done, std::string_view event,
                               Arguments args) const;

  /// All sockets addressed join these rooms, or leave them.
  void sockets_join(std::vector<std::string> rooms) const;
  void sockets_leave(std::vector<std::string> rooms) const;
  /// Disconnects all sockets addressed. With `close`, their connections end.
  void disconnect_sockets(bool close = false) const;
  /// `done` gets all sockets addressed, on all servers. It runs as for `emit_with_ack`.
  void fetch_sockets(std::function<void(Result<std::vector<RemoteSocket>>)> done) const;

 private:
  Namespace* nsp_;
  BroadcastOptions options_;
};

}  // namespace togglecast::socketio
