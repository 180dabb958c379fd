// The nodes of an installation: this one tells of itself once a second, and hears the others. With the local
// bus there are no others, and nothing runs.
//
//   Nodes nodes(bus, shards, application, options, clock, log, metrics);
//   nodes.describe_by({…});    // what only the entrances know; before `start`
//   nodes.start();
//   nodes.drain(); nodes.stop();
//
//   topic beacon    this node, once a second; the last one says that it leaves
//   topic head      an environment has a new revision: others look into the store at once
//   topic wake      the store has something else that is new
//   topic client    a question: how many connections has this client, and when were they last heard?
//   topics of shared_limits.hpp
//
// A node is gone when its beacons are missing for `patience`. All counts are sums of live beacons. Losing
// messages makes numbers old, never wrong for long.
//
// Thread rule: `describe_by`, `start` and `stop` by the owner, the rest from any thread. Drop it when the
// shards have stopped.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/token_bucket.hpp"
#include "changes/feed.hpp"
#include "net/shard_pool.hpp"
#include "nodes/courier.hpp"
#include "nodes/node_table.hpp"
#include "nodes/shared_limits.hpp"
#include "service/application.hpp"
#include "service/cluster/cluster_view.hpp"

namespace togglecast::nodes {

struct NodesOptions {
  std::string name;                 ///< for people; several nodes may have the same one
  std::string version;              ///< of the program
  Milliseconds interval{1'000};     ///< between two beacons; varied by a tenth
  Milliseconds patience{5'000};     ///< a node that is silent for longer is gone
  Milliseconds answer_within{500};  ///< deadline of questions to other nodes
  /// Messages that say that the store is newer. News above that rate waits, and becomes one message.
  togglecast::Rate heads{.per_second = 500, .burst = 100};
  /// `{kind, status, since?, problem?}` of the bus.
  std::function<json::object()> describe_bus{};
  std::function<double()> cpu_seconds{};  ///< that the process has used
};

/// The name of a node as a holder of leases: `name/id`.
[[nodiscard]] std::string lease_holder(const std::string& name, const std::string& id);

/// What only the entrances of this node know. Any thread.
struct LocalView {
  std::function<service::ConnectionCounts(const std::string& environment)> connections;
  std::function<std::size_t(const std::string& environment, domain::Id client)> connections_of;
  /// Describes each of these connections: when it was last heard, how long it takes to answer.
  std::function<void(const std::string& environment, domain::Id client,
                     std::function<void(json::array connections)> done)>
      heartbeats_of;
  std::function<UnixMillis(const std::string& environment)> status_at;
  std::function<double()> lag_ms;
  std::function<Rates()> rates;  ///< of work that this node alone does
};

class Nodes final : public service::ClusterView {
 public:
  struct Name {
    std::string id;
    std::string name;
  };
  /// Each beacon of another node, on the bus's thread.
  using Watcher = std::function<void(const std::string& node, const Beacon& beacon)>;

  Nodes(cluster::Bus& bus, net::ShardPool& shards, service::Application& application,
        const NodesOptions& options, const Clock& clock, observe::PeerLog log, observe::Metrics& metrics);
  Nodes(const Nodes&) = delete;
  Nodes& operator=(const Nodes&) = delete;
  ~Nodes() override { stop(); }

  void describe_by(LocalView local) { local_ = std::move(local); }
  void watch(Watcher watcher) { watchers_.push_back(std::move(watcher)); }
  void start();
  /// Says so to the others from now on.
  void drain();
  /// Takes leave of the others.
  void stop();

  [[nodiscard]] Courier& courier() noexcept { return courier_; }
  [[nodiscard]] SharedLimits& limits() noexcept { return limits_; }
  [[nodiscard]] const NodesOptions& options() const noexcept { return options_; }
  [[nodiscard]] const std::string& own_id() const noexcept { return bus_.node(); }
  [[nodiscard]] const std::string& own_name() const noexcept {
    return options_.name.empty() ? bus_.node() : options_.name;
  }
  /// The other nodes that are live.
  [[nodiscard]] std::vector<Name> others() const;
  /// Names of nodes that went away after this time.
  [[nodiscard]] std::vector<std::string> gone_since(UnixMillis time) const;
  /// Asks all other live nodes. `done` gets names instead of ids for those that did not answer.
  void ask_others(std::string_view topic, json::object question, Courier::Done done) const;
  /// The name of a live node; its id when it is not known.
  [[nodiscard]] std::string name_of(const std::string& id) const;
  /// Other nodes look into the store.
  void wake_others();

  [[nodiscard]] json::object describe() const override;
  [[nodiscard]] std::size_t size() const override { return others().size() + 1; }
  [[nodiscard]] service::ConnectionCounts connections(const std::string& environment) const override;
  void find_connections(const std::string& environment, domain::Id client, Found done) const override;
  void add_rates(json::object& own) const override;

 private:
  // `{connections, heartbeats}` of a client on this node.
  void describe_client(const std::string& environment, domain::Id client,
                       std::function<void(json::object found)> done) const;
  void find_connections(const std::string& environment, domain::Id client, const json::object& here,
                        Found done) const;
  [[nodiscard]] bool alone() const { return bus_.health().state == cluster::BusState::local; }
  [[nodiscard]] Beacon own_beacon() const;
  void beat();
  void measure_load();
  void take_beacon(const std::string& node, const json::object& body);
  [[nodiscard]] std::map<std::string, Lag> lags_of(const Beacon& beacon) const;
  [[nodiscard]] json::object leases() const;
  void expire();
  void take_head(const json::object& body);
  void note_commit(const changes::Commit& commit);
  void tell_heads();
  void told_of(NodeTable::Heard heard, const Beacon& beacon);

  cluster::Bus& bus_;
  net::ShardPool& shards_;
  service::Application& application_;
  NodesOptions options_;
  const Clock& clock_;
  observe::PeerLog log_;
  const UnixMillis started_at_;
  mutable Courier courier_;
  SharedLimits limits_;
  LocalView local_;
  std::vector<Watcher> watchers_;
  changes::ChangeFeed::Subscription feed_;
  observe::Gauge& live_;
  observe::Counter& lost_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> running_{false};

  // Of the first shard.
  net::CallbackTimer beacon_timer_;
  net::CallbackTimer head_timer_;
  std::map<std::string, std::pair<std::int64_t, domain::Revision>> untold_heads_;  // epoch and revision
  TokenBucket head_bucket_;
  double cpu_seconds_ = 0;
  TimePoint cpu_read_{};

  mutable std::mutex mutex_;  // for what follows
  NodeTable table_;
  double cpu_ = 0;
  std::map<std::string, std::pair<std::int64_t, domain::Revision>> heads_;  // the newest that others told
};

}  // namespace togglecast::nodes
