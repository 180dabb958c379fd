// The last hour of the dashboard: samples the metrics once a second, and answers for all nodes. See
// docs/decisions/0071.
//
//   topic history   a question: what a node knows from a time on
//
// Thread rule: `start` before or after the shards start; the rest from any thread while they run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "changes/worker_pool.hpp"
#include "net/shard_pool.hpp"
#include "nodes/nodes.hpp"
#include "observe/history.hpp"
#include "observe/metrics.hpp"
#include "realtime/monitor/history_wire.hpp"
#include "service/cluster/history_view.hpp"

namespace togglecast::realtime {

class DashboardHistory final : public service::HistoryView {
 public:
  /// What samples and what answers: a scrape of the metrics, or a heavy read, delays no shard.
  struct Workers {
    changes::WorkerPool& sampling;
    changes::WorkerPool& answering;
  };

  /// `nodes` null: there is no other node. All must outlive it.
  DashboardHistory(net::ShardPool& shards, Workers workers, const observe::Metrics& metrics,
                   const Clock& clock, nodes::Nodes* nodes);
  DashboardHistory(const DashboardHistory&) = delete;
  DashboardHistory& operator=(const DashboardHistory&) = delete;
  ~DashboardHistory() override = default;

  /// Called after each sample, on the first shard. Before `start`.
  void on_sample(std::function<void()> sampled) { sampled_ = std::move(sampled); }
  void start();

  [[nodiscard]] std::span<const observe::HistorySeries> series() const noexcept { return history_.series(); }
  /// The end of the newest span of which all nodes can have told, in seconds since 1970.
  [[nodiscard]] std::int64_t settled(observe::History::Step step) const;

  struct Gathered {
    std::vector<NodeHistory> nodes;    ///< this one first
    std::vector<std::string> missing;  ///< names of nodes that did not answer in time
  };
  /// Of all nodes: the spans that end after `since`.
  void gather(observe::History::Step step, std::int64_t since, std::function<void(Gathered)> done) const;
  void read_history(const service::HistoryQuery& query, std::function<void(Result<Found>)> done) override;

 private:
  void sample();
  void answer_others();
  [[nodiscard]] bool alone() const { return nodes_ == nullptr || nodes_->size() == 1; }
  [[nodiscard]] json::object describe(observe::History::Step step, const Gathered& gathered,
                                      std::int64_t until) const;

  net::ShardPool& shards_;
  Workers workers_;
  const observe::Metrics& metrics_;
  const Clock& clock_;
  nodes::Nodes* nodes_;
  observe::History history_;
  std::function<void()> sampled_;
  net::CallbackTimer timer_;  // of the first shard
};

}  // namespace togglecast::realtime
