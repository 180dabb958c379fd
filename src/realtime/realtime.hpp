// The product over Socket.IO: the namespaces `/admin` and `/client`, and the change feed on every shard.
// Thread rule: constructed before the shards start; `start` and `stop` by the thread that owns it.
#pragma once

#include <memory>
#include <vector>

#include "delivery/resume_claim.hpp"
#include "delivery/rollouts.hpp"
#include "delivery/shard_delivery.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"
#include "realtime/admin_namespace.hpp"
#include "realtime/client_namespace.hpp"
#include "realtime/messages/entity_subscriptions.hpp"
#include "realtime/messages/message_dispatcher.hpp"
#include "realtime/messages/shard_mailbox.hpp"
#include "realtime/messages/shard_messages.hpp"
#include "realtime/monitor/dashboard_feed.hpp"
#include "realtime/monitor/dashboard_history.hpp"
#include "realtime/monitor/live_connections.hpp"
#include "realtime/monitor/metric_history.hpp"
#include "realtime/session/newest_state.hpp"
#include "realtime/session/options.hpp"
#include "realtime/telemetry/cluster_metrics.hpp"
#include "realtime/telemetry/cluster_rollouts.hpp"
#include "realtime/telemetry/dashboard.hpp"
#include "realtime/telemetry/heartbeats.hpp"
#include "realtime/telemetry/rate_sampler.hpp"
#include "realtime/telemetry/reported_metrics.hpp"
#include "service/application.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

class Realtime {
 public:
  /// `shards`, `io`, `application`, `clock`, `log`, `metrics` and `nodes` must outlive it. `nodes`: the other
  /// nodes, which start after it and stop before it; null: there are none.
  Realtime(net::ShardPool& shards, socketio::Server& io, service::Application& application,
           const Options& options, const Clock& clock, observe::PeerLog log, observe::Metrics& metrics,
           nodes::Nodes* nodes = nullptr);
  Realtime(const Realtime&) = delete;
  Realtime& operator=(const Realtime&) = delete;
  ~Realtime() { stop(); }

  /// Takes the state and follows the feed. Before the shards start.
  void start();
  /// Follows the feed no more.
  void stop() {
    subscription_.reset();
    application_.trusted_issuers().on_withdrawn({});
    application_.mailbox().listen_no_more();
  }

  /// Charges what admins read by events, too. Before `start`; both must outlive the shards.
  void meter_reads(service::AdminRates& reads, const Clock& clock) noexcept {
    admins_.meter_reads(reads, clock);
  }

  /// Messages that admins send; for other entrances.
  [[nodiscard]] service::MessageSender& messages() noexcept { return dispatcher_; }
  // For other transports of what clients are told.
  [[nodiscard]] const delivery::ShardDeliveries& deliveries() const noexcept { return deliveries_; }
  [[nodiscard]] const delivery::SessionIds& sessions() const noexcept { return sessions_; }
  [[nodiscard]] const NewestState& newest() const noexcept { return newest_; }
  [[nodiscard]] ClientLimit& limit() noexcept { return clients_.limit(); }
  /// How far each change has come.
  [[nodiscard]] delivery::Rollouts& rollouts() noexcept { return rollouts_; }
  /// The last hour in numbers, what clients reported, and who is connected.
  [[nodiscard]] service::HistoryView& history() noexcept { return history_; }
  [[nodiscard]] service::MetricHistoryView& metric_history() noexcept { return metric_history_; }
  [[nodiscard]] service::ConnectionList& connections() noexcept { return connections_; }

 private:
  [[nodiscard]] AuthParts auth_parts(const Clock& clock, observe::PeerLog log, observe::Metrics& metrics);
  void export_gauges(observe::Metrics& metrics);
  void describe_to(nodes::Nodes& nodes, observe::Metrics& metrics);
  [[nodiscard]] nodes::Rates own_rates() const;
  void welcome(SocketSubscriber& subscriber);
  void take_acknowledgements(socketio::Namespace& nsp);
  void on_commit(const changes::CommitPtr& commit);
  void on_environment(const domain::SnapshotPtr& first);
  /// Whose tokens are trusted has changed: those that others issued are looked at again.
  void recheck_issued();

  net::ShardPool& shards_;
  service::Application& application_;
  Options options_;
  delivery::SessionIds sessions_;
  SdkNames sdks_;
  NewestState newest_;
  delivery::Rollouts rollouts_;
  delivery::ShardDeliveries deliveries_;
  AllShardMessages messages_;
  AllShardMailboxes mailboxes_;
  std::vector<ReportedMetrics> reported_;  // by shard
  ClusterMetrics reported_everywhere_;
  MessageDispatcher dispatcher_;
  RateSampler sampler_;
  Heartbeats heartbeats_;
  Dashboard dashboard_;
  DashboardHistory history_;
  DashboardFeed dashboard_feed_;
  LiveConnections connections_;
  MetricHistory metric_history_;
  std::unique_ptr<ClusterRollouts> rollouts_of_others_;  // null: there is no other node
  EntitySubscriptions subscriptions_;
  AssetRequests assets_;
  AdminNamespace admins_;
  ClientNamespace clients_;
  changes::ChangeFeed::Subscription subscription_;
};

}  // namespace togglecast::realtime
