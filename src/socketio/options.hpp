// The options of a Socket.IO server.
// Thread rule: plain values, fixed before the server starts.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "engineio/options.hpp"
#include "observe/peer_log.hpp"
#include "wire/socketio/packet.hpp"

namespace togglecast::socketio {

class Adapter;
class LocalNode;
class Recovery;

struct Options {
  engineio::Options engine{};
  Milliseconds connect_timeout{45'000};       ///< for a connection to join its first namespace
  Milliseconds ack_timeout{30'000};           ///< of acknowledgements without a time-out of their own
  std::size_t pending_acks = 256;             ///< per socket; a further one fails at once
  std::size_t namespaces_per_connection = 8;  ///< a further CONNECT is refused
  std::size_t rooms_per_socket = 1024;        ///< without the room named after the id; then `join` fails
  wire::socketio::DecoderLimits decoder{};
  /// Keep the request of each connection and the auth data of its sockets as long as they live. If false, the
  /// request is dropped after `connect_timeout` and the auth data after the connection handlers, which saves
  /// one or two kilobytes per connection.
  bool retain_handshake = true;
  /// Makes the adapter that reaches other servers. Called once per namespace. Not set: this process only.
  std::function<std::unique_ptr<Adapter>(LocalNode&)> adapter{};
  /// Makes the store of connection state recovery. Called once per namespace. Not set: no recovery.
  std::function<std::unique_ptr<Recovery>()> recovery{};
  bool recovery_skips_middlewares = true;
  observe::PeerLog
      log;  ///< for errors of handlers and bad packets: `options.log = &log`; must outlive the server
};

}  // namespace togglecast::socketio
