// The rollouts of all shards together: the sums of the last thousand changes of each environment, the
// connections that lag behind, and the clients that were offline.
//
// Shards count for themselves; a question goes to every shard, and the answers are added up. Sums of rollouts
// that are over are kept here. `OtherRollouts` adds what other nodes count.
//
// Thread rule: any thread, while the shards run. `on_commit`: the feed's. `join_with`: before the shards
// start.
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

/// A node that has, or may have, a part in a rollout.
struct RolloutNode {
  enum class State : std::uint8_t {
    counted,  ///< its numbers are in the sums
    missing,  ///< it did not answer in time
    gone,     ///< it went away after the commit, and its numbers with it
  };
  std::string name;
  State state = State::counted;
  std::uint32_t concerned = 0, received = 0;  ///< of its connections
};
[[nodiscard]] std::string_view to_string(RolloutNode::State state) noexcept;

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
  std::size_t clients = 0;           ///< that the change may concern; 0 while `offline` is not known
  std::vector<RolloutNode> nodes{};  ///< this one first; empty when there is no other
};

/// `{concerned, sent, received, applied, superseded, gone, resumed, offline, open}`, and `missing_nodes`
/// with the names of nodes that are not in the sums, if there are any. `superseded` and `gone` count the
/// connections that had not proven that they received it.
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
  std::string node{};            ///< the name of its node; empty when there is no other
};
/// Client and connection: the order of laggards.
using LaggardKey = std::pair<domain::Id, std::string>;
struct Lagging {
  std::map<LaggardKey, Laggard> first{};  ///< after a place, one more than a page
  std::size_t total = 0;
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

class OtherRollouts;

class Rollouts final : public RolloutSink {
 public:
  static constexpr std::size_t kKept = ShardRollouts::kKept;
  static constexpr std::size_t kMostFromNodes = 1'000;  ///< laggards on a page when there are other nodes

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
  /// `others` must outlive it.
  void join_with(OtherRollouts& others) noexcept { others_ = &others; }
  /// `done` runs on any thread, or within the call.
  void find(const Asked& asked, std::function<void(Found)> done);
  /// Of this node alone.
  void find_here(const Asked& asked, std::function<void(Found)> done);
  /// Adds `rollout` to the entries of the activity feed whose changes are kept.
  void add_to(json::array entries, const std::string& environment,
              std::function<void(json::array entries, DeliveryCounts delivered)> done);
  /// Errors: `not_found` for a change that is not kept any more, and `invalid_argument` for a bad cursor.
  void report(const std::string& environment, domain::Revision revision, const LaggardQuery& query,
              std::function<void(Result<RolloutReport>)> done);

  /// Laggards of this node alone, from the one after `after` on; none when the rollout is over here.
  void find_laggards_here(const std::string& environment, domain::Revision revision,
                          const LaggardQuery& query, const LaggardKey& after,
                          std::function<void(Lagging)> done);

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
    std::size_t clients = 0;
    std::unique_ptr<RolloutCounts> counts;  // of shards on which it is over
    std::vector<bool> closed;               // which shards these are
  };
  using Changes = std::map<domain::Revision, Change>;
  struct ShardPart;
  struct LaggardWalk;

  void find_merged(Found found, std::function<void(Found)> done);
  [[nodiscard]] ShardPart part_of(const net::Shard& shard, const Asked& asked) const;
  [[nodiscard]] Found join(const Asked& asked, const std::vector<ShardPart>& parts);
  [[nodiscard]] std::optional<RolloutSummary> join(const std::string& environment, std::size_t index,
                                                   domain::Revision revision,
                                                   const std::vector<ShardPart>& parts);
  void collect_laggards(const std::string& environment, domain::Revision told_as, const LaggardQuery& query,
                        const LaggardKey& after, std::function<void(Lagging)> done);
  static void walk(const std::shared_ptr<LaggardWalk>& walk);
  void count_offline(const changes::CommitPtr& commit);

  net::ShardPool& shards_;
  const ShardDeliveries& deliveries_;
  changes::WorkerPool& workers_;
  CountOnline online_;
  const Clock& clock_;
  RolloutOptions options_;
  OtherRollouts* others_ = nullptr;
  std::mutex mutex_;  // for what follows; never on the way of a push
  std::map<std::string, Changes> changes_;
};

/// What other nodes count. A port: `realtime` implements it over the bus.
class OtherRollouts {
 public:
  virtual ~OtherRollouts() = default;
  [[nodiscard]] virtual bool any() const = 0;
  /// Adds their sums to those of this node. `done` runs on any thread, or within the call.
  virtual void add(const Rollouts::Asked& asked, Rollouts::Found own,
                   std::function<void(Rollouts::Found)> done) = 0;
  virtual void add_laggards(const std::string& environment, domain::Revision revision,
                            const LaggardQuery& query, const LaggardKey& after, Lagging own,
                            std::function<void(Lagging)> done) = 0;
};

}  // namespace togglecast::delivery
