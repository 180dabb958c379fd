#include "domain/state/impact.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace togglecast::domain {
namespace {

using evaluation::Assignment;
using evaluation::TimeUse;

class ImpactFinder {
 public:
  ImpactFinder(const Snapshot& before, const Snapshot& after) : before_(before), after_(after) {}

  Impact find(const Change& change) {
    for (const Op& op : change.ops) note(op);
    note_time();
    follow_requirements(features_);
    Impact impact;
    impact.platforms.assign(platforms_.begin(), platforms_.end());
    impact.features.assign(features_.begin(), features_.end());
    impact.clients.assign(clients_.begin(), clients_.end());
    for (const Id id : packages_) impact.packages.push_back(package_impact(id));
    return impact;
  }

 private:
  void note(const Op& op) {
    switch (op.entity) {
      case Kind::platform:
        platforms_.insert(op.id);
        if (before_.platform_is_on(op.id) != after_.platform_is_on(op.id))
          note_users(Relation::platform_of_feature, op.id, features_);
        break;
      case Kind::feature:
        features_.insert(op.id);
        break;
      case Kind::segment:
        note_segment(std::string(unique_key_of(op.entity, op.after.is_null() ? op.before : op.after)));
        break;
      case Kind::package:
        packages_.insert(op.id);
        break;
      case Kind::client:
        clients_.insert(op.id);
        break;
      case Kind::token:
      case Kind::admin:
      case Kind::signing_key:
      case Kind::environment:
      case Kind::api_key:
      case Kind::issuer:
      case Kind::settings:
      case Kind::second_factor:
        break;
    }
  }

  void note_users(Relation relation, Id used, std::set<Id>& into) const {
    for (const Snapshot* state : {&before_, &after_}) {
      const auto users = state->links().users(relation, used);
      into.insert(users.begin(), users.end());
    }
  }

  // Features that refer to it, directly or through other segments.
  void note_segment(const std::string& key) {
    if (!segments_.insert(key).second) return;
    for (const Snapshot* state : {&before_, &after_}) {
      const auto users = state->links().referring(key, Kind::feature);
      features_.insert(users.begin(), users.end());
      for (const Id user : state->links().referring(key, Kind::segment))
        if (const auto segment = state->find<Segment>(user)) note_segment(segment->key);
    }
  }

  // Time moves with every revision.
  void note_time() {
    const UnixMillis from = before_.as_of();
    const UnixMillis to = after_.as_of();
    if (from == to) return;
    for (const Snapshot* state : {&before_, &after_}) {
      state->links().for_each(Relation::timed, 0, [&](const Link& link) {
        const TimeUse time = state->feature(link.user)->time();
        const auto turn = time.next_boundary(from);
        if (time.otherwise || (turn && *turn <= to)) features_.insert(link.user);
        return true;
      });
      // Overrides that ended, whether or not they have been cleared away.
      state->links().for_each(Relation::expiry, from.value + 1, [&](const Link& link) {
        if (link.used > to.value) return false;
        clients_.insert(link.user);
        return true;
      });
    }
  }

  void follow_requirements(std::set<Id>& features) const {
    std::vector<Id> unseen(features.begin(), features.end());
    while (!unseen.empty()) {
      const Id required = unseen.back();
      unseen.pop_back();
      std::set<Id> users;
      note_users(Relation::requirement, required, users);
      for (const Id user : users)
        if (features.insert(user).second) unseen.push_back(user);
    }
  }

  PackageImpact package_impact(Id id) const {
    const auto was = before_.find<Package>(id);
    const auto is = after_.find<Package>(id);
    std::set<Id> features;
    const auto note_all = [&](const Package& package) {
      for (const Assignment& assignment : package.plan.features) features.insert(assignment.feature);
    };
    if (was == nullptr || is == nullptr) {
      if (was != nullptr) note_all(*was);
      if (is != nullptr) note_all(*is);
    } else {
      const auto note_missing = [&](const Package& one, const Package& other) {
        for (const Assignment& assignment : one.plan.features) {
          const Assignment* same = other.plan.assignment(assignment.feature);
          if (same == nullptr || same->limit != assignment.limit ||
              same->sub_features != assignment.sub_features)
            features.insert(assignment.feature);
        }
      };
      note_missing(*was, *is);
      note_missing(*is, *was);
      if (was->plan.platforms != is->plan.platforms) note_all(*is);
    }
    follow_requirements(features);
    return {id, {features.begin(), features.end()}};
  }

  const Snapshot& before_;
  const Snapshot& after_;
  std::set<Id> platforms_, features_, packages_, clients_;
  std::set<std::string> segments_;
};

void merge_ids(std::vector<Id>& into, const std::vector<Id>& more) {
  std::vector<Id> both;
  std::set_union(into.begin(), into.end(), more.begin(), more.end(), std::back_inserter(both));
  into = std::move(both);
}

}  // namespace

Impact impact_of(const Snapshot& before, const Snapshot& after, const Change& change) {
  return ImpactFinder(before, after).find(change);
}

void merge(Impact& into, const Impact& later) {
  merge_ids(into.platforms, later.platforms);
  merge_ids(into.features, later.features);
  merge_ids(into.clients, later.clients);
  for (const PackageImpact& package : later.packages) {
    const auto place = std::lower_bound(into.packages.begin(), into.packages.end(), package.package,
                                        [](const PackageImpact& one, Id id) { return one.package < id; });
    if (place != into.packages.end() && place->package == package.package) {
      merge_ids(place->features, package.features);
    } else {
      into.packages.insert(place, package);
    }
  }
}

}  // namespace togglecast::domain
