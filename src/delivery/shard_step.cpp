#include "delivery/shard_step.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace togglecast::delivery {
namespace {

using domain::Kind;
using domain::Snapshot;

bool is_same_state(const domain::SnapshotPtr& a, const domain::SnapshotPtr& b) {
  return a == b || a->offset() == b->offset();
}

// States that follow on one another share what did not change, so most entities compare as pointers.
template <typename T>
void add_differences(std::vector<domain::Op>& ops, const Snapshot& from, const Snapshot& to) {
  from.table<T>().by_id.for_each([&](domain::Id id, const auto& before) {
    if (to.peek<T>(id) == nullptr) ops.push_back({T::kKind, id, to_json(*before), nullptr});
  });
  to.table<T>().by_id.for_each([&](domain::Id id, const auto& after) {
    const T* before = from.peek<T>(id);
    if (before == after.get()) return;
    ops.push_back(
        {T::kKind, id, before == nullptr ? json::value() : json::value(to_json(*before)), to_json(*after)});
  });
}

void note_rechecks(ShardStep& step, const std::vector<domain::Op>& ops) {
  std::set<domain::Id> clients(step.clients_to_recheck.begin(), step.clients_to_recheck.end());
  for (const auto& op : ops) {
    if (op.entity == Kind::client) clients.insert(op.id);
    if (op.entity == Kind::settings) step.recheck_admins = true;  // what they require of admins
    if (op.before.is_null()) continue;
    if (op.entity == Kind::admin || op.entity == Kind::token || op.entity == Kind::api_key)
      step.recheck_admins = true;
    if (op.entity != Kind::token) continue;
    if (const auto record = domain::TokenRecord::from_json(op.before)) clients.insert(record->subject_id);
  }
  step.clients_to_recheck.assign(clients.begin(), clients.end());
}

json::value actor_of(const changes::Commit& commit) {
  auto actor = json::parse(commit.row.actor_text);
  return actor ? *std::move(actor) : json::value();
}

}  // namespace

ShardStep step_between(const domain::SnapshotPtr& from, const domain::SnapshotPtr& to) {
  ShardStep step;
  step.from = from;
  step.to = to;
  step.kind = domain::Step::merged;
  step.commits = static_cast<std::size_t>(std::max<domain::Revision>(0, to->revision() - from->revision()));
  domain::Change change{from->revision(), {}};
  for (const Kind kind : domain::kAllKinds) {
    domain::with_entity_type(
        kind, [&]<typename T>(std::type_identity<T>) { add_differences<T>(change.ops, *from, *to); });
  }
  note_rechecks(step, change.ops);
  step.impact = domain::impact_of(*from, *to, change);
  return step;
}

std::optional<ShardStep> step_over(const domain::SnapshotPtr& from,
                                   const std::vector<changes::CommitPtr>& commits) {
  ShardStep step;
  step.from = step.to = from;
  bool gap = false;
  for (const auto& commit : commits) {
    if (commit->after->revision() <= step.to->revision()) continue;
    gap = gap || !is_same_state(commit->before, step.to);
    step.to = commit->after;
    if (gap) continue;
    note_rechecks(step, commit->row.change.ops);
    merge(step.impact, commit->impact);
    step.actor = actor_of(*commit);
    ++step.commits;
  }
  if (step.to == from) return std::nullopt;
  if (gap) return step_between(from, step.to);
  if (step.commits > 1) {
    step.kind = domain::Step::merged;
    step.actor = nullptr;
  }
  return step;
}

}  // namespace togglecast::delivery
