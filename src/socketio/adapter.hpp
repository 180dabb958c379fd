// How a namespace reaches its sockets on all servers of a cluster.
//
// The local adapter knows this process only. An adapter for a cluster publishes each call, and applies the
// calls that it receives to its own `LocalNode`; see `adapters/` for those over Redis. Thread rule: any
// thread may call; callbacks run on a shard.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "socketio/answer_collector.hpp"
#include "socketio/broadcast_options.hpp"
#include "socketio/local_node.hpp"
#include "socketio/packets/arguments.hpp"
#include "socketio/recovery.hpp"

namespace togglecast::socketio {

class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual void broadcast(Arguments event, BroadcastOptions options) = 0;
  virtual void broadcast_with_ack(Arguments event, BroadcastOptions options,
                                  std::function<void(Answers)> done) = 0;
  virtual void join(BroadcastOptions targets, std::vector<std::string> rooms) = 0;
  virtual void leave(BroadcastOptions targets, std::vector<std::string> rooms) = 0;
  virtual void disconnect(BroadcastOptions targets, bool close) = 0;
  virtual void fetch(BroadcastOptions targets,
                     std::function<void(Result<std::vector<RemoteSocket>>)> done) = 0;
  /// Sends the event to all other servers. `done` gets their answers; it may be empty.
  virtual void server_side_emit(Arguments event,
                                std::function<void(Result<std::vector<Arguments>>)> done) = 0;

  /// Called once, when the node may be used.
  virtual void start() {}
  /// Afterwards the adapter does not call its node any more. Not from a callback of the adapter's own
  /// threads.
  virtual void close() {}
  /// A shard has its first member of the room, or none any more. `own`: the room named after a socket's id.
  /// Called on that shard.
  virtual void room_opened(std::string_view /*room*/, bool /*own*/) {}
  virtual void room_closed(std::string_view /*room*/, bool /*own*/) {}
  /// The recovery that all servers of the cluster share; nullptr if the adapter has none. With one,
  /// `Options::recovery` is not used, and the adapter appends the offsets.
  [[nodiscard]] virtual SharedRecovery* recovery() noexcept { return nullptr; }
};

/// The adapter for a single process. `node` must outlive it.
[[nodiscard]] std::unique_ptr<Adapter> local_adapter(LocalNode& node);

}  // namespace togglecast::socketio
