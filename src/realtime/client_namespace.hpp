// `/client`: a tenant's own view, complete at the beginning and pushed from then on.
// Thread rule: registered before the server starts.
#pragma once

#include <functional>
#include <vector>

#include "realtime/asset_requests.hpp"
#include "realtime/feature_answers.hpp"
#include "realtime/monitor/metric_history.hpp"
#include "realtime/session/client_limit.hpp"
#include "realtime/session/connection_auth.hpp"
#include "realtime/session/request_gate.hpp"
#include "realtime/telemetry/remembered_reports.hpp"
#include "realtime/telemetry/reported_metrics.hpp"

namespace togglecast::realtime {

class ClientNamespace {
 public:
  /// Sends a connection that has just logged in what else there is to know.
  using Welcome = std::function<void(SocketSubscriber&)>;

  /// `reported`: the metrics that clients report, by shard; `history`: the same by time.
  ClientNamespace(net::ShardPool& shards, socketio::Namespace& nsp, const AuthParts& auth,
                  std::vector<ReportedMetrics>& reported, MetricHistory& history, AssetRequests& assets,
                  Welcome welcome);
  ClientNamespace(const ClientNamespace&) = delete;
  ClientNamespace& operator=(const ClientNamespace&) = delete;

  [[nodiscard]] ClientLimit& limit() noexcept { return limit_; }

 private:
  [[nodiscard]] delivery::ShardDelivery& delivery_of(const SocketSubscriber& subscriber) const;
  void prepare(SocketSubscriber& subscriber, const ConnectionAuth::Claim& claim,
               std::function<void(ConnectionAuth::ViewPtr)> then, std::function<void()> superseded) const;
  [[nodiscard]] bool compare(SocketSubscriber& subscriber, const domain::SnapshotPtr& from,
                             const domain::SnapshotPtr& to,
                             std::function<void(ConnectionAuth::ViewPtr)> then) const;
  [[nodiscard]] Result<json::object> admit(SocketSubscriber& subscriber, const ConnectionAuth::Claim& claim);
  void config_check(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void asset_get(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void feature_check(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  /// Logs why a client does not see the feature that it asked for, if there is such a feature.
  void log_unseen(const SocketSubscriber& subscriber, const json::value& asked);
  /// The shard that remembers the reports of this client.
  [[nodiscard]] net::Shard& home_of(domain::Id client) const noexcept;
  TakenReport take_report(const net::Shard& shard, const service::Principal& who,
                          const std::vector<Sample>& samples);
  void report_metrics(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void heartbeat(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);
  void config_ack(const socketio::Event& event, SocketSubscriber& subscriber, const Reply& reply);

  net::ShardPool& shards_;
  const delivery::ShardDeliveries& deliveries_;
  const Options& options_;
  const NewestState& newest_;
  const Clock& clock_;
  observe::PeerLog log_;
  std::vector<ReportedMetrics>& reported_;
  MetricHistory& history_;
  std::vector<FeatureAnswers> answers_;        // by shard
  std::vector<RememberedReports> remembered_;  // by shard
  AssetRequests& assets_;
  ClientLimit limit_;
  RequestGate gate_;
  ConnectionAuth auth_;
  observe::Counter& metrics_taken_;
};

}  // namespace togglecast::realtime
