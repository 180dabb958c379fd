// `/admin`: every change of the environment, entities to follow, numbers, and messages to others.
// Thread rule: registered before the server starts.
#pragma once

#include <functional>

#include "realtime/messages/entity_subscriptions.hpp"
#include "realtime/messages/message_dispatcher.hpp"
#include "realtime/session/connection_auth.hpp"
#include "realtime/session/request_gate.hpp"
#include "realtime/telemetry/dashboard.hpp"
#include "service/history/activity.hpp"

namespace togglecast::realtime {

class AdminNamespace {
 public:
  /// Sends a connection that has just logged in what else there is to know.
  using Welcome = std::function<void(SocketSubscriber&)>;

  AdminNamespace(socketio::Namespace& nsp, const AuthParts& auth, service::ActivityService& activity,
                 MessageDispatcher& messages, Dashboard& dashboard, EntitySubscriptions& subscriptions,
                 Welcome welcome);
  AdminNamespace(const AdminNamespace&) = delete;
  AdminNamespace& operator=(const AdminNamespace&) = delete;

 private:
  [[nodiscard]] Result<json::object> admit(SocketSubscriber& subscriber,
                                           const ConnectionAuth::Claim& claim) const;
  void leave_unreadable(SocketSubscriber& subscriber) const;
  void dashboard(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void activity_feed(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void subscribe(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void unsubscribe(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void config_check(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void announce(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void system_metrics(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);

  const delivery::ShardDeliveries& deliveries_;
  const changes::ReadModel& model_;
  service::ActivityService& activity_;
  MessageDispatcher& messages_;
  Dashboard& dashboard_;
  EntitySubscriptions& subscriptions_;
  RequestGate gate_;
  ConnectionAuth auth_;
};

}  // namespace togglecast::realtime
