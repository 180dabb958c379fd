#include "changes/timed_changes.hpp"

#include <algorithm>
#include <set>

#include "changes/ops.hpp"
#include "domain/evaluation/decision.hpp"
#include "domain/state/client_view.hpp"

namespace togglecast::changes {
namespace {

using domain::Client;
using domain::Id;
using domain::Link;
using domain::Relation;
using domain::evaluation::Decider;
using domain::evaluation::Decision;
using domain::evaluation::DecisionMemo;
using domain::evaluation::FeatureRules;
using domain::evaluation::Flag;
using domain::evaluation::Reads;

// Calls `visit(rules)` for each feature that depends on time until it returns false.
template <typename Visit>
void for_each_timed(const domain::Snapshot& state, Visit&& visit) {
  state.links().for_each(Relation::timed, 0, [&](const Link& link) {
    const FeatureRules* rules = state.feature(link.user);
    return rules == nullptr || visit(*rules);
  });
}

// The server knows everything that it reads.
bool reads_no_context(const Reads& reads) {
  return !reads.everything &&
         std::all_of(reads.paths.begin(), reads.paths.end(), [](const std::string& path) {
           return path.starts_with("client.") || path.starts_with("$flagd.");
         });
}

bool depends_on_context(const Flag& flag) {
  return flag.time().otherwise && flag.program() != nullptr && !reads_no_context(flag.program()->reads());
}

bool same_decision(const Decision& a, const Decision& b) {
  return a.enabled == b.enabled && a.value == b.value && a.variant == b.variant && a.reason == b.reason &&
         a.rule == b.rule && a.because_of == b.because_of && a.error == b.error;
}

bool drifted_for(const domain::Snapshot& state, const Client& client, const FeatureRules& rules,
                 UnixMillis now) {
  auto subject = domain::subject_of(state, client, nullptr);
  const auto answers = [&](UnixMillis at) {
    subject.now = at;
    DecisionMemo memo;
    Decider decider(state, subject, memo);
    std::vector<Decision> all{decider.decide(rules)};
    for (const Flag& sub : rules.sub_features) all.push_back(decider.decide(rules, sub));
    return all;
  };
  const auto before = answers(state.as_of());
  const auto after = answers(now);
  return !std::equal(before.begin(), before.end(), after.begin(), after.end(), same_decision);
}

// Clients that see the feature, or a feature that requires it. A feature that requires it changes only when
// it changes.
std::set<Id> clients_that_see(const domain::Snapshot& state, const FeatureRules& rules) {
  std::set<Id> clients;
  std::set<Id> features;
  std::vector<Id> unseen{rules.id};
  while (!unseen.empty()) {
    const Id feature = unseen.back();
    unseen.pop_back();
    if (!features.insert(feature).second) continue;
    for (const Id client : state.links().users(Relation::client_override, feature)) clients.insert(client);
    for (const Id package : state.links().users(Relation::assignment, feature))
      for (const Id client : state.links().users(Relation::subscriber, package)) clients.insert(client);
    for (const Id user : state.links().users(Relation::requirement, feature)) unseen.push_back(user);
  }
  return clients;
}

bool feature_has_drifted(const domain::Snapshot& state, const FeatureRules& rules, UnixMillis now) {
  const auto clients = clients_that_see(state, rules);
  if (clients.empty()) return false;
  const bool unknowable =
      depends_on_context(rules.flag) ||
      std::any_of(rules.sub_features.begin(), rules.sub_features.end(), depends_on_context);
  if (unknowable) return true;
  return std::any_of(clients.begin(), clients.end(), [&](Id id) {
    const auto client = state.find<Client>(id);
    return client != nullptr && drifted_for(state, *client, rules, now);
  });
}

// Removes the overrides that have expired.
void add_expiries(WriteContext& context, std::vector<domain::Op>& ops) {
  const UnixMillis now = context.at();
  std::set<Id> clients;
  context.state().links().for_each(Relation::expiry, 0, [&](const Link& link) {
    if (link.used > now.value) return false;
    clients.insert(link.user);
    return true;
  });
  for (const Id id : clients) {
    const auto before = context.state().find<Client>(id);
    Client after = *before;
    std::erase_if(after.overrides, [now](const auto& one) { return !one.holds(now); });
    if (auto op = update_op(*before, std::move(after), context)) ops.push_back(std::move(*op));
  }
}

// Names, unchanged, each feature whose rules have reached a time that they compare with.
void add_time_boundaries(const WriteContext& context, std::vector<domain::Op>& ops) {
  const domain::Snapshot& state = context.state();
  for_each_timed(state, [&](const FeatureRules& rules) {
    const auto turn = rules.time().next_boundary(state.as_of());
    if (turn && *turn <= context.at()) {
      const auto* feature = state.peek<domain::Feature>(rules.id);
      const json::value named = {{"id", feature->id}, {"key", feature->key}, {"name", feature->name}};
      ops.push_back({domain::Kind::feature, rules.id, named, named});
    }
    return true;
  });
}

Build build_timed_change(std::optional<domain::Revision> drifted) {
  return [drifted](WriteContext& context) -> Result<Draft> {
    Draft draft;
    add_expiries(context, draft.ops);
    add_time_boundaries(context, draft.ops);
    if (!draft.ops.empty()) {
      draft.kind = draft.ops.front().entity;
      draft.id = draft.ops.front().id;
    }
    draft.tick = drifted == context.state().revision();
    return draft;
  };
}

}  // namespace

std::optional<UnixMillis> next_time_boundary(const domain::Snapshot& state) {
  std::optional<UnixMillis> next;
  const auto note = [&next](UnixMillis at) {
    if (!next || at < *next) next = at;
  };
  if (const Link* expiry = state.links().first(Relation::expiry)) note({expiry->used});
  for_each_timed(state, [&](const FeatureRules& rules) {
    if (const auto turn = rules.time().next_boundary(state.as_of())) note(*turn);
    return true;
  });
  return next;
}

bool is_due(const domain::Snapshot& state, UnixMillis now) {
  const auto turn = next_time_boundary(state);
  return turn && *turn <= now;
}

bool may_drift(const domain::Snapshot& state) {
  bool may = false;
  for_each_timed(state, [&may](const FeatureRules& rules) {
    may = rules.time().otherwise;
    return !may;
  });
  return may;
}

bool has_drifted(const domain::Snapshot& state, UnixMillis now) {
  bool drifted = false;
  for_each_timed(state, [&](const FeatureRules& rules) {
    drifted = rules.time().otherwise && feature_has_drifted(state, rules, now);
    return !drifted;
  });
  return drifted;
}

WriteRequest timed_change(const std::string& environment, std::optional<domain::Revision> drifted) {
  WriteRequest request = own_write(environment, Source::timer, build_timed_change(drifted));
  request.time_first = false;
  return request;
}

}  // namespace togglecast::changes
