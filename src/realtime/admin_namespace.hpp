// `/admin`: every change of the environment, entities to follow, numbers, and messages to others.
// Thread rule: registered before the server starts.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "realtime/asset_requests.hpp"
#include "realtime/messages/entity_subscriptions.hpp"
#include "realtime/messages/message_dispatcher.hpp"
#include "realtime/monitor/dashboard_feed.hpp"
#include "realtime/session/connection_auth.hpp"
#include "realtime/session/request_gate.hpp"
#include "realtime/telemetry/dashboard.hpp"
#include "service/history/activity.hpp"
#include "service/messages/idempotent_sends.hpp"

namespace togglecast::realtime {

class AdminNamespace {
 public:
  /// Sends a connection that has just logged in what else there is to know.
  using Welcome = std::function<void(SocketSubscriber&)>;

  AdminNamespace(socketio::Namespace& nsp, const AuthParts& auth, service::ActivityService& activity,
                 service::IdempotentSends& sends, AssetRequests& assets, MessageDispatcher& messages,
                 Dashboard& dashboard, DashboardFeed& feed, EntitySubscriptions& subscriptions,
                 delivery::Rollouts& rollouts, Welcome welcome);
  AdminNamespace(const AdminNamespace&) = delete;
  AdminNamespace& operator=(const AdminNamespace&) = delete;

  /// See `RequestGate::meter_reads`.
  void meter_reads(service::AdminRates& reads, const Clock& clock) noexcept {
    gate_.meter_reads(reads, clock);
  }

 private:
  [[nodiscard]] Result<json::object> admit(SocketSubscriber& subscriber,
                                           const ConnectionAuth::Claim& claim) const;
  [[nodiscard]] bool compare(SocketSubscriber& subscriber, const domain::SnapshotPtr& from,
                             const domain::SnapshotPtr& to,
                             std::function<void(ConnectionAuth::ViewPtr)> then) const;
  void leave_unreadable(SocketSubscriber& subscriber) const;
  void dashboard(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void subscribe_dashboard(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void unsubscribe_dashboard(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void activity_feed(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void subscribe(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void subscribe_change(const EntityRef& change, SocketSubscriber& subscriber, const Reply& reply);
  void unsubscribe(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void config_check(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void asset_get(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void announce(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  /// The callback to send with; nothing when an announcement with the same key was sent before.
  [[nodiscard]] std::optional<service::SendDone> once(const service::Principal& who,
                                                      const std::optional<storage::IdempotencyKey>& key,
                                                      const Reply& reply);
  void system_metrics(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);

  const delivery::ShardDeliveries& deliveries_;
  const changes::ReadModel& model_;
  const NewestState& newest_;
  const Clock& clock_;
  service::ActivityService& activity_;
  service::IdempotentSends& sends_;
  AssetRequests& assets_;
  MessageDispatcher& messages_;
  Dashboard& dashboard_;
  DashboardFeed& feed_;
  EntitySubscriptions& subscriptions_;
  delivery::Rollouts& rollouts_;
  RequestGate gate_;
  ConnectionAuth auth_;
};

}  // namespace togglecast::realtime
