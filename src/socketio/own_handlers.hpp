// The handlers that one socket has beside those of its namespace. Internal to `socketio`.
#pragma once

#include <functional>
#include <vector>

#include "socketio/handlers.hpp"
#include "socketio/socket.hpp"

namespace togglecast::socketio {

struct Socket::OwnHandlers {
  EventTable events;
  std::vector<std::function<void(DisconnectReason)>> disconnecting;
  std::vector<std::function<void(DisconnectReason)>> disconnect;
};

}  // namespace togglecast::socketio
