// Metrics that clients reported to the other nodes, over the bus: a node asks when somebody looks.
//
//   topic metrics   a question: the series of an environment; the answer has the most reported ones
//
// Thread rule: any thread while the shards run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "net/shard_pool.hpp"
#include "nodes/nodes.hpp"
#include "realtime/telemetry/reported_metrics.hpp"

namespace togglecast::realtime {

class ClusterMetrics {
 public:
  static constexpr std::size_t kMostSeries = 2'000;  ///< of one answer

  /// `reported` are those of this node, by shard. `nodes` null: there is no other one. All must outlive it.
  ClusterMetrics(net::ShardPool& shards, const std::vector<ReportedMetrics>& reported, nodes::Nodes* nodes);
  ClusterMetrics(const ClusterMetrics&) = delete;
  ClusterMetrics& operator=(const ClusterMetrics&) = delete;

  struct Found {
    std::vector<Series> series;
    std::vector<std::string> missing;  ///< names of nodes that did not answer in time
  };
  /// Of all live nodes that answer in time.
  void find(const std::string& environment, std::function<void(Found)> done) const;

 private:
  void find_here(const std::string& environment, std::function<void(std::vector<Series>)> done) const;

  net::ShardPool& shards_;
  const std::vector<ReportedMetrics>& reported_;
  nodes::Nodes* nodes_;
};

/// At most `most` series, the ones reported most.
[[nodiscard]] json::object to_wire(std::vector<Series> all, std::size_t most);
/// Leaves out what it cannot read.
[[nodiscard]] std::vector<Series> series_in(const json::object& body);

}  // namespace togglecast::realtime
