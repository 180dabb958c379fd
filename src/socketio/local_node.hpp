// The sockets of one namespace in this process, as an adapter sees them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "net/shard.hpp"
#include "socketio/broadcast_options.hpp"
#include "socketio/packets/arguments.hpp"

namespace togglecast::socketio {

/// A socket of any server of the cluster.
struct RemoteSocket {
  std::string id;
  std::vector<std::string> rooms;  ///< the room named after its id is one of them
  json::value handshake;           ///< null if the server does not retain it
  json::value data;
};

/// Thread rule: any thread may call. Callbacks run on a shard.
class LocalNode {
 public:
  virtual ~LocalNode() = default;
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  /// The shard of the caller, or one that stands in when the caller has none.
  [[nodiscard]] virtual net::Shard& home() noexcept = 0;
  virtual void deliver(Arguments event, BroadcastOptions options) = 0;
  using Asked = std::function<void(net::Shard&, std::size_t clients)>;
  /// Needs `options.timeout`. Calls `asked` once with the number of clients asked, and `answer` for each
  /// answer until the time-out. Both run on one shard: the shard of the caller if it has one. An answer may
  /// come before `asked` is called.
  virtual void deliver_with_ack(Arguments event, BroadcastOptions options, Asked asked,
                                std::function<void(Arguments)> answer) = 0;
  virtual void join(BroadcastOptions targets, std::vector<std::string> rooms) = 0;
  virtual void leave(BroadcastOptions targets, std::vector<std::string> rooms) = 0;
  virtual void disconnect(BroadcastOptions targets, bool close) = 0;
  virtual void fetch(BroadcastOptions targets, std::function<void(std::vector<RemoteSocket>)> done) = 0;
  /// An event from another server of the cluster. Its handler runs on a shard. `answer` may be empty.
  virtual void server_side_event(Arguments event, std::function<void(Arguments)> answer) = 0;
};

}  // namespace togglecast::socketio
