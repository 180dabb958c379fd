#include "domain/state/consistency.hpp"

#include <algorithm>

#include "domain/evaluation/requirements.hpp"

namespace togglecast::domain {
namespace {

using evaluation::FlagDefinition;
using evaluation::Issues;

bool contains(const std::vector<Id>& ids, Id id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string no_such(std::string_view kind, Id id) {
  return "there is no " + std::string(kind) + ' ' + std::to_string(id);
}

template <typename T>
void check_named(const Snapshot& after, const std::vector<Id>* was, const std::vector<Id>& is,
                 std::string_view member, Issues& issues) {
  for (std::size_t i = 0; i < is.size(); ++i)
    if (after.peek<T>(is[i]) == nullptr && (was == nullptr || !contains(*was, is[i])))
      issues.push_back({json_pointer(member) + '/' + std::to_string(i), no_such(to_string(T::kKind), is[i])});
}

// Stands for a segment that is missing and was missing before.
evaluation::ProgramPtr missing_segment() {
  Issues none;
  static const auto program =
      evaluation::compile(json::value(false), {}, {}, {evaluation::Strictness::as_evaluator}, none);
  return program;
}

// A rule that is new: references to segments that do not exist, unless the rule before had them too, and what
// flagd's schema refuses.
void check_rule(const Snapshot& after, const FlagDefinition* was, const FlagDefinition& is,
                const std::string& origin, Issues& issues) {
  if (!is.has_targeting() || (was != nullptr && was->targeting == is.targeting)) return;
  std::vector<std::string> before;
  if (was != nullptr) add_referenced_segments(was->targeting, before);
  const auto find = [&](std::string_view key) {
    const auto program = after.rules().segment(key);
    const bool stays = program == nullptr && std::find(before.begin(), before.end(), key) != before.end();
    return stays ? missing_segment() : program;
  };
  static_cast<void>(evaluation::compile(is.targeting, origin + "/targeting", find, {}, issues));
}

// An undo may bring some back.
template <typename T>
void check_number_of_assets(const T* was, const T& is, Issues& issues) {
  if (is.assets.size() > std::max(kMaxAssets, was == nullptr ? 0 : was->assets.size()))
    issues.push_back({json_pointer(kAssets), "must be at most " + std::to_string(kMaxAssets)});
}

void check_dropped(const Snapshot& after, const Feature& was, const Feature& is, Issues& issues) {
  for (const std::string& key : dropped_sub_features(was, is))
    for (const User& user : users_of_sub_features(after, is.id, {key}))
      issues.push_back({"/sub_features", "'" + key + "' is chosen by package '" + user.key + "'"});
}

void check(const Snapshot& after, const Feature* was, const Feature& is, Issues& issues) {
  check_named<Platform>(after, was == nullptr ? nullptr : &was->platforms, is.platforms, "platforms", issues);
  check_named<Feature>(after, was == nullptr ? nullptr : &was->required, is.required, "requires", issues);
  check_rule(after, was == nullptr ? nullptr : &was->flag, is.flag, {}, issues);
  for (std::size_t i = 0; i < is.sub_features.size(); ++i) {
    const SubFeature& sub = is.sub_features[i];
    const SubFeature* before = was == nullptr ? nullptr : was->sub_feature(sub.key);
    check_rule(after, before == nullptr ? nullptr : &before->flag, sub.flag,
               "/sub_features/" + std::to_string(i), issues);
  }
  check_number_of_assets(was, is, issues);
  if (was != nullptr) check_dropped(after, *was, is, issues);
  if (was != nullptr && was->required == is.required) return;
  const auto required_of = [&](Id id) -> std::span<const Id> {
    const auto* rules = after.feature(id);
    if (rules == nullptr) return {};
    return rules->required;
  };
  // A chain may have become too long below a feature that this one is required by.
  std::vector<Id> concerned{is.id};
  for (std::size_t i = 0; i < concerned.size(); ++i)
    for (const Id user : after.links().users(Relation::requirement, concerned[i]))
      if (!contains(concerned, user)) concerned.push_back(user);
  if (const auto problem = evaluation::find_requirement_problem(concerned, required_of)) {
    issues.push_back({"/requires", (problem->is_circle ? "goes in a circle: " : "is too long a chain: ") +
                                       problem->text()});
  }
}

void check(const Snapshot& after, const Package* was, const Package& is, Issues& issues) {
  for (std::size_t i = 0; i < is.plan.features.size(); ++i) {
    const auto& assignment = is.plan.features[i];
    const std::string pointer = "/features/" + std::to_string(i);
    const auto feature = after.find<Feature>(assignment.feature);
    const auto* before = was == nullptr ? nullptr : was->plan.assignment(assignment.feature);
    if (feature == nullptr) {
      if (before == nullptr)
        issues.push_back({pointer + "/feature_id", no_such("feature", assignment.feature)});
      continue;
    }
    if (!assignment.sub_features || (before != nullptr && before->sub_features == assignment.sub_features))
      continue;
    for (const std::string& key : *assignment.sub_features) {
      if (feature->sub_feature(key) == nullptr)
        issues.push_back(
            {pointer + "/sub_features", "feature '" + feature->key + "' has no sub-feature '" + key + "'"});
    }
  }
  check_named<Platform>(after, was == nullptr ? nullptr : &was->plan.platforms, is.plan.platforms,
                        "platforms", issues);
}

void check(const Snapshot& after, const Client* was, const Client& is, Issues& issues) {
  if (is.package_id && after.find<Package>(*is.package_id) == nullptr)
    issues.push_back({"/package_id", no_such("package", *is.package_id)});
  for (std::size_t i = 0; i < is.overrides.size(); ++i) {
    const auto& one = is.overrides[i];
    const auto* before = was == nullptr ? nullptr : find_override(was->overrides, one.feature);
    if (before != nullptr && before->value == one.value && before->removed == one.removed) continue;
    const std::string pointer = "/overrides/" + std::to_string(i);
    const auto feature = after.find<Feature>(one.feature);
    if (feature == nullptr) {
      issues.push_back({pointer + "/feature_id", no_such("feature", one.feature)});
    } else if (!one.removed && evaluation::type_of(one.value) != feature->flag.type) {
      issues.push_back({pointer + "/value", "must be of type " +
                                                std::string(evaluation::to_string(feature->flag.type)) +
                                                ", as the variants of feature '" + feature->key + "'"});
    }
  }
}

// Why flags of a feature cannot be compiled with the segments of `after`, as they can with those of `before`.
std::string new_fault(const Snapshot& before, const Snapshot& after, const Feature& feature) {
  const auto faults = [&feature](const Snapshot& state) {
    Issues found;
    const auto find = [&](std::string_view key) { return state.rules().segment(key); };
    const auto look = [&](const FlagDefinition& flag, const std::string& origin) {
      if (flag.has_targeting())
        static_cast<void>(evaluation::compile(flag.targeting, origin + "/targeting", find, {}, found));
    };
    look(feature.flag, {});
    for (std::size_t i = 0; i < feature.sub_features.size(); ++i)
      look(feature.sub_features[i].flag, "/sub_features/" + std::to_string(i));
    return found;
  };
  const Issues old = faults(before);
  for (const FieldIssue& one : faults(after)) {
    const bool known = std::any_of(old.begin(), old.end(), [&](const FieldIssue& other) {
      return other.pointer == one.pointer && other.reason == one.reason;
    });
    if (!known) return one.pointer + ' ' + one.reason;
  }
  return "its rule cannot be compiled";
}

// A rule that can be compiled, and that leaves those who refer to it as they were.
void check(const Snapshot& before, const Snapshot& after, const Segment* was, const Segment& is,
           Issues& issues) {
  if (was != nullptr && was->rule == is.rule) return;
  std::vector<std::string> segments{is.key};  // it, and those that refer to it
  for (std::size_t i = 0; i < segments.size(); ++i) {
    for (const Id id : after.links().referring(segments[i], Kind::segment)) {
      const auto user = after.find<Segment>(id);
      if (user == nullptr) continue;
      if (user->key == is.key) {
        issues.push_back({"/rule", "refers to itself, directly or through other segments"});
        return;
      }
      if (std::find(segments.begin(), segments.end(), user->key) == segments.end())
        segments.push_back(user->key);
    }
  }
  Issues found;
  const auto find = [&](std::string_view key) { return after.rules().segment(key); };
  if (evaluation::compile(is.rule, "/rule", find, {}, found) == nullptr) {
    issues.insert(issues.end(), found.begin(), found.end());
    return;
  }
  const auto is_whole = [](const evaluation::FeatureRules& rules) {
    const auto whole = [](const evaluation::Flag& flag) { return flag.is_whole(); };
    return whole(rules.flag) && std::all_of(rules.sub_features.begin(), rules.sub_features.end(), whole);
  };
  for (const std::string& segment : segments) {
    for (const Id id : after.links().referring(segment, Kind::feature)) {
      const auto* rules = after.feature(id);
      const auto* old = before.feature(id);
      if (!is_whole(*rules) && old != nullptr && is_whole(*old))
        issues.push_back({"/rule", "feature '" + rules->flag.key() +
                                       "', which refers to it, would be wrong: " +
                                       new_fault(before, after, *after.peek<Feature>(id))});
    }
  }
}

// A new key is not another one in other letters. Of those that have existed side by side, each stays.
template <typename T>
void check_new_key(const Snapshot& after, const T& is, Issues& issues) {
  const auto& table = after.table<T>();
  std::string like;
  table.by_key.for_each_from(first_in_case(is.key), [&](const std::string& next, Id) {
    const bool same = same_but_for_case(next, is.key);
    if (same && next != is.key) like = next;
    return same && like.empty();
  });
  if (!like.empty()) issues.push_back({"/key", "differs from '" + like + "' in upper and lower case alone"});
}

void check(const Snapshot& before, const Snapshot& after, const Op& op, Issues& issues) {
  with_entity_type(op.entity, [&]<typename T>(std::type_identity<T>) {
    const T* is = after.peek<T>(op.id);
    if (is == nullptr) return;  // came and went
    const T* was = before.peek<T>(op.id);
    if constexpr (std::is_same_v<T, Platform> || std::is_same_v<T, Feature> || std::is_same_v<T, Segment> ||
                  std::is_same_v<T, Package> || std::is_same_v<T, Client>) {
      if (was == nullptr) check_new_key(after, *is, issues);
    }
    if constexpr (std::is_same_v<T, Platform>) {
      check_number_of_assets(was, *is, issues);
    } else if constexpr (std::is_same_v<T, Segment>) {
      check(before, after, was, *is, issues);
    } else if constexpr (std::is_same_v<T, Feature> || std::is_same_v<T, Package> ||
                         std::is_same_v<T, Client>) {
      check(after, was, *is, issues);
    }
  });
}

template <typename T>
void add_users(std::vector<User>& users, const Snapshot& state, const std::vector<Id>& ids) {
  for (const Id id : ids)
    if (const auto entity = state.find<T>(id)) users.push_back({T::kKind, id, entity->key, entity->name});
}

}  // namespace

Result<void> check_consistent(const Snapshot& before, const Snapshot& after, const Change& change) {
  Issues all;
  std::string names;
  for (const Op& op : change.ops) {
    if (op.after.is_null() || is_time_boundary(op)) continue;
    Issues issues;
    check(before, after, op, issues);
    if (issues.empty()) continue;
    if (change.ops.size() > 1) {
      names += names.empty() ? "" : ", ";
      names +=
          std::string(to_string(op.entity)) + " '" + std::string(unique_key_of(op.entity, op.after)) + "'";
    }
    all.insert(all.end(), issues.begin(), issues.end());
  }
  auto refusal = refusal_of(std::move(all));
  if (!refusal && !names.empty()) refusal.error().message.insert(0, names + ": ");
  return refusal;
}

std::vector<User> users_of(const Snapshot& state, Kind kind, Id id) {
  std::vector<User> users;
  const ReferenceIndex& links = state.links();
  switch (kind) {
    case Kind::platform:
      add_users<Feature>(users, state, links.users(Relation::platform_of_feature, id));
      add_users<Package>(users, state, links.users(Relation::opened_platform, id));
      break;
    case Kind::feature:
      add_users<Feature>(users, state, links.users(Relation::requirement, id));
      add_users<Package>(users, state, links.users(Relation::assignment, id));
      add_users<Client>(users, state, links.users(Relation::client_override, id));
      break;
    case Kind::segment:
      if (const auto segment = state.find<Segment>(id)) {
        add_users<Feature>(users, state, links.referring(segment->key, Kind::feature));
        add_users<Segment>(users, state, links.referring(segment->key, Kind::segment));
      }
      break;
    case Kind::package:
      add_users<Client>(users, state, links.users(Relation::subscriber, id));
      break;
    case Kind::client:
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
  return users;
}

std::vector<std::string> dropped_sub_features(const Feature& was, const Feature& is) {
  std::vector<std::string> keys;
  for (const SubFeature& sub : was.sub_features)
    if (is.sub_feature(sub.key) == nullptr) keys.push_back(sub.key);
  return keys;
}

std::vector<User> users_of_sub_features(const Snapshot& state, Id feature,
                                        const std::vector<std::string>& keys) {
  if (keys.empty()) return {};
  std::vector<User> users;
  add_users<Package>(users, state, state.links().users(Relation::assignment, feature));
  std::erase_if(users, [&](const User& user) {
    const auto package = state.find<Package>(user.id);
    const auto& chosen = package->plan.assignment(feature)->sub_features;
    return !chosen || std::none_of(keys.begin(), keys.end(), [&](const std::string& key) {
      return std::find(chosen->begin(), chosen->end(), key) != chosen->end();
    });
  });
  return users;
}

}  // namespace togglecast::domain
