#include "domain/evaluation/decision.hpp"

#include <algorithm>

#include "domain/evaluation/unusable_context.hpp"

namespace togglecast::domain::evaluation {
namespace {

Decision deny(const Flag& flag, Rule rule, std::optional<Id> because_of = std::nullopt) {
  Decision decision;
  decision.flag = &flag;
  decision.rule = rule;
  decision.because_of = because_of;
  return decision;
}

// Seconds, rounded down, as flagd counts.
std::int64_t seconds(UnixMillis time) noexcept {
  constexpr std::int64_t kMillisecondsPerSecond = 1'000;
  const std::int64_t whole = time.value / kMillisecondsPerSecond;
  return time.value % kMillisecondsPerSecond < 0 ? whole - 1 : whole;
}

// Something that the sender of the context chooses, so not `client.*` alone.
bool reads_context(const Flag& flag) {
  if (flag.program() == nullptr) return false;
  const Reads& reads = flag.program()->reads();
  return reads.everything || std::any_of(reads.paths.begin(), reads.paths.end(), [](std::string_view path) {
           return path != "client" && !path.starts_with("client.");
         });
}

// A boolean feature is on when its value is true, any other when it has a value.
bool counts_as_on(const Flag& flag, const json::value* value) noexcept {
  if (value == nullptr) return false;
  return flag.type() != FlagType::boolean || (value->is_bool() && value->get_bool());
}

}  // namespace

std::string_view to_string(Rule rule) noexcept {
  switch (rule) {
    case Rule::client_inactive:
      return "client_inactive";
    case Rule::feature_disabled:
      return "feature_disabled";
    case Rule::platform_off:
      return "platform_off";
    case Rule::parent_off:
      return "parent_off";
    case Rule::required_feature_off:
      return "required_feature_off";
    case Rule::client_override:
      return "override";
    case Rule::not_in_package:
      return "not_in_package";
    case Rule::platform_not_in_package:
      return "platform_not_in_package";
    case Rule::targeting:
      return "targeting";
    case Rule::default_variant:
      return "default_variant";
  }
  return "";
}

bool Decision::denied() const noexcept { return reason == Reason::disabled || reason == Reason::error; }

json::object to_json(const Decision& decision) {
  json::object out;
  out.reserve(7);
  out["key"] = decision.flag->key();
  out["enabled"] = decision.enabled;
  if (decision.value != nullptr) {
    out["value"] = *decision.value;
  } else if (decision.denied() && decision.flag->type() == FlagType::boolean) {
    out["value"] = false;
  } else {
    out["value"] = nullptr;
  }
  out["variant"] = decision.variant == nullptr ? json::value(nullptr) : json::value(decision.variant->name);
  out["reason"] = to_string(decision.reason);
  out["rule"] = to_string(decision.rule);
  if (decision.limit) out["limit"] = *decision.limit;
  return out;
}

Decider::Decider(const Catalogue& catalogue, const Subject& subject, DecisionMemo& memo)
    : catalogue_(catalogue), subject_(subject), memo_(memo) {
  memo_.begin();
}

void Decider::begin(Turn& turn) noexcept {
  turn_ = &turn;
  if (std::exchange(paused_, false)) steps_ = 0;  // each turn gets on
}

bool Decider::must_pause() {
  constexpr std::size_t kStepsBetweenLooks = 256;
  if (turn_ == nullptr || steps_ < kStepsBetweenLooks) return paused_;
  steps_ = 0;
  return paused_ = turn_->over();
}

Decision Decider::decide(const FeatureRules& feature, Trace* trace) {
  Decision decision = decide_at(feature, 0, trace);
  if (!paused_) memo_.put(feature.id, decision.enabled);
  return decision;
}

Decision Decider::decide_at(const FeatureRules& feature, std::size_t depth, Trace* trace) {
  const Flag& flag = feature.flag;
  constexpr std::size_t kStepsOfAnswer = 4;
  steps_ += kStepsOfAnswer;
  if (must_pause()) return deny(flag, Rule::feature_disabled);
  if (!subject_.active) return deny(flag, Rule::client_inactive);
  if (!flag.enabled()) return deny(flag, Rule::feature_disabled);
  for (const Id platform : feature.platforms) {
    if (!catalogue_.platform_is_on(platform)) return deny(flag, Rule::platform_off, platform);
  }
  for (const Id required : feature.required) {
    if (!is_on(required, depth + 1)) return deny(flag, Rule::required_feature_off, required);
  }
  const Assignment* assignment = subject_.plan == nullptr ? nullptr : subject_.plan->assignment(feature.id);
  const Override* found = find_override(subject_.overrides, feature.id);
  const bool overridden = found != nullptr && found->holds(subject_.now);
  if (!overridden && assignment == nullptr) return deny(flag, Rule::not_in_package);
  for (const Id platform : feature.platforms) {
    if (!overridden && !subject_.plan->opens(platform)) {
      return deny(flag, Rule::platform_not_in_package, platform);
    }
  }
  Decision decision = overridden ? by_override(flag, *found) : by_flag(flag, trace);
  if (assignment != nullptr) decision.limit = assignment->limit;
  return decision;
}

Decision Decider::decide(const FeatureRules& parent, const Flag& sub_feature, Trace* trace) {
  if (must_pause()) return deny(sub_feature, Rule::feature_disabled);
  if (!subject_.active) return deny(sub_feature, Rule::client_inactive);
  if (!sub_feature.enabled()) return deny(sub_feature, Rule::feature_disabled);
  if (!parent.flag.enabled()) return deny(sub_feature, Rule::feature_disabled, parent.id);
  for (const Id platform : parent.platforms) {
    if (!catalogue_.platform_is_on(platform)) return deny(sub_feature, Rule::platform_off, platform);
  }
  if (!is_on(parent.id, 0)) return deny(sub_feature, Rule::parent_off, parent.id);
  // A feature that only an override grants has no assignment that could leave a sub-feature out.
  const Assignment* assignment = subject_.plan == nullptr ? nullptr : subject_.plan->assignment(parent.id);
  if (assignment != nullptr && !assignment->includes(sub_feature.key())) {
    return deny(sub_feature, Rule::not_in_package, parent.id);
  }
  return by_flag(sub_feature, trace);
}

bool Decider::is_on(Id feature, std::size_t depth) {
  if (const auto known = memo_.find(feature)) return *known;
  const FeatureRules* rules = catalogue_.feature(feature);
  if (rules == nullptr || depth > kMaxRequirementDepth) return false;
  memo_.put(feature, false);  // circles are refused when they are written; one that came to be is off
  const bool is_on = decide_at(*rules, depth, nullptr).enabled;
  if (paused_) {
    memo_.forget(feature);
  } else {
    memo_.put(feature, is_on);
  }
  return is_on;
}

Decision Decider::by_override(const Flag& flag, const Override& override_of_client) const {
  if (override_of_client.removed) return deny(flag, Rule::client_override);
  Decision decision;
  decision.flag = &flag;
  decision.rule = Rule::client_override;
  if (type_of(override_of_client.value) !=
      flag.type()) {  // the feature was changed after the override was set
    decision.reason = Reason::error;
    decision.error = ErrorCode::type_mismatch;
    decision.message = "the override's value is not a " + std::string(to_string(flag.type()));
    return decision;
  }
  decision.reason = Reason::targeting_match;
  decision.value = &override_of_client.value;
  decision.enabled = counts_as_on(flag, decision.value);
  for (const Variant& variant : flag.definition().variants) {
    if (variant.value == override_of_client.value) {
      decision.variant = &variant;
      break;
    }
  }
  return decision;
}

Decision Decider::by_flag(const Flag& flag, Trace* trace) {
  if (subject_.context == unusable_context().get() && reads_context(flag)) {
    Decision decision;
    decision.flag = &flag;
    decision.reason = Reason::error;
    decision.rule = Rule::targeting;
    decision.error = ErrorCode::general;
    decision.message = "the rule reads the context, and the context that was sent cannot be used";
    return decision;
  }
  Root root;
  root.context = subject_.context;
  root.client = subject_.attributes;
  root.targeting_key = subject_.key;
  root.timestamp = seconds(subject_.now);
  Resolution resolution = flag.evaluate(root, trace);
  steps_ += resolution.steps;
  Decision decision;
  decision.flag = &flag;
  decision.value = resolution.value();
  decision.variant = resolution.variant;
  decision.reason = resolution.reason;
  decision.error = resolution.error;
  decision.message = std::move(resolution.message);
  const bool by_default = resolution.reason == Reason::fixed || resolution.reason == Reason::by_default;
  decision.rule = by_default ? Rule::default_variant : Rule::targeting;
  decision.enabled = !decision.denied() && counts_as_on(flag, decision.value);
  return decision;
}

}  // namespace togglecast::domain::evaluation
