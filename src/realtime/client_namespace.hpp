// `/client`: a tenant's own view, complete at the beginning and pushed from then on.
// Thread rule: registered before the server starts.
#pragma once

#include "realtime/entrance.hpp"

namespace togglecast::realtime {

class ClientNamespace {
 public:
  ClientNamespace(socketio::Namespace& nsp, const House& house);

 private:
  [[nodiscard]] Result<json::object> admit(socketio::Socket& socket, Peer& peer) const;
  void config_check(socketio::Event& event) const;
  void heartbeat(socketio::Event& event) const;

  House house_;
  Entrance entrance_;
};

}  // namespace togglecast::realtime
