// `/client`: a tenant's own view, complete at the beginning and pushed from then on.
// Thread rule: registered before the server starts.
#pragma once

#include "realtime/client_limit.hpp"
#include "realtime/entrance.hpp"

namespace togglecast::realtime {

class ClientNamespace {
 public:
  ClientNamespace(net::ShardPool& shards, socketio::Namespace& nsp, const House& house);

 private:
  [[nodiscard]] Result<json::object> admit(socketio::Socket& socket, Peer& peer);
  void config_check(const socketio::Event& event, Peer& peer, const Reply& reply) const;
  void feature_check(const socketio::Event& event, Peer& peer, const Reply& reply) const;
  void report_metrics(const socketio::Event& event, Peer& peer, const Reply& reply) const;
  void heartbeat(const socketio::Event& event, Peer& peer, const Reply& reply) const;
  void config_ack(const socketio::Event& event, Peer& peer, const Reply& reply) const;

  const House& house_;
  ClientLimit limit_;
  Entrance entrance_;
  observe::Counter& reported_;
};

}  // namespace togglecast::realtime
