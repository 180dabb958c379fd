// A server that nothing ends by itself, and the reasons for which its sockets ended.
#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <utility>

#include "support/socketio_server.hpp"

namespace togglecast::testing {

using socketio::DisconnectReason;
using socketio::Options;
using socketio::Socket;
using test::Mailbox;
using test::SocketIoServer;

inline Options patient() {
  Options options;
  options.engine.ping_interval = std::chrono::minutes(5);
  return options;
}

class ConnectionTest : public ::testing::Test {
 protected:
  void serve(Options options) { server_.emplace(std::move(options)); }
  SocketIoServer& server() {
    if (!server_) server_.emplace(patient());
    return *server_;
  }
  void start() {
    server().main().on_disconnect(
        [this](Socket&, DisconnectReason reason) { reasons_.put(std::string(to_string(reason))); });
    server().start();
  }

  Mailbox<std::string> reasons_;
  std::optional<SocketIoServer> server_;
};

}  // namespace togglecast::testing
