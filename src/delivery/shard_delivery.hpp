// One shard's part of delivery: which state it tells, who hears of it, and how far each subscriber has come.
//
// The state of an environment moves only by commits from the feed, in order. A push advances the subscribers
// that it concerns, in slices between which the shard does other things. The next commit waits until all are
// done; commits that wait in numbers are pushed as one. A subscriber that takes no more is marked and
// advanced over all that it missed when it drains: no queue grows.
//
// A view that takes long is evaluated in slices, too, against the state of its beginning. Meanwhile the
// subscriber is marked in the same way; then it is advanced over what was committed since. Thread rule: its
// shard.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/token_bucket.hpp"
#include "changes/feed.hpp"
#include "changes/read_model.hpp"
#include "delivery/evaluation_queue.hpp"
#include "delivery/push_counters.hpp"
#include "delivery/push_job.hpp"
#include "delivery/subscriber_index.hpp"
#include "delivery/view_evaluation.hpp"
#include "delivery/views/view_cache.hpp"
#include "net/shard.hpp"
#include "net/timer_wheel.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"

namespace togglecast::delivery {

/// What an admin's copy lacks.
enum class Missed : std::uint8_t {
  nothing,
  updates,      ///< they follow
  out_of_reach  ///< the states between are not known here: the admin has to read everything again
};

/// More entities than an admin is told one by one when it comes back: it reads everything again.
inline constexpr std::size_t kMostMissed = 2'000;

/// Counts and tells who asked for too many full states.
struct StatesLimited {
  observe::Counter* counter;
  observe::PeerLog log{};
};

class ShardDelivery {
 public:
  /// `full_states`: the full states that one subscriber may ask for.
  ShardDelivery(net::Shard& shard, const changes::ReadModel& model, const Rate& full_states,
                const PushCounters& counters, const StatesLimited& limited);
  ShardDelivery(const ShardDelivery&) = delete;
  ShardDelivery& operator=(const ShardDelivery&) = delete;

  /// Keeps the texts of whole views from now on. Before an environment begins.
  void keep_views(const ViewCounters& counters) { views_ = std::make_unique<ViewCache>(counters); }

  /// An environment begins with this state. Ignored when the shard knows the environment, unless the state is
  /// of a later epoch: then the environment begins again, and true is answered. Its subscribers stay, if they
  /// still may. Clients count as far behind until they get their full state, for which the caller asks.
  bool begin(const domain::SnapshotPtr& state);
  /// A commit that the shard already has is ignored. After a gap, the shard steps from its own state.
  void on_commit(const changes::CommitPtr& commit) { on_commit(commit, shard_.now()); }
  /// The same for a change that was committed at that time, from which its rollout counts.
  void on_commit(const changes::CommitPtr& commit, TimePoint committed);

  /// The state of this environment that the shard tells; nullptr when it does not know the environment.
  [[nodiscard]] domain::SnapshotPtr current(std::string_view environment) const;
  /// See `ReadModel::aging`.
  [[nodiscard]] domain::Revision aging(std::string_view environment) const {
    return model_.aging(environment);
  }
  /// Every subscriber of the shard is asked whether it still may: what its token rests on has changed.
  void recheck_all();
  /// Runs `task` once `current(environment)` has reached `revision`, which it will: at once when it has.
  void when_reached(const std::string& environment, domain::Revision revision, std::function<void()> task);
  /// The same, but not later than after `longest`, reached or not.
  void when_reached(const std::string& environment, domain::Revision revision, Milliseconds longest,
                    std::function<void()> task);

  using Viewed = std::function<void(const domain::Viewpoint& seen, const ViewText& view)>;
  /// Works out the view of the client `id`, which must exist, in the newest state: `then` is called at once
  /// when it is kept or takes few steps, else in a later turn, unless the subscriber has ended by then. A
  /// subscriber that has entered is told nothing meanwhile. A newer evaluation for it takes the place of this
  /// one, and `superseded` is called instead.
  void evaluate(Subscriber& subscriber, const ClientPtr& client, const domain::SnapshotPtr& state,
                ContextPtr context, Viewed then, ViewEvaluation::Superseded superseded);
  using Compared = std::function<void(const domain::Viewpoint& seen, std::vector<domain::ViewUpdate> missed)>;
  /// Works out in the same way what a client's subscriber that has not entered missed between two states, for
  /// `send_missed`.
  void compare(Subscriber& subscriber, domain::Viewpoint from, domain::Viewpoint to, Compared then);
  /// The same for an admin's, for the kinds that it may read.
  using AdminCompared = std::function<void(std::vector<domain::ViewUpdate> missed)>;
  void compare_admin(Subscriber& subscriber, const domain::SnapshotPtr& from, const domain::SnapshotPtr& to,
                     domain::Kinds readable, AdminCompared then);
  /// Sends a subscriber that has just entered from `to` what it missed between `from` and `to`, as one push.
  /// Its session counts as resumed in the rollouts of what it missed.
  void send_missed(Subscriber& subscriber, domain::Revision from, std::vector<domain::ViewUpdate> missed,
                   const domain::SnapshotPtr& to);
  /// A client's subscriber was just told this view, or is about to be: it follows from there.
  void enter(Subscriber& subscriber, const domain::Viewpoint& told);
  /// An admin's follows from the environment's state, or from `told`, which may be older. The environment
  /// must be known here.
  void enter(Subscriber& subscriber, std::string_view environment, domain::Standing role,
             const domain::SnapshotPtr& told = nullptr);
  [[nodiscard]] EvaluationQueue& evaluations() noexcept { return evaluations_; }
  [[nodiscard]] SubscriberIndex& index() noexcept { return index_; }

  /// Whether this subscriber may have its full state again now, or something as costly. An error when it asks
  /// too often.
  [[nodiscard]] Result<void> take_full_state(Subscriber& subscriber) const;
  /// Whether it missed something.
  using CaughtUp = std::function<void(Result<bool>)>;
  /// Sends what it missed to a client's subscriber that says it has `revision`: after this turn and as soon
  /// as it takes more, the updates since then, or the full state when that revision is out of reach. Answers
  /// `done` first, false when it missed nothing. Working that out counts as a full state, unless it follows
  /// from what the subscriber has been told.
  void catch_up(Subscriber& subscriber, domain::Revision revision, const CaughtUp& done);
  /// The same for an admin's subscriber, which has no full state.
  [[nodiscard]] Result<Missed> catch_up_admin(Subscriber& subscriber, domain::Revision revision);
  /// The revision up to which an admin's subscriber has been sent everything.
  [[nodiscard]] static domain::Revision told_admin(const Subscriber& subscriber) noexcept;
  /// Sends a client's subscriber its full state, for this reason.
  void send_full_state(Subscriber& subscriber, std::string_view reason);
  /// What was queued for it has left: what it missed meanwhile follows.
  void on_drained(Subscriber& subscriber);

 private:
  struct Waiter {
    std::string environment;
    domain::Revision revision;
    std::function<void()> task;
    std::unique_ptr<net::CallbackTimer> limit{};
  };

  void pump();
  /// One slice of the push, after beginning the next one if none is under way.
  void work();
  void go_on();
  [[nodiscard]] std::vector<changes::CommitPtr> next_commits() const;
  void start(const std::vector<changes::CommitPtr>& commits);
  void finish_job();
  void call_waiters(const std::string& environment, domain::Revision revision);
  /// Brings a client's subscriber from `from` to the current state.
  void advance_client(Subscriber& subscriber, const domain::SnapshotPtr& from);
  /// The same for one that takes only notices: it gets one, whatever has changed.
  void notify(Subscriber& subscriber);
  /// Brings an admin's from the state that it has to `to`.
  void advance_admin(Subscriber& subscriber, const domain::SnapshotPtr& to);
  void send(Subscriber& subscriber, const EncodedBatch& encoded);
  /// A subscriber has everything up to `told`, and all that is newer is on its way. A client's: as seen from
  /// there.
  void follow_from(Subscriber& subscriber, const domain::SnapshotPtr& told) const;
  void follow_from(Subscriber& subscriber, const domain::Viewpoint& told) const;
  void begin_again(EnvironmentSubscribers& home, const domain::SnapshotPtr& state);
  /// The text of a view that was kept; null: it has to be evaluated.
  [[nodiscard]] ViewText kept_view(const Subscriber& subscriber, const domain::Viewpoint& seen);
  /// Of a view that was evaluated.
  [[nodiscard]] ViewText keep_view(const domain::Viewpoint& seen, std::string view);
  /// It is told nothing while something is evaluated for it.
  void hold(Subscriber& subscriber);
  /// The environment's state at that revision, or `out_of_reach_`.
  [[nodiscard]] domain::SnapshotPtr state_at(const EnvironmentSubscribers& home,
                                             domain::Revision revision) const;

  net::Shard& shard_;
  const changes::ReadModel& model_;
  const Rate full_state_rate_;
  PushCounters counters_;
  StatesLimited limited_;
  EvaluationQueue evaluations_;  // outlived by what it works for
  SubscriberIndex index_;
  std::unique_ptr<ViewCache> views_;  // null: none are kept
  /// Stands for a state that is not known here any more, or never was.
  const domain::SnapshotPtr out_of_reach_ = std::make_shared<domain::Snapshot>("", domain::Head{});
  std::deque<changes::CommitPtr> waiting_;
  std::unique_ptr<PushJob> job_;
  EnvironmentSubscribers* job_home_ = nullptr;
  bool working_ = false;     // `pump` is under way
  bool continuing_ = false;  // a task or timer that goes on is on its way
  net::CallbackTimer retry_;
  std::list<Waiter> waiters_;
};

/// One for each shard, by its index.
using ShardDeliveries = std::vector<std::unique_ptr<ShardDelivery>>;

}  // namespace togglecast::delivery
