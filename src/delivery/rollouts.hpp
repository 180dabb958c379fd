// The rollouts of all shards together: the sums of the last thousand changes of each environment, the
// connections that lag behind, and the clients that were offline.
//
// Shards count for themselves; a question goes to every shard, and the answers are added up. Sums of rollouts
// that are over are kept here. Thread rule: any thread, while the shards run. `on_commit`: the feed's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "changes/feed.hpp"
#include "changes/worker_pool.hpp"
#include "delivery/delivery_counts.hpp"
#include "delivery/receipts.hpp"
#include "delivery/shard_delivery.hpp"
#include "net/shard_pool.hpp"
#include "observe/metrics.hpp"

namespace togglecast::delivery {

/// One change, over all shards.
struct RolloutSummary {
  domain::Revision revision = 0;
  std::int64_t epoch = 0;
  UnixMillis committed_at{};
  std::uint32_t age_ms = 0;
  /// The later change as which it was told, because many were on their way at once; else `revision`. The sums
  /// are those of that change.
  domain::Revision told_as = 0;
  bool open = false;  ///< more may come
  RolloutCounts counts;
  /// Clients without a connection among those that the change may concern; not known (yet), when unset.
  std::optional<std::size_t> offline;
};

/// `{concerned, sent, received, applied, superseded, gone, resumed, offline, open}`. `superseded` and `gone`
/// count the connections that had not proven that they received it.
[[nodiscard]] json::object to_json(const RolloutSummary& rollout);

/// Of the revisions asked for, in their order. No summary: the change is not kept any more.
struct RolloutsOfEnvironment {
  DeliveryCounts delivered;
  std::vector<std::optional<RolloutSummary>> changes;
  /// `connections`, `told`, `acknowledged` and the summary; nothing for a change that is not kept.
  [[nodiscard]] std::optional<json::object> progress(std::size_t index) const;
};

/// A connection that has not come as far as asked for.
struct Laggard {
  domain::Id client = 0;
  std::string connection;
  std::string client_key, client_name;
  std::string_view transport;
  Stage stage = Stage::none;
  std::uint32_t reached_ms = 0;  ///< when it reached the stage, after the commit
};

struct LaggardQuery {
  Stage below = Stage::received;  ///< connections that have not reached this stage
  std::size_t limit = 100;
  std::string cursor;  ///< of the page before; empty: the first page
};

struct RolloutReport {
  RolloutSummary rollout;
  std::vector<Laggard> laggards;  ///< by client and connection; empty unless the rollout is open
  std::size_t laggards_total = 0;
  std::string next_cursor;  ///< empty: this is the last page
};

class Rollouts final : public RolloutSink {
 public:
  static constexpr std::size_t kKept = ShardRollouts::kKept;

  /// How many of these clients have a connection; of all, when null.
  using CountOnline =
      std::function<std::size_t(const std::string& environment, const std::vector<domain::Id>* clients)>;

  /// All must outlive it; `deliveries` may be filled later. `patience`: so long after its commit a rollout is
  /// over.
  Rollouts(net::ShardPool& shards, const ShardDeliveries& deliveries, changes::WorkerPool& workers,
           CountOnline online, Milliseconds patience, const Clock& clock, observe::Metrics& metrics);
  Rollouts(const Rollouts&) = delete;
  Rollouts& operator=(const Rollouts&) = delete;
  ~Rollouts() override = default;

  /// For the shards' indexes, before an environment begins there.
  [[nodiscard]] const RolloutOptions& options() const noexcept { return options_; }
  /// Before the commit goes to the shards. Answers when it was committed, for them.
  TimePoint on_commit(const changes::CommitPtr& commit);
  /// The environment begins again: its revisions are those of other changes. Before the shards hear of it.
  void forget(const std::string& environment);

  using Asked = std::map<std::string, std::vector<domain::Revision>>;  // by environment
  using Found = std::map<std::string, RolloutsOfEnvironment>;
  /// `done` runs on any shard.
  void find(const Asked& asked, std::function<void(Found)> done);
  /// Adds `rollout` to the entries of the activity feed whose changes are kept.
  void add_to(json::array entries, const std::string& environment,
              std::function<void(json::array entries, DeliveryCounts delivered)> done);
  /// Errors: `not_found` for a change that is not kept any more, and `invalid_argument` for a bad cursor.
  void report(const std::string& environment, domain::Revision revision, const LaggardQuery& query,
              std::function<void(Result<RolloutReport>)> done);

  /// `not_found`, in words.
  [[nodiscard]] Error not_kept(const std::string& environment, domain::Revision revision);

  void close(const std::string& environment, domain::Revision revision, std::size_t shard,
             const RolloutCounts& counts) override;

 private:
  struct Change {
    std::int64_t epoch = 0;
    UnixMillis committed_at{};
    TimePoint committed{};
    std::optional<std::size_t> offline;
    std::unique_ptr<RolloutCounts> counts;  // of shards on which it is over
    std::vector<bool> closed;               // which shards these are
  };
  using Changes = std::map<domain::Revision, Change>;
  struct ShardPart;
  struct LaggardWalk;
  using LaggardKey = std::pair<domain::Id, std::string>;  // client and connection

  void find_merged(Found found, std::function<void(Found)> done);
  [[nodiscard]] ShardPart part_of(const net::Shard& shard, const Asked& asked) const;
  [[nodiscard]] Found join(const Asked& asked, const std::vector<ShardPart>& parts);
  [[nodiscard]] std::optional<RolloutSummary> join(const std::string& environment, std::size_t index,
                                                   domain::Revision revision,
                                                   const std::vector<ShardPart>& parts);
  void add_laggards(const std::string& environment, RolloutReport report, const LaggardQuery& query,
                    const LaggardKey& after, std::function<void(Result<RolloutReport>)> done);
  static void walk(const std::shared_ptr<LaggardWalk>& walk);
  void count_offline(const changes::CommitPtr& commit);

  net::ShardPool& shards_;
  const ShardDeliveries& deliveries_;
  changes::WorkerPool& workers_;
  CountOnline online_;
  const Clock& clock_;
  RolloutOptions options_;
  std::mutex mutex_;  // for what follows; never on the way of a push
  std::map<std::string, Changes> changes_;
};

}  // namespace togglecast::delivery
