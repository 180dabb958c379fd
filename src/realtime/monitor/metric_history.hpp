// What clients reported in the last hour, at all nodes. Each shard keeps what came in there.
//
//   topic metric_history   a question: the spans of an environment from a time on
//
// Thread rule: `add` on the shard that it names; the rest from any thread while the shards run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "changes/worker_pool.hpp"
#include "net/shard_pool.hpp"
#include "nodes/nodes.hpp"
#include "realtime/monitor/reported_history.hpp"
#include "service/cluster/history_view.hpp"

namespace togglecast::realtime {

class MetricHistory final : public service::MetricHistoryView {
 public:
  /// `nodes` null: there is no other node. All must outlive it.
  MetricHistory(net::ShardPool& shards, changes::WorkerPool& workers, const Clock& clock,
                nodes::Nodes* nodes);
  MetricHistory(const MetricHistory&) = delete;
  MetricHistory& operator=(const MetricHistory&) = delete;
  ~MetricHistory() override = default;

  void add(const net::Shard& shard, const std::string& environment, const std::vector<Sample>& samples);
  void read_metrics(const std::string& environment, std::int64_t since, Done done) override;

 private:
  using Found = std::function<void(MetricSpans spans)>;
  void find_here(const std::string& environment, std::int64_t since, std::int64_t until, Found done) const;
  void answer(MetricSpans spans, const std::vector<std::string>& missing, const Done& done) const;

  net::ShardPool& shards_;
  changes::WorkerPool& workers_;
  const Clock& clock_;
  nodes::Nodes* nodes_;
  std::vector<ReportedHistory> kept_;  // by shard
};

}  // namespace togglecast::realtime
