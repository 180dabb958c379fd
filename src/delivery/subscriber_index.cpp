#include "delivery/subscriber_index.hpp"

#include "delivery/view_evaluation.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::delivery {
namespace {

domain::Id package_of(const ClientPtr& client) noexcept { return client->package_id.value_or(0); }

}  // namespace

Subscriber::~Subscriber() { SubscriberIndex::leave(*this); }

// A transport may outlive the shard's delivery.
SubscriberIndex::~SubscriberIndex() {
  for (EnvironmentSubscribers* home : environments()) {
    for (const Scope scope : {Scope::clients, Scope::admins}) for_each(*home, scope, 0, leave);
  }
}

EnvironmentSubscribers* SubscriberIndex::find(std::string_view environment) noexcept {
  const auto found = environments_.find(environment);
  return found == environments_.end() ? nullptr : found->second.get();
}

const EnvironmentSubscribers* SubscriberIndex::find(std::string_view environment) const noexcept {
  const auto found = environments_.find(environment);
  return found == environments_.end() ? nullptr : found->second.get();
}

EnvironmentSubscribers& SubscriberIndex::begin(const domain::SnapshotPtr& state) {
  auto home = std::make_unique<EnvironmentSubscribers>(shard_, state->environment(), *rollouts_);
  move_to(*home, state, state->revision());
  return *environments_.emplace(state->environment(), std::move(home)).first->second;
}

void SubscriberIndex::move_to(EnvironmentSubscribers& home, const domain::SnapshotPtr& state,
                              domain::Revision settled) noexcept {
  home.state = state;
  home.totals.move_to(state->revision(), settled);
}

void SubscriberIndex::begin_again(EnvironmentSubscribers& home, const domain::SnapshotPtr& state,
                                  const domain::SnapshotPtr& behind) {
  home.totals = DeliveryTotals{};
  home.rollouts = ShardRollouts(state->environment(), shard_.index(), *rollouts_);
  move_to(home, state, state->revision());
  const auto forget = [&](Subscriber& subscriber) {
    subscriber.receipt_ = {};
    subscriber.acknowledged_ = 0;
    subscriber.sent_ = state->revision();
    subscriber.behind_ = subscriber.admin_ ? nullptr : behind;
    if (!subscriber.admin_) home.totals.add(position_of(subscriber));
  };
  for (const Scope scope : {Scope::clients, Scope::admins}) for_each(home, scope, 0, forget);
}

std::vector<EnvironmentSubscribers*> SubscriberIndex::environments() {
  std::vector<EnvironmentSubscribers*> all;
  for (const auto& [name, home] : environments_) all.push_back(home.get());
  return all;
}

DeliveryTotals::Position SubscriberIndex::position_of(const Subscriber& subscriber) noexcept {
  const bool behind = subscriber.behind_ != nullptr;
  return {subscriber.sent_, behind, behind ? subscriber.behind_->revision() : 0, subscriber.acknowledged_};
}

void SubscriberIndex::settle_in(Subscriber& subscriber, EnvironmentSubscribers& home) noexcept {
  subscriber.home_ = &home;
  subscriber.sent_ = home.state->revision();
  subscriber.behind_.reset();
}

void SubscriberIndex::enter_client(Subscriber& subscriber, EnvironmentSubscribers& home,
                                   const ClientPtr& client) {
  if (subscriber.entered()) {
    set_client(subscriber, client);
    set_sent(subscriber, home.state->revision());
    return;
  }
  auto& package =
      home.by_package.try_emplace(package_of(client), SubscriberGroup::Kind::package).first->second;
  auto& own = home.by_client.try_emplace(client->id, SubscriberGroup::Kind::client).first->second;
  for (SubscriberGroup* group : {&home.clients, &package, &own}) group->make_room();
  home.totals.add({home.state->revision(), false, 0, subscriber.acknowledged_});
  // Nothing fails from here on.
  subscriber.admin_ = false;
  take(subscriber, client);
  settle_in(subscriber, home);
  for (SubscriberGroup* group : {&home.clients, &package, &own}) group->add(subscriber);
}

void SubscriberIndex::enter_admin(Subscriber& subscriber, EnvironmentSubscribers& home,
                                  domain::Standing role) {
  subscriber.role_ = role;
  if (subscriber.entered()) return;
  home.admins.make_room();
  subscriber.admin_ = true;
  settle_in(subscriber, home);
  home.admins.add(subscriber);
}

void SubscriberIndex::leave(Subscriber& subscriber) noexcept {
  ViewEvaluation::abandon(subscriber);
  EnvironmentSubscribers* home = std::exchange(subscriber.home_, nullptr);
  if (home == nullptr) return;
  if (subscriber.admin_) return home->admins.remove(subscriber);
  home->rollouts.gone(subscriber.receipt_);
  home->totals.remove(position_of(subscriber));
  home->clients.remove(subscriber);
  remove_from(home->by_package, package_of(subscriber.client_), subscriber);
  remove_from(home->by_client, subscriber.client_->id, subscriber);
}

void SubscriberIndex::remove_from(EnvironmentSubscribers::Groups& groups, domain::Id id,
                                  Subscriber& subscriber) noexcept {
  const auto group = groups.find(id);
  group->second.remove(subscriber);
  if (group->second.unused()) groups.erase(group);
}

void SubscriberIndex::take(Subscriber& subscriber, const ClientPtr& client) noexcept {
  subscriber.client_ = client;
  subscriber.active_ = client->active;
  subscriber.plain_ = client->overrides.empty();
}

void SubscriberIndex::set_client(Subscriber& subscriber, const ClientPtr& client) {
  EnvironmentSubscribers& home = subscriber.home();
  const domain::Id was = package_of(subscriber.client_);
  const domain::Id is = package_of(client);
  if (was != is) {
    auto& joined = home.by_package.try_emplace(is, SubscriberGroup::Kind::package).first->second;
    joined.make_room();
    remove_from(home.by_package, was, subscriber);
    joined.add(subscriber);
  }
  take(subscriber, client);
}

// Clients are counted. The new position first, which may need memory.
void SubscriberIndex::count_move(const Subscriber& subscriber, const DeliveryTotals::Position& to) {
  if (subscriber.admin_) return;
  subscriber.home_->totals.add(to);
  subscriber.home_->totals.remove(position_of(subscriber));
}

void SubscriberIndex::set_sent(Subscriber& subscriber, domain::Revision revision) {
  if (subscriber.behind_ == nullptr && !subscriber.admin_) {
    subscriber.home_->totals.moved(subscriber.sent_, revision);
  } else {
    count_move(subscriber, {revision, false, 0, subscriber.acknowledged_});
  }
  subscriber.sent_ = revision;
  subscriber.behind_.reset();
}

void SubscriberIndex::set_behind(Subscriber& subscriber, domain::SnapshotPtr state) {
  count_move(subscriber, {subscriber.sent_, true, state->revision(), subscriber.acknowledged_});
  subscriber.behind_ = std::move(state);
}

void SubscriberIndex::acknowledge(Subscriber& subscriber, domain::Revision revision) {
  if (revision <= subscriber.acknowledged_ || revision > told(subscriber)) return;
  DeliveryTotals::Position to = position_of(subscriber);
  to.acknowledged = revision;
  count_move(subscriber, to);
  subscriber.acknowledged_ = revision;
  subscriber.home_->rollouts.applied(subscriber.receipt_, revision, subscriber.home_->shard->now());
}

const RolloutOptions SubscriberIndex::kNoRollouts{};

void SubscriberIndex::await(Subscriber& subscriber) noexcept {
  if (!subscriber.entered() || subscriber.admin_) return;
  EnvironmentSubscribers& home = *subscriber.home_;
  home.rollouts.wait(subscriber.receipt_, home.state->revision(), home.shard->now());
}

void SubscriberIndex::covered(Subscriber& subscriber, domain::Revision revision) noexcept {
  if (subscriber.receipt_.stage == Stage::concerned)
    subscriber.home_->rollouts.sent(subscriber.receipt_, revision, subscriber.home_->shard->now());
}

void SubscriberIndex::not_concerned(Subscriber& subscriber) noexcept {
  if (subscriber.entered()) subscriber.home_->rollouts.drop(subscriber.receipt_);
}

void SubscriberIndex::pinged(Subscriber& subscriber) noexcept { ShardRollouts::pinged(subscriber.receipt_); }

void SubscriberIndex::answered(Subscriber& subscriber) noexcept {
  if (subscriber.entered())
    subscriber.home_->rollouts.answered(subscriber.receipt_, subscriber.home_->shard->now());
}

void SubscriberIndex::received(Subscriber& subscriber, domain::Revision proven) noexcept {
  if (subscriber.entered())
    subscriber.home_->rollouts.received(subscriber.receipt_, proven, subscriber.home_->shard->now());
}

bool SubscriberIndex::to_be_confirmed(const Subscriber& subscriber) noexcept {
  return subscriber.entered() && subscriber.receipt_.stage == Stage::sent &&
         subscriber.home_->rollouts.confirms(subscriber.receipt_.revision);
}

// Every change of its environment concerns an admin.
domain::Revision SubscriberIndex::told(const Subscriber& subscriber) noexcept {
  const DeliveryTotals::Position position = position_of(subscriber);
  if (subscriber.admin_) return position.is_behind ? position.behind : position.sent;
  return subscriber.home_->totals.told(position);
}

DeliveryCounts SubscriberIndex::count(std::string_view environment,
                                      const std::vector<domain::Revision>& revisions) const {
  DeliveryCounts counts;
  counts.reach.resize(revisions.size());
  const EnvironmentSubscribers* home = find(environment);
  if (home == nullptr) return counts;
  counts.admins = home->admins.size();
  counts.clients = home->clients.size();
  counts.reach = home->totals.reach(revisions);
  return counts;
}

SubscriberGroup* SubscriberIndex::group(EnvironmentSubscribers& home, Scope scope, domain::Id id) {
  const auto member_of = [id](EnvironmentSubscribers::Groups& groups) -> SubscriberGroup* {
    const auto found = groups.find(id);
    return found == groups.end() ? nullptr : &found->second;
  };
  switch (scope) {
    case Scope::clients:
      return &home.clients;
    case Scope::admins:
      return &home.admins;
    case Scope::package:
      return member_of(home.by_package);
    case Scope::client:
      break;
  }
  return member_of(home.by_client);
}

void SubscriberIndex::tidy(EnvironmentSubscribers& home, Scope scope, domain::Id id) noexcept {
  const auto tidy_in = [id](EnvironmentSubscribers::Groups& groups) {
    const auto found = groups.find(id);
    if (found != groups.end() && found->second.unused()) groups.erase(found);
  };
  if (scope == Scope::package) tidy_in(home.by_package);
  if (scope == Scope::client) tidy_in(home.by_client);
}

void SubscriberIndex::for_each(EnvironmentSubscribers& home, Scope scope, domain::Id id,
                               const std::function<void(Subscriber&)>& visit) {
  if (SubscriberGroup* members = group(home, scope, id)) {
    GroupWalk walk(*members);
    while (Subscriber* subscriber = walk.next()) visit(*subscriber);
  }
  tidy(home, scope, id);
}

}  // namespace togglecast::delivery
