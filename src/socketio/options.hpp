// The options of a Socket.IO server.
// Thread rule: plain values, fixed before the server starts.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/memory/held.hpp"
#include "engineio/handshake.hpp"
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
  /// A connection that has left all its namespaces is closed, too, unless it joins one within
  /// `connect_timeout`.
  bool close_when_left = false;
  /// Asked before each packet that no event handler gets: CONNECT, DISCONNECT, acknowledgements that nobody
  /// waits for, packets of a namespace that has ended. False: there were too many; the connection is closed
  /// with 1013. `state` is what the application keeps for the connection, see `Socket::connection_state`.
  /// Events have `HandlerRegistry::filter`.
  std::function<bool(HeldPtr& state, net::Shard& shard)> admit_packet{};
  /// Called for each CONNECT to a namespace that does not exist, for logs. The request is null once it was
  /// dropped.
  std::function<void(std::string_view nsp, const engineio::Handshake* request)> on_unknown_namespace{};
  json::value unknown_namespace{};  ///< `data` of that refusal
  /// Makes the adapter that reaches other servers. Called once per namespace. Not set: this process only.
  std::function<std::unique_ptr<Adapter>(LocalNode&)> adapter{};
  /// Makes the store of connection state recovery. Called once per namespace. Not set: no recovery.
  std::function<std::unique_ptr<Recovery>()> recovery{};
  bool recovery_skips_middlewares = true;
  observe::PeerLog
      log;  ///< for errors of handlers and bad packets: `options.log = &log`; must outlive the server
};

}  // namespace togglecast::socketio
