#include "delivery/push_job.hpp"

#include <utility>

#include "auth/roles.hpp"
#include "base/fail_point.hpp"
#include "domain/schema/environment.hpp"

namespace togglecast::delivery {
namespace {

using Scope = SubscriberIndex::Scope;

// A push yields to whatever else the shard has to do after a millisecond, or after so many receivers: their
// writes leave at the end of the turn and take as long again.
constexpr std::size_t kReceiversPerSlice = 256;
constexpr std::size_t kLookAtClock = 16;

}  // namespace

bool defer(Subscriber& subscriber, const domain::SnapshotPtr& from, const PushCounters& counters) {
  if (!subscriber.busy()) return false;
  if (subscriber.behind() == nullptr) {
    SubscriberIndex::set_behind(subscriber, from);
    counters.deferred.add();
  }
  SubscriberIndex::await(subscriber);
  return true;
}

// The part of a turn that a push may have. An evaluation asks for the time only.
class PushJob::Part final : public Turn {
 public:
  Part(EnvironmentSubscribers& home, domain::Revision revision)
      : slice_(*home.shard),
        home_(home),
        revision_(revision),
        age_(home.rollouts.age(revision, home.shard->now())) {}
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part() override { home_.rollouts.pushed(revision_, age_, pushed_); }
  void spend() noexcept { ++receivers_; }
  void push(Receipt& receipt) noexcept {
    ++pushed_;
    home_.rollouts.push(receipt, revision_, age_);
  }
  [[nodiscard]] bool over() override { return slice_.over(); }
  [[nodiscard]] bool used_up() {
    if (receivers_ >= kReceiversPerSlice) return true;
    return ++looks_ % kLookAtClock == 0 && slice_.over();
  }

 private:
  Slice slice_;
  EnvironmentSubscribers& home_;
  domain::Revision revision_;
  std::uint32_t age_;  // of the change, in milliseconds
  std::uint32_t pushed_ = 0;
  std::size_t receivers_ = 0;
  std::size_t looks_ = 0;
};

PushJob::PushJob(SubscriberIndex& index, const PushCounters& counters, ShardStep step)
    : counters_(counters),
      home_(*index.find(step.to->environment())),
      step_(std::move(step)),
      of_system_(step_.to->environment() == domain::kSystemEnvironment),
      push_(step_.from, step_.to, step_.impact, step_.kind, counters),
      confirm_(home_.rollouts.confirms(step_.to->revision())) {
  plan_admins(index);
  if (!of_system_) plan_clients();
}

PushJob::~PushJob() {
  walk_.reset();
  if (stage_at_ < stages_.size())
    SubscriberIndex::tidy(*stages_[stage_at_].home, stages_[stage_at_].scope, stages_[stage_at_].id);
}

// Changes of the system environment concern the admins of every environment.
void PushJob::plan_admins(SubscriberIndex& index) {
  std::vector<EnvironmentSubscribers*> homes{&home_};
  if (of_system_) homes = index.environments();
  for (const Task task : {Task::recheck, Task::tell_admins}) {
    if (task == Task::recheck && !(of_system_ && step_.recheck_admins)) continue;
    for (EnvironmentSubscribers* home : homes)
      if (home->admins.size() > 0) stages_.push_back({task, home, Scope::admins});
  }
}

void PushJob::plan_clients() {
  for (const domain::Id client : step_.clients_to_recheck)
    stages_.push_back({Task::recheck, &home_, Scope::client, client});
  for (const domain::Id client : step_.impact.clients)
    stages_.push_back({Task::tell_touched, &home_, Scope::client, client});
  if (push_.concerns_all()) {
    stages_.push_back({Task::tell_concerned, &home_, Scope::clients});
    return;
  }
  for (const domain::Id package : push_.packages())
    stages_.push_back({Task::tell_concerned, &home_, Scope::package, package});
  for (const domain::Id client : push_.overriding_clients())
    stages_.push_back({Task::tell_concerned, &home_, Scope::client, client});
}

bool PushJob::run() {
  if (stages_.empty()) return true;
  counters_.slices.add();
  Part part(home_, step_.to->revision());
  for (; stage_at_ < stages_.size(); ++stage_at_)
    if (!walk(stages_[stage_at_], part)) return false;
  return true;
}

bool PushJob::walk(const Stage& stage, Part& part) {
  if (!walk_) {
    SubscriberGroup* group = SubscriberIndex::group(*stage.home, stage.scope, stage.id);
    if (group == nullptr) return true;
    if (stage.task == Task::tell_touched) {
      touched_ = step_.to->find<domain::Client>(stage.id);
      if (touched_ == nullptr) return true;  // gone: its subscribers have been sent away
    }
    if (stage.task == Task::tell_touched || stage.task == Task::tell_concerned)
      home_.rollouts.open(step_.to->revision());
    walk_.emplace(*group);
  }
  while (!part.used_up()) {
    Subscriber* subscriber = walk_->next();
    if (subscriber == nullptr) {
      walk_.reset();
      SubscriberIndex::tidy(*stage.home, stage.scope, stage.id);
      return true;
    }
    if (stage.task == Task::recheck) {
      part.spend();
      subscriber->recheck(*step_.to);
      continue;
    }
    try {
      if (tell(stage.task, *subscriber, part)) continue;
      walk_->again();
      return false;
    } catch (...) {
      missed(*subscriber);
      throw;
    }
  }
  return false;
}

bool PushJob::tell(Task task, Subscriber& subscriber, Part& part) {
  switch (task) {
    case Task::recheck:
      return true;
    case Task::tell_admins:
      return tell_admin(subscriber, part);
    case Task::tell_touched:
      return tell_touched(subscriber, part);
    case Task::tell_concerned:
      break;
  }
  return tell_concerned(subscriber, part);
}

bool PushJob::tell_admin(Subscriber& subscriber, Part& part) {
  if (!of_system_) {
    if (subscriber.sent() >= step_.to->revision()) return true;
    if (defer(subscriber, step_.from, counters_)) return true;
  }
  auto told = for_admins_.find(subscriber.role());
  if (told == for_admins_.end()) {
    const auto readable = auth::readable_kinds(subscriber.role());
    domain::AdminDifference begun{step_.from, step_.to, readable, step_.kind};
    told = for_admins_.try_emplace(subscriber.role(), std::move(begun)).first;
  }
  auto& [difference, batch] = told->second;
  if (!batch) {
    if (!difference.run(part)) return false;
    Batch made{{}, step_.to, step_.actor, !of_system_};  // offsets are those of the admin's own environment
    made.updates = difference.take();
    batch.emplace(std::move(made));
  }
  const auto encoded = encoded_for(subscriber, *batch, part);
  if (!encoded) return false;
  send(subscriber, *encoded, part);
  return true;
}

bool PushJob::tell_touched(Subscriber& subscriber, Part& part) {
  if (subscriber.sent() >= step_.to->revision() || defer(subscriber, step_.from, counters_)) return true;
  SharedBatch* batch =
      subscriber.only_notices() ? &push_.notice() : push_.batch_for_touched(subscriber, touched_, part);
  if (batch == nullptr) return false;
  const auto encoded = encoded_for(subscriber, *batch, part);
  if (!encoded) return false;
  const ClientPtr was = subscriber.client();
  SubscriberIndex::set_client(subscriber, touched_);
  try {
    send(subscriber, *encoded, part);
  } catch (...) {
    SubscriberIndex::set_client(subscriber, was);
    throw;
  }
  return true;
}

bool PushJob::tell_concerned(Subscriber& subscriber, Part& part) {
  if (subscriber.sent() >= step_.to->revision() || defer(subscriber, step_.from, counters_)) return true;
  const domain::Id package = subscriber.client()->package_id.value_or(0);
  const bool notices = subscriber.only_notices();
  SharedBatch* batch =
      notices ? push_.notice_for(subscriber, package) : push_.batch_for(subscriber, package, part);
  if (batch == nullptr && notices) {
    send(subscriber, nullptr, part);
    return true;
  }
  if (batch == nullptr) return false;
  const auto encoded = encoded_for(subscriber, *batch, part);
  if (!encoded) return false;
  send(subscriber, *encoded, part);
  return true;
}

PushJob::Encoded PushJob::encoded_for(const Subscriber& subscriber, SharedBatch& batch, Part& part) const {
  if (batch.empty()) return nullptr;
  const EncodedBatch* encoded = batch.in_form_of(subscriber.encoder(), counters_.encoded, part);
  if (encoded == nullptr) return std::nullopt;
  return encoded;
}

// The subscriber may end while it is sent something, so that comes last.
void PushJob::send(Subscriber& subscriber, const EncodedBatch* encoded, Part& part) {
  if (!of_system_) SubscriberIndex::set_sent(subscriber, step_.to->revision());
  if (encoded == nullptr) return;
  part.spend();
  counters_.delivered.add();
  if (!subscriber.is_admin()) {
    part.push(subscriber.receipt_);
    if (confirm_) return subscriber.send_and_confirm(*encoded);
  }
  subscriber.send(*encoded);
  pass(FailPoint::mid_push);
}

void PushJob::missed(Subscriber& subscriber) {
  if (of_system_ || subscriber.behind() != nullptr) return;
  SubscriberIndex::set_behind(subscriber, step_.from);
  subscriber.look_again_later();
}

}  // namespace togglecast::delivery
