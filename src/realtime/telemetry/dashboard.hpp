// `dashboard_update` and `system_metrics`: the catalogue in numbers, connections, rates, the last changes and
// how far they have come, and the state of the server. Thread rule: any thread while
// the shards run; `done` runs on any thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "delivery/rollouts.hpp"
#include "net/shard_pool.hpp"
#include "realtime/messages/message_dispatcher.hpp"
#include "realtime/telemetry/cluster_metrics.hpp"
#include "realtime/telemetry/heartbeats.hpp"
#include "realtime/telemetry/rate_sampler.hpp"
#include "service/application.hpp"
#include "service/cluster/cluster_view.hpp"
#include "service/history/activity.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

class Dashboard {
 public:
  using Done = std::function<void(Result<json::object> payload)>;

  Dashboard(net::ShardPool& shards, socketio::Server& io, service::Application& application,
            delivery::Rollouts& rollouts, const ClusterMetrics& reported, const MessageDispatcher& messages,
            const RateSampler& rates, const Heartbeats& heartbeats, const Options& options,
            const Clock& clock, const service::ClusterView* cluster = nullptr);

  /// Of the admin's environment, with what its role may read.
  void update(const service::Principal& who, Done done);
  void system_metrics(const service::Principal& who, Done done);

 private:
  /// The entities in numbers, worked out once for each state.
  [[nodiscard]] json::object counts(const domain::SnapshotPtr& state);
  void complete(const std::string& environment, service::ActivityPage page,
                const delivery::DeliveryCounts& delivered, Done done);
  [[nodiscard]] json::object describe(const std::string& environment, service::ActivityPage page,
                                      const delivery::DeliveryCounts& delivered,
                                      ClusterMetrics::Found reported);
  [[nodiscard]] json::object connections() const;
  [[nodiscard]] json::object messages() const;
  [[nodiscard]] json::object store() const;

  net::ShardPool& shards_;
  socketio::Server& io_;
  service::Application& application_;
  delivery::Rollouts& rollouts_;
  const ClusterMetrics& reported_;
  const MessageDispatcher& messages_;
  const RateSampler& rates_;
  const Heartbeats& heartbeats_;
  const Options& options_;
  const Clock& clock_;
  const service::ClusterView* cluster_;  // null: there is no other node
  TimePoint began_;

  std::mutex mutex_;  // for what follows
  std::map<std::string, std::pair<domain::SnapshotPtr, json::object>> counted_;
};

}  // namespace togglecast::realtime
