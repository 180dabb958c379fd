// `/admin`: every change of the environment, and one's entities to watch.
// Thread rule: registered before the server starts.
#pragma once

#include "realtime/entrance.hpp"

namespace togglecast::realtime {

class AdminNamespace {
 public:
  AdminNamespace(socketio::Namespace& nsp, const House& house);

 private:
  [[nodiscard]] Result<json::object> admit(socketio::Socket& socket, const Peer& peer) const;
  void subscribe(socketio::Event& event) const;
  void unsubscribe(socketio::Event& event) const;

  House house_;
  Entrance entrance_;
};

}  // namespace togglecast::realtime
