#include "service/decisions/decision_steps.hpp"

#include "service/decisions/explain.hpp"

namespace togglecast::service {
namespace {

using domain::Id;
using domain::Kind;
using domain::Snapshot;
using domain::evaluation::Decider;
using domain::evaluation::Decision;
using domain::evaluation::FeatureRules;
using domain::evaluation::Flag;
using domain::evaluation::Rule;
using domain::evaluation::Subject;

class Steps {
 public:
  explicit Steps(Rule decided) : decided_(decided) {}

  void add(Rule rule, json::object found) {
    std::string_view outcome = "passed";
    if (is_over_) outcome = "not_reached";
    if (rule == decided_) {
      outcome = "decided";
      is_over_ = true;
    }
    steps_.push_back({{"rule", to_string(rule)}, {"outcome", outcome}, {"found", std::move(found)}});
  }
  [[nodiscard]] json::array take() { return std::move(steps_); }

 private:
  Rule decided_;
  bool is_over_ = false;
  json::array steps_;
};

// The state of a required feature or of the parent.
json::object found_feature(const Snapshot& state, Id feature, Decider& decider) {
  json::object out = entity_name(state, Kind::feature, feature);
  const auto* rules = state.feature(feature);
  out["enabled"] = false;
  if (rules == nullptr) return out;
  const Decision decision = decider.decide(*rules);
  out["enabled"] = decision.enabled;
  out["rule"] = to_string(decision.rule);
  return out;
}

template <typename Answers>
json::object found_platforms(const Snapshot& state, const FeatureRules& feature, std::string_view member,
                             Answers answers) {
  json::array platforms;
  for (const Id id : feature.platforms) {
    json::object one = entity_name(state, Kind::platform, id);
    one[member] = answers(id);
    platforms.push_back(std::move(one));
  }
  return {{"platforms", std::move(platforms)}};
}

json::object found_flag(const Flag& flag) { return {{"state", flag.enabled() ? "ENABLED" : "DISABLED"}}; }

json::object found_targeting(const Flag& flag) {
  return {{"has_targeting", flag.definition().has_targeting()}};
}

json::object found_default(const Flag& flag) {
  const auto& name = flag.definition().default_variant;
  return {{"default_variant", name ? json::value(*name) : json::value(nullptr)}};
}

}  // namespace

json::array decision_steps(const Snapshot& state, const Subject& subject, const FeatureRules& feature,
                           const Flag* sub_feature, const Decision& decision, Decider& decider) {
  const auto* assignment = subject.plan == nullptr ? nullptr : subject.plan->assignment(feature.id);
  const Flag& flag = sub_feature == nullptr ? feature.flag : *sub_feature;
  Steps steps(decision.rule);
  steps.add(Rule::client_inactive, {{"active", subject.active}});
  json::object states = found_flag(flag);
  if (sub_feature != nullptr) states["parent"] = found_flag(feature.flag);
  steps.add(Rule::feature_disabled, std::move(states));
  steps.add(Rule::platform_off,
            found_platforms(state, feature, "enabled", [&](Id id) { return state.platform_is_on(id); }));
  json::object parent{{"parent", nullptr}};
  if (sub_feature != nullptr) parent["parent"] = found_feature(state, feature.id, decider);
  steps.add(Rule::parent_off, std::move(parent));
  json::array required;
  for (const Id id : feature.required) required.push_back(found_feature(state, id, decider));
  steps.add(Rule::required_feature_off, {{"requires", std::move(required)}});
  steps.add(Rule::client_override,
            {{"override", explained(find_override(subject.overrides, feature.id), subject.now)}});
  // A feature that only an override grants has no assignment that could leave a sub-feature out.
  json::object included{{"included", sub_feature == nullptr
                                         ? assignment != nullptr
                                         : assignment == nullptr || assignment->includes(flag.key())}};
  if (sub_feature == nullptr && assignment != nullptr && assignment->limit)
    included["limit"] = *assignment->limit;
  steps.add(Rule::not_in_package, std::move(included));
  steps.add(Rule::platform_not_in_package, found_platforms(state, feature, "included", [&](Id id) {
              return subject.plan != nullptr && subject.plan->opens(id);
            }));
  steps.add(Rule::targeting, found_targeting(flag));
  steps.add(Rule::default_variant, found_default(flag));
  return steps.take();
}

}  // namespace togglecast::service
