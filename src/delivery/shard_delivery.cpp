#include "delivery/shard_delivery.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "auth/roles.hpp"
#include "changes/actor.hpp"
#include "domain/schema/environment.hpp"

namespace togglecast::delivery {
namespace {

using domain::Step;

using ClientDifference = DifferenceEvaluation<domain::ViewDifference>;

// When more commits than that wait for their push, they are pushed as one.
constexpr std::size_t kManyCommits = 8;
constexpr Milliseconds kBeforeRetry{10};

bool has(const std::vector<domain::Id>& ascending, domain::Id id) {
  return std::binary_search(ascending.begin(), ascending.end(), id);
}

// Whether a change is one of those that these updates of the client's view came from. As far as the entities
// tell: of two changes of one feature, both.
bool concerns(const domain::Impact& impact, const domain::Client& client,
              const std::vector<domain::ViewUpdate>& updates) {
  if (has(impact.clients, client.id)) return true;
  const auto package = std::find_if(
      impact.packages.begin(), impact.packages.end(),
      [&client](const domain::PackageImpact& one) { return one.package == client.package_id.value_or(0); });
  const bool has_package = package != impact.packages.end();
  return std::any_of(updates.begin(), updates.end(), [&](const domain::ViewUpdate& update) {
    if (update.kind == domain::Kind::platform) return has(impact.platforms, update.id);
    if (update.kind == domain::Kind::feature)
      return has(impact.features, update.id) || (has_package && has(package->features, update.id));
    return update.kind == domain::Kind::package && has_package;
  });
}

}  // namespace

ShardDelivery::ShardDelivery(net::Shard& shard, const changes::ReadModel& model, const Rate& full_states,
                             const PushCounters& counters, const StatesLimited& limited)
    : shard_(shard),
      model_(model),
      full_state_rate_(full_states),
      counters_(counters),
      limited_(limited),
      evaluations_(shard),
      index_(shard),
      retry_([this] { go_on(); }) {}

bool ShardDelivery::begin(const domain::SnapshotPtr& state) {
  auto* home = index_.find(state->environment());
  if (home != nullptr && state->head().epoch <= home->state->head().epoch) return false;
  const bool again = home != nullptr;
  if (again) {
    begin_again(*home, state);
  } else {
    index_.begin(state);
  }
  call_waiters(state->environment(), state->revision());
  return again;
}

void ShardDelivery::begin_again(EnvironmentSubscribers& home, const domain::SnapshotPtr& state) {
  if (job_home_ == &home) job_.reset();
  std::erase_if(waiting_, [&](const changes::CommitPtr& commit) {
    return commit->row.environment == state->environment();
  });
  index_.begin_again(home, state, out_of_reach_);
  if (views_ != nullptr) views_->begin_again(state->environment());
  const auto recheck = [&state](Subscriber& subscriber) { subscriber.recheck(*state); };
  if (state->environment() == domain::kSystemEnvironment) {
    for (EnvironmentSubscribers* each : index_.environments())
      SubscriberIndex::for_each(*each, SubscriberIndex::Scope::admins, 0, recheck);
  } else {
    SubscriberIndex::for_each(home, SubscriberIndex::Scope::clients, 0, recheck);
  }
}

void ShardDelivery::recheck_all() {
  const auto* system = index_.find(domain::kSystemEnvironment);
  for (EnvironmentSubscribers* each : index_.environments()) {
    const auto state = each->state;
    SubscriberIndex::for_each(*each, SubscriberIndex::Scope::clients, 0,
                              [&state](Subscriber& subscriber) { subscriber.recheck(*state); });
    if (system == nullptr) continue;
    const auto admins = system->state;
    SubscriberIndex::for_each(*each, SubscriberIndex::Scope::admins, 0,
                              [&admins](Subscriber& subscriber) { subscriber.recheck(*admins); });
  }
}

domain::SnapshotPtr ShardDelivery::current(std::string_view environment) const {
  const auto* home = index_.find(environment);
  return home == nullptr ? nullptr : home->state;
}

void ShardDelivery::when_reached(const std::string& environment, domain::Revision revision,
                                 std::function<void()> task) {
  const auto state = current(environment);
  if (state != nullptr && state->revision() >= revision) {
    task();
  } else {
    waiters_.push_back({environment, revision, std::move(task)});
  }
}

void ShardDelivery::when_reached(const std::string& environment, domain::Revision revision,
                                 Milliseconds longest, std::function<void()> task) {
  const auto state = current(environment);
  if (state != nullptr && state->revision() >= revision) return task();
  const auto waiter = waiters_.insert(waiters_.end(), {environment, revision, std::move(task)});
  waiter->limit = std::make_unique<net::CallbackTimer>([this, waiter] {
    std::list<Waiter> late;
    late.splice(late.end(), waiters_, waiter);
    shard_.post([timer = std::shared_ptr(std::move(waiter->limit))] {});  // it is running
    waiter->task();
  });
  shard_.arm(*waiter->limit, longest);
}

void ShardDelivery::call_waiters(const std::string& environment, domain::Revision revision) {
  std::list<Waiter> due;
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    const auto next = std::next(waiter);
    if (waiter->environment == environment && waiter->revision <= revision)
      due.splice(due.end(), waiters_, waiter);
    waiter = next;
  }
  for (auto& waiter : due) waiter.limit.reset();
  for (const auto& waiter : due) (void)shard_.attempt(waiter.task);
}

void ShardDelivery::evaluate(Subscriber& subscriber, const ClientPtr& client,
                             const domain::SnapshotPtr& state, ContextPtr context, Viewed then,
                             ViewEvaluation::Superseded superseded) {
  domain::Viewpoint seen{state, client, std::move(context)};
  const auto tell = [then = std::move(then)](Subscriber& of, const domain::Viewpoint& of_what,
                                             const ViewText& view) {
    // What it was not told meanwhile follows, unless it begins from another state now.
    if (of.entered() && of.behind() != nullptr) of.look_again_later();
    then(of_what, view);  // it may end
  };
  if (const auto kept = kept_view(subscriber, seen); kept != nullptr) return tell(subscriber, seen, kept);
  const auto done = [this, tell](Subscriber& of, const domain::Viewpoint& of_what, std::string view) {
    tell(of, of_what, keep_view(of_what, std::move(view)));
  };
  auto evaluation =
      std::make_unique<FullEvaluation>(subscriber, std::move(seen), done, std::move(superseded));
  hold(subscriber);
  evaluations_.start(std::move(evaluation));
}

// A newer evaluation has to take the place of one that is under way.
ViewText ShardDelivery::kept_view(const Subscriber& subscriber, const domain::Viewpoint& seen) {
  const bool may = views_ != nullptr && subscriber.evaluation() == nullptr &&
                   seen.state == current(seen.state->environment());
  return may ? views_->find(seen) : nullptr;
}

ViewText ShardDelivery::keep_view(const domain::Viewpoint& seen, std::string view) {
  auto text = std::make_shared<const std::string>(std::move(view));
  if (views_ != nullptr && seen.state == current(seen.state->environment())) views_->offer(seen, text);
  return text;
}

void ShardDelivery::compare(Subscriber& subscriber, domain::Viewpoint from, domain::Viewpoint to,
                            Compared then) {
  evaluations_.start(std::make_unique<ClientDifference>(
      subscriber,
      [then = std::move(then)](Subscriber&, const domain::ViewDifference& difference,
                               std::vector<domain::ViewUpdate> missed) {
        then(difference.to(), std::move(missed));
      },
      ViewEvaluation::Superseded{}, std::move(from), std::move(to), Step::merged));
}

void ShardDelivery::compare_admin(Subscriber& subscriber, const domain::SnapshotPtr& from,
                                  const domain::SnapshotPtr& to, domain::Kinds readable, AdminCompared then) {
  evaluations_.start(std::make_unique<DifferenceEvaluation<domain::AdminDifference>>(
      subscriber,
      [then = std::move(then)](Subscriber&, const domain::AdminDifference&,
                               std::vector<domain::ViewUpdate> missed) { then(std::move(missed)); },
      ViewEvaluation::Superseded{}, from, to, readable, Step::merged));
}

void ShardDelivery::send_missed(Subscriber& subscriber, domain::Revision from,
                                std::vector<domain::ViewUpdate> missed, const domain::SnapshotPtr& to) {
  if (missed.empty()) return;
  if (subscriber.entered() && !subscriber.is_admin())
    subscriber.home().rollouts.resumed(from, to->revision(), [&](const domain::Impact& impact) {
      return concerns(impact, *subscriber.client(), missed);
    });
  SubscriberIndex::set_behind(subscriber, to);
  evaluations_.start(
      std::make_unique<BatchEvaluation>(subscriber, Batch{std::move(missed), to, nullptr, true},
                                        [this, to](Subscriber& of, const EncodedBatch* encoded) {
                                          follow_from(of, to);
                                          send(of, *encoded);
                                        }));
}

void ShardDelivery::enter(Subscriber& subscriber, const domain::Viewpoint& told) {
  auto& home = *index_.find(told.state->environment());
  SubscriberIndex::enter_client(subscriber, home, told.client);
  SubscriberIndex::covered(subscriber, told.state->revision());
  if (home.state == told.state) return;
  follow_from(subscriber, told);
}

void ShardDelivery::follow_from(Subscriber& subscriber, const domain::Viewpoint& told) const {
  SubscriberIndex::set_client(subscriber, told.client);
  follow_from(subscriber, told.state);
}

void ShardDelivery::follow_from(Subscriber& subscriber, const domain::SnapshotPtr& told) const {
  const domain::SnapshotPtr& state = subscriber.home().state;
  if (told->head().epoch != state->head().epoch) {  // begun again meanwhile: an admin reads everything again
    SubscriberIndex::set_sent(subscriber, state->revision());
    if (subscriber.is_admin()) return;
    SubscriberIndex::set_behind(subscriber, out_of_reach_);
    subscriber.look_again_later();
    return;
  }
  SubscriberIndex::set_sent(subscriber, told->revision());
  SubscriberIndex::covered(subscriber, told->revision());
  if (state->revision() == told->revision()) return;
  SubscriberIndex::set_behind(subscriber, told);
  subscriber.look_again_later();
}

void ShardDelivery::hold(Subscriber& subscriber) {
  if (!subscriber.entered() || subscriber.behind() != nullptr) return;
  SubscriberIndex::set_behind(subscriber, state_at(subscriber.home(), SubscriberIndex::told(subscriber)));
}

domain::SnapshotPtr ShardDelivery::state_at(const EnvironmentSubscribers& home,
                                            domain::Revision revision) const {
  if (home.state->revision() == revision) return home.state;
  auto state = model_.at(home.state->environment(), revision);
  return state == nullptr ? out_of_reach_ : state;
}

void ShardDelivery::enter(Subscriber& subscriber, std::string_view environment, domain::Standing role,
                          const domain::SnapshotPtr& told) {
  auto& home = *index_.find(environment);
  SubscriberIndex::enter_admin(subscriber, home, role);
  if (told != nullptr && home.state != told) follow_from(subscriber, told);
}

void ShardDelivery::on_commit(const changes::CommitPtr& commit, TimePoint committed) {
  if (auto* home = index_.find(commit->row.environment)) {
    const domain::Revision revision = commit->after->revision();
    home->rollouts.begin(revision, committed, changes::wants_confirmation(commit->row.actor_text),
                         shard_.now());
    home->rollouts.concerns(revision, commit->impact);
  }
  waiting_.push_back(commit);
  pump();
}

// One commit, or, when many wait, all of its environment that follow on it.
std::vector<changes::CommitPtr> ShardDelivery::next_commits() const {
  std::vector<changes::CommitPtr> commits{waiting_.front()};
  if (waiting_.size() <= kManyCommits) return commits;
  for (auto next = waiting_.begin() + 1; next != waiting_.end(); ++next) {
    if ((*next)->row.environment != commits.front()->row.environment) break;
    commits.push_back(*next);
  }
  return commits;
}

// What fails is tried again: a commit stays until its step has begun, and a push goes on with the subscriber
// after the one at which it failed.
void ShardDelivery::pump() {
  if (std::exchange(working_, true)) return;
  while (!continuing_ && (job_ != nullptr || !waiting_.empty())) {
    if (shard_.attempt([this] { work(); })) continue;
    continuing_ = true;
    shard_.arm(retry_, kBeforeRetry);
  }
  working_ = false;
}

void ShardDelivery::work() {
  if (job_ == nullptr) {
    const auto commits = next_commits();
    start(commits);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(commits.size()));
  }
  if (job_ == nullptr) return;
  const bool done = job_->run();
  const auto state = job_home_->state;
  if (done) {
    finish_job();
  } else {
    continuing_ = true;
    shard_.at_turn_end([this] { shard_.post([this] { go_on(); }); });  // not in this turn again
  }
  call_waiters(state->environment(), state->revision());
}

void ShardDelivery::go_on() {
  continuing_ = false;
  pump();
}

void ShardDelivery::start(const std::vector<changes::CommitPtr>& commits) {
  auto* home = index_.find(commits.front()->row.environment);
  if (home == nullptr) {
    (void)begin(commits.back()->after);  // nobody can have entered before
    return;
  }
  const auto from = home->state;
  auto step = step_over(from, commits);
  if (!step) return;
  const auto to = step->to;
  counters_.commits.add(step->commits);
  const bool concerns_clients = step->impact.concerns_clients();
  if (views_ != nullptr) views_->step(*from, *to, step->impact);
  home->rollouts.merge(from->revision(), to->revision());
  job_ = std::make_unique<PushJob>(index_, counters_, *std::move(step));
  job_home_ = home;
  index_.move_to(*home, to, concerns_clients ? from->revision() : to->revision());
}

void ShardDelivery::finish_job() {
  job_.reset();
  job_home_->totals.settle();
}

// When it changes its role or its place meanwhile, the difference is another one.
void ShardDelivery::advance_admin(Subscriber& subscriber, const domain::SnapshotPtr& to) {
  const auto done = [this, role = subscriber.role()](Subscriber& of,
                                                     const domain::AdminDifference& difference,
                                                     const EncodedBatch* encoded) {
    if (of.behind() != difference.from() || of.role() != role) return of.look_again_later();
    follow_from(of, difference.to());
    if (encoded != nullptr) send(of, *encoded);
  };
  evaluations_.start(std::make_unique<CatchUpEvaluation<domain::AdminDifference>>(
      subscriber, done, subscriber.behind(), to, auth::readable_kinds(subscriber.role())));
}

void ShardDelivery::advance_client(Subscriber& subscriber, const domain::SnapshotPtr& from) {
  const auto to = subscriber.home().state;
  auto client = to->find<domain::Client>(subscriber.client()->id);
  if (client == nullptr) return;
  const auto done = [this](Subscriber& of, const domain::ViewDifference& difference,
                           const EncodedBatch* encoded) {
    if (encoded == nullptr) SubscriberIndex::not_concerned(of);
    follow_from(of, difference.to());
    if (encoded != nullptr) send(of, *encoded);
  };
  evaluations_.start(std::make_unique<CatchUpEvaluation<domain::ViewDifference>>(
      subscriber, done, domain::Viewpoint{from, subscriber.client(), subscriber.context()},
      domain::Viewpoint{to, std::move(client), subscriber.context()}));
}

void ShardDelivery::notify(Subscriber& subscriber) {
  const auto to = subscriber.home().state;
  const auto client = to->find<domain::Client>(subscriber.client()->id);
  if (client == nullptr) return;
  const Batch notice{.to = to, .notice = true};
  const auto encoded = subscriber.encoder().encode(notice);
  follow_from(subscriber, domain::Viewpoint{to, client, nullptr});
  send(subscriber, *encoded);
}

// The subscriber may end while it is sent something, so that comes last.
void ShardDelivery::send(Subscriber& subscriber, const EncodedBatch& encoded) {
  counters_.encoded.add();
  counters_.delivered.add();
  if (SubscriberIndex::to_be_confirmed(subscriber)) return subscriber.send_and_confirm(encoded);
  subscriber.send(encoded);
}

Result<void> ShardDelivery::take_full_state(Subscriber& subscriber) const {
  const Milliseconds wait = subscriber.full_states().take(full_state_rate_, shard_.now());
  if (wait == Milliseconds{0}) return {};
  limited_.counter->add();
  const auto& client = subscriber.client();
  limited_.log.limit("--full-state-rate", client == nullptr ? observe::Field{"sid", subscriber.name().id}
                                                            : observe::Field{"client", client->id});
  return too_fast("the full state was asked for too often on this connection; slow down (--full-state-rate)",
                  wait);
}

void ShardDelivery::catch_up(Subscriber& subscriber, domain::Revision revision, const CaughtUp& done) {
  const auto to = subscriber.home().state;
  const auto told = SubscriberIndex::told(subscriber);
  const bool is_behind = subscriber.behind() != nullptr;
  // Between what it was sent and what it was told, nothing concerned it. The rest is on its way.
  if (!is_behind && revision >= subscriber.sent() && revision <= told) return done(told != to->revision());
  const auto from = model_.at(to->environment(), revision);
  const auto was = from == nullptr ? nullptr : from->find<domain::Client>(subscriber.client()->id);
  const auto is = to->find<domain::Client>(subscriber.client()->id);
  const bool known = was != nullptr && is != nullptr;
  if (known && from->revision() >= to->revision()) return done(false);
  if (known && is_behind && revision >= told) {
    subscriber.look_again_later();
    return done(true);
  }
  if (auto may = take_full_state(subscriber); !may) return done(tl::unexpected(may.error()));
  if (!known || is_behind) {
    SubscriberIndex::set_behind(subscriber, out_of_reach_);
    // Not at once: a client that asks again and again, or does not read, is brought here once, as after a
    // push.
    subscriber.look_again_later();
    return done(true);
  }
  hold(subscriber);
  const auto compared = [done, was](Subscriber& of, const domain::ViewDifference& difference,
                                    const std::vector<domain::ViewUpdate>& updates) {
    const auto held = of.behind();
    const bool moved_on = of.home().state != held;
    SubscriberIndex::set_sent(of, held->revision());
    if (!updates.empty()) {
      SubscriberIndex::set_client(of, was);
      SubscriberIndex::set_behind(of, difference.from().state);
    } else if (moved_on) {
      SubscriberIndex::set_behind(of, held);
    }
    if (of.behind() != nullptr) of.look_again_later();
    done(of.behind() != nullptr);
  };
  evaluations_.start(std::make_unique<ClientDifference>(
      subscriber, compared, [done] { done(true); }, domain::Viewpoint{from, was, subscriber.context()},
      domain::Viewpoint{to, is, subscriber.context()}, Step::merged));
}

domain::Revision ShardDelivery::told_admin(const Subscriber& subscriber) noexcept {
  return subscriber.behind() == nullptr ? subscriber.sent() : subscriber.behind()->revision();
}

Result<Missed> ShardDelivery::catch_up_admin(Subscriber& subscriber, domain::Revision revision) {
  const auto to = subscriber.home().state;
  const domain::Revision told = told_admin(subscriber);
  if (revision == to->revision()) return Missed::nothing;
  if (revision == told) return Missed::updates;  // they are on their way
  const auto from = model_.at(to->environment(), revision);
  if (from == nullptr || revision > to->revision()) return Missed::out_of_reach;
  if (revision > told) {
    // What is on its way begins at `told`. It leaves out what came before this copy and went after it.
    SubscriberIndex::set_behind(subscriber, from);
    subscriber.look_again_later();
    return Missed::updates;
  }
  if (auto may = take_full_state(subscriber); !may) return tl::unexpected(may.error());
  const auto readable = auth::readable_kinds(subscriber.role());
  if (domain::admin_differences(*from, *to, readable).size() > kMostMissed) return Missed::out_of_reach;
  if (!domain::admin_views_differ(*from, *to, readable)) return Missed::nothing;
  if (subscriber.behind() != nullptr) return Missed::out_of_reach;  // it does not take what it has been told
  SubscriberIndex::set_behind(subscriber, from);
  subscriber.look_again_later();
  return Missed::updates;
}

void ShardDelivery::send_full_state(Subscriber& subscriber, std::string_view reason) {
  const auto state = subscriber.home().state;
  auto client = state->find<domain::Client>(subscriber.client()->id);
  if (client == nullptr) return;
  domain::Viewpoint seen{state, std::move(client), subscriber.context()};
  const auto tell = [this, reason = std::string(reason)](Subscriber& of, const domain::Viewpoint& of_what,
                                                         const ViewText& view) {
    follow_from(of, of_what);
    if (SubscriberIndex::to_be_confirmed(of))
      return of.send_full_state_and_confirm(*of_what.state, *view, reason);
    of.send_full_state(*of_what.state, *view, reason);
  };
  if (const auto kept = kept_view(subscriber, seen); kept != nullptr) return tell(subscriber, seen, kept);
  const auto done = [this, tell](Subscriber& of, const domain::Viewpoint& of_what, std::string view) {
    tell(of, of_what, keep_view(of_what, std::move(view)));
  };
  hold(subscriber);
  evaluations_.start(std::make_unique<FullEvaluation>(subscriber, std::move(seen), done));
}

void ShardDelivery::on_drained(Subscriber& subscriber) {
  if (subscriber.evaluation() != nullptr) return;  // it is looked at again afterwards
  if (!subscriber.entered() || subscriber.behind() == nullptr || subscriber.backlog_bytes() != 0) return;
  if (subscriber.only_notices()) return notify(subscriber);
  const auto from = subscriber.behind();
  // What it was told beyond the revision that it says it has may be on its way to it, and gone since.
  const bool told_more = from->revision() < subscriber.sent();
  const bool moved_on = subscriber.home().state->revision() != subscriber.sent();
  if (subscriber.is_admin() && told_more) {
    // What came and went after `from` is in neither of its ends: it is told as it was told before.
    const auto state = subscriber.home().state;
    const auto between = moved_on ? model_.at(state->environment(), subscriber.sent()) : state;
    advance_admin(subscriber, between == nullptr ? state : between);  // the rest follows from there
  } else if (subscriber.is_admin()) {
    advance_admin(subscriber, subscriber.home().state);
  } else if (from == out_of_reach_ || (told_more && moved_on)) {
    send_full_state(subscriber, "catch_up_out_of_reach");
  } else {
    advance_client(subscriber, from);
  }
}

}  // namespace togglecast::delivery
