// `/admin`: every change of the environment, one's entities to watch, numbers, and messages to others.
// Thread rule: registered before the server starts.
#pragma once

#include "realtime/entrance.hpp"

namespace togglecast::realtime {

class AdminNamespace {
 public:
  AdminNamespace(socketio::Namespace& nsp, const House& house);

 private:
  [[nodiscard]] Result<json::object> admit(socketio::Socket& socket, const Peer& peer) const;
  void dashboard(const socketio::Event& event, Peer& peer, const Reply& reply) const;
  void activity_feed(const socketio::Event& event, Peer& peer, const Reply& reply) const;
  void subscribe(const socketio::Event& event, Peer& peer, const Reply& reply) const;
  void unsubscribe(const socketio::Event& event, Peer& peer, const Reply& reply) const;
  void announce(const socketio::Event& event, Peer& peer, const Reply& reply) const;
  void system_metrics(const socketio::Event& event, Peer& peer, const Reply& reply) const;

  const House& house_;
  Entrance entrance_;
};

}  // namespace togglecast::realtime
