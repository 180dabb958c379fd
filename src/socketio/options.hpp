// How a Socket.IO server behaves.
// Thread rule: plain values, fixed before the server starts.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "engineio/options.hpp"
#include "observe/log.hpp"
#include "wire/socketio/packet.hpp"

namespace togglecast::socketio {

class Adapter;
class LocalNode;
class Recovery;

struct Options {
  engineio::Options engine{};
  Milliseconds connect_timeout{45'000};  ///< a connection that has joined no namespace by then is closed
  Milliseconds ack_timeout{30'000};      ///< of acknowledgements asked for without a time-out of their own
  std::size_t pending_acks = 256;        ///< per socket; beyond it a new one fails at once
  std::size_t namespaces_per_connection = 8;  ///< beyond it CONNECT is refused
  std::size_t rooms_per_socket = 1024;        ///< beyond it `join` fails
  wire::socketio::DecoderLimits decoder{};
  /// Keep each connection's request, and the auth data of its sockets, as long as they live. Without it the
  /// request goes after `connect_timeout` and the auth data after the connection handlers: a kilobyte or two
  /// less for each connection.
  bool retain_handshake = true;
  /// How broadcasts reach other servers; not set: this process only. Called once per namespace.
  std::function<std::unique_ptr<Adapter>(LocalNode&)> adapter{};
  /// Connection state recovery; not set: off. Called once per namespace.
  std::function<std::unique_ptr<Recovery>()> recovery{};
  bool recovery_skips_middlewares = true;
  observe::Log* log =
      nullptr;  ///< errors of handlers and reasons of closed connections; must outlive the server
};

}  // namespace togglecast::socketio
