// A way in for programs that are no servers: what they emit over Redis reaches the clients of some
// namespaces.
//
//   auto bridge = EmitterBridge::open(client, {&io.of("/news")}, {});   // after `of`, ends before the server
//
// It hears @socket.io/redis-emitter, and python-socketio's RedisManager. It trusts everyone who may publish
// on that Redis: there is no login, so anyone there sends any event to any room, moves sockets between rooms
// and disconnects them. It is off unless a program makes one, and refuses the namespaces of Togglecast's own.
//
// Each server with a bridge delivers to its own clients; all servers of a cluster need one. Servers with the
// classic adapter need none for the emitter, which speaks to that adapter. Thread rule: any thread.
// Ownership: the namespaces and the client outlive it; the client has no adapter.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/codec/packed_value.hpp"
#include "adapters/counters.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "cluster/redis/client.hpp"
#include "observe/peer_log.hpp"
#include "socketio/local_node.hpp"

namespace togglecast::adapters {

struct BridgeOptions {
  bool emitter = true;               ///< hear @socket.io/redis-emitter
  std::string prefix = "socket.io";  ///< its `key`
  bool python = true;                ///< hear python-socketio's RedisManager
  /// That of `RedisManager(url)`, and that of Flask-SocketIO's `SocketIO(message_queue=url)`.
  std::vector<std::string> python_channels{"socketio", "flask-socketio"};
  Milliseconds callback_timeout{60'000};  ///< for clients to answer an event of Python's
  PackedLimits limits{};                  ///< of one message
  CountersPtr counters = std::make_shared<Counters>();
  observe::PeerLog log{};
};

class EmitterBridge {
 public:
  /// Errors: `invalid_argument` for no namespace, and for `/admin` and `/client`, whose clients get only what
  /// the product says.
  [[nodiscard]] static Result<std::unique_ptr<EmitterBridge>> open(
      cluster::redis::Client& client, const std::vector<socketio::LocalNode*>& namespaces,
      BridgeOptions options = {});
  EmitterBridge(const EmitterBridge&) = delete;
  EmitterBridge& operator=(const EmitterBridge&) = delete;
  /// Afterwards it calls no namespace. Not from a handler of the client.
  ~EmitterBridge();

 private:
  struct Hall;
  EmitterBridge(cluster::redis::Client& client, std::shared_ptr<Hall> hall);
  void listen_to_emitter(const std::string& nsp);
  void listen_to_python();

  cluster::redis::Client& client_;
  std::shared_ptr<Hall> hall_;
  std::vector<std::string> patterns_;
  std::vector<std::string> channels_;
};

}  // namespace togglecast::adapters
