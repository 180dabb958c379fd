// How a namespace reaches its sockets on all servers of a cluster.
//
// The local adapter knows this process only. An adapter for a cluster publishes each call, and applies the
// calls that it receives to its own `LocalNode`. Thread rule: any thread may call; callbacks run on a shard.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "socketio/answer_collector.hpp"
#include "socketio/broadcast_options.hpp"
#include "socketio/local_node.hpp"
#include "socketio/packets/arguments.hpp"

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
};

/// The adapter for a single process. `node` must outlive it.
[[nodiscard]] std::unique_ptr<Adapter> local_adapter(LocalNode& node);

}  // namespace togglecast::socketio
