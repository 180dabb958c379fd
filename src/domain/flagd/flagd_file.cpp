#include "domain/flagd/flagd_file.hpp"

#include <map>
#include <optional>
#include <utility>

#include "domain/evaluation/decision.hpp"
#include "domain/flagd/rule_folding.hpp"
#include "domain/flagd/rule_json.hpp"
#include "domain/flagd/rule_leaves.hpp"
#include "domain/state/client_view.hpp"

namespace togglecast::domain::flagd {
namespace {

using evaluation::Assignment;
using evaluation::FeatureRules;
using evaluation::Flag;
using evaluation::FlagDefinition;
using evaluation::FlagType;
using evaluation::Override;
using evaluation::Rule;
using evaluation::type_of;

constexpr std::string_view kSchema = "https://flagd.dev/schema/v0/flags.json";

bool is_false(const json::value& condition) { return condition.is_bool() && !condition.get_bool(); }

// What decides about a flag before its own rule.
struct Gate {
  std::optional<Rule> denied;         ///< for every context
  const Override* granted = nullptr;  ///< the value, for every context
  json::array conditions{};           ///< else: all must be true
  std::optional<std::int64_t> limit{};
};

class FileWriter {
 public:
  FileWriter(const Snapshot& state, const Client& client)
      : state_(state), client_(client), subject_(subject_of(state, client, nullptr)) {}

  std::string write() {
    const ClientView view(state_, client_, nullptr);
    for (const Id id : view.visible_features()) add_feature(*state_.peek<Feature>(id), *state_.feature(id));
    const json::object head{{"$schema", kSchema}};
    std::string text = json::serialize(head);
    text.pop_back();
    return text + ",\"flags\":{" + flags_ + "},\"metadata\":" + json::serialize(metadata()) + '}';
  }

 private:
  json::object metadata() const {
    json::object out{{"flagSetId", state_.environment() + '/' + client_.key}};
    if (!left_out_.empty()) out["leftOut"] = left_out_;
    return out;
  }

  void leave_out(const std::string& name, std::string_view problem) {
    if (!left_out_.empty()) left_out_ += "; ";
    left_out_.append(name).append(": ").append(problem);
  }

  void add(const std::string& name, json::object flag) {
    std::string text;
    json::append_string(text, name);
    text += ':' + json::serialize(std::move(flag));
    if (flags_.size() + text.size() > kMaxFile)
      return leave_out(name, "the file would be larger than 16 MiB");
    if (!flags_.empty()) flags_ += ',';
    flags_ += text;
  }

  // --- features and sub-features, by the rules of decision.cpp

  void add_feature(const Feature& feature, const FeatureRules& rules) {
    auto gate = gate_of(rules, 0);
    if (gate) {
      add_flag(feature.key, rules.flag, *gate);
    } else {
      leave_out(feature.key, gate.error());
    }
    for (const Flag& sub : rules.sub_features) add_sub_feature(feature.key + '/' + sub.key(), rules, sub);
  }

  void add_sub_feature(const std::string& name, const FeatureRules& parent, const Flag& sub) {
    Gate gate;
    const Assignment* assignment = assignment_of(parent.id);
    if (!subject_.active) {
      gate.denied = Rule::client_inactive;
    } else if (!sub.enabled() || !parent.flag.enabled()) {
      gate.denied = Rule::feature_disabled;
    } else if (!platforms_are_on(parent)) {
      gate.denied = Rule::platform_off;
    } else {
      const Folded parent_is_on = on(parent.id, 0);
      if (!parent_is_on) return leave_out(name, parent_is_on.error());
      if (is_false(*parent_is_on)) {
        gate.denied = Rule::parent_off;
      } else if (assignment != nullptr && !assignment->includes(sub.key())) {
        gate.denied = Rule::not_in_package;
      } else {
        add_condition(gate.conditions, *parent_is_on);
      }
    }
    add_flag(name, sub, gate);
  }

  const Assignment* assignment_of(Id feature) const {
    return subject_.plan == nullptr ? nullptr : subject_.plan->assignment(feature);
  }

  bool platforms_are_on(const FeatureRules& feature) const {
    for (const Id platform : feature.platforms)
      if (!state_.platform_is_on(platform)) return false;
    return true;
  }

  tl::expected<Gate, std::string> gate_of(const FeatureRules& feature, std::size_t depth) {
    Gate gate;
    const auto denied = [&gate](Rule rule) {
      gate.denied = rule;
      return gate;
    };
    if (!subject_.active) return denied(Rule::client_inactive);
    if (!feature.flag.enabled()) return denied(Rule::feature_disabled);
    if (!platforms_are_on(feature)) return denied(Rule::platform_off);
    std::optional<std::string> problem;  // may not matter
    for (const Id required : feature.required) {
      const Folded is_on = on(required, depth + 1);
      if (!is_on) {
        problem = "it requires another feature, and of that: " + is_on.error();
      } else if (is_false(*is_on)) {
        return denied(Rule::required_feature_off);
      } else {
        add_condition(gate.conditions, *is_on);
      }
    }
    const Assignment* assignment = assignment_of(feature.id);
    const Override* found = find_override(subject_.overrides, feature.id);
    if (found != nullptr && !found->holds(subject_.now)) found = nullptr;
    if (found == nullptr && assignment == nullptr) return denied(Rule::not_in_package);
    for (const Id platform : feature.platforms)
      if (found == nullptr && !subject_.plan->opens(platform)) return denied(Rule::platform_not_in_package);
    if (assignment != nullptr) gate.limit = assignment->limit;
    if (found != nullptr && found->removed) return denied(Rule::client_override);
    if (problem) return tl::unexpected(*problem);
    gate.granted = found;
    return gate;
  }

  static void add_condition(json::array& conditions, const json::value& condition) {
    if (condition.is_bool()) return;  // it is true
    const auto* all = condition.is_object() ? condition.get_object().if_contains("and") : nullptr;
    if (all == nullptr) return conditions.push_back(condition);
    for (const auto& one : all->get_array()) conditions.push_back(one);
  }

  static json::value all_of(json::array conditions) {
    if (conditions.empty()) return true;
    if (conditions.size() == 1) return conditions[0];
    return make_rule("and", std::move(conditions));
  }

  // --- whether a feature is on: true, false, or a rule

  Folded on(Id feature, std::size_t depth) {
    if (const auto known = on_.find(feature); known != on_.end()) return known->second;
    const FeatureRules* rules = state_.feature(feature);
    if (rules == nullptr || depth > evaluation::kMaxRequirementDepth) return false;
    on_.insert_or_assign(feature, json::value(false));  // what requires itself is off
    Folded is_on = work_out(*rules, depth);
    if (is_on && parts_of(*is_on) > kMaxParts) is_on = tl::unexpected(std::string("its rule is too large"));
    on_.insert_or_assign(feature, is_on);
    return is_on;
  }

  Folded work_out(const FeatureRules& rules, std::size_t depth) {
    auto gate = gate_of(rules, depth);
    if (!gate) return tl::unexpected(std::move(gate.error()));
    if (gate->denied) return false;
    const FlagDefinition& definition = rules.flag.definition();
    json::value own = false;
    if (gate->granted != nullptr) {
      own = type_of(gate->granted->value) == definition.type &&
            counts_as_on(definition.type, gate->granted->value);
    } else if (!is_broken(rules.flag)) {
      Folded rule = rule_of(rules.flag);
      if (!rule) return rule;
      own = is_on(*rule, definition);
    }
    if (is_false(own)) return own;
    add_condition(gate->conditions, own);
    return all_of(std::move(gate->conditions));
  }

  static bool is_broken(const Flag& flag) {
    return flag.definition().has_targeting() && flag.program() == nullptr;
  }

  // null without targeting.
  Folded rule_of(const Flag& flag) const {
    const FlagDefinition& definition = flag.definition();
    if (!definition.has_targeting()) return json::value(nullptr);
    if (is_broken(flag)) return tl::unexpected(std::string("its rule cannot be compiled"));
    return fold(definition.targeting, {client_.attributes, client_.key, flag.key(), definition.bucketing},
                state_);
  }

  // --- one flag

  void add_flag(const std::string& name, const Flag& flag, const Gate& gate) {
    if (gate.denied) return add(name, denial(flag.definition(), *gate.denied, gate.limit));
    if (gate.granted != nullptr) return add_granted(name, flag.definition(), gate);
    const Folded rule = rule_of(flag);
    if (!rule) return leave_out(name, rule.error());
    add_ruled(name, flag.definition(), gate, *rule);
  }

  // A boolean flag is false: the code's own default must not open it. Others have no value.
  static json::object denial(const FlagDefinition& flag, Rule rule, std::optional<std::int64_t> limit) {
    json::object out;
    if (flag.type == FlagType::boolean) {
      out = enabled(json::object{{off_variant(flag), false}}, off_variant(flag));
    } else {
      write_variants(out, flag);
      out["state"] = "DISABLED";
      out["defaultVariant"] = nullptr;
    }
    json::object metadata{{"rule", to_string(rule)}};
    if (limit) metadata["limit"] = *limit;
    out["metadata"] = std::move(metadata);
    return out;
  }

  void add_granted(const std::string& name, const FlagDefinition& flag, const Gate& gate) {
    const json::value& value = gate.granted->value;
    if (type_of(value) != flag.type)
      return add_failing(name, flag, gate, "the override's value is of another type");
    std::string variant = "override";
    for (const auto& one : flag.variants)
      if (one.value == value) variant = one.name;
    json::object out;
    if (gate.conditions.empty()) {
      out = enabled(json::object{{variant, value}}, variant);
    } else {
      FlagDefinition granted = flag;
      granted.variants = {{variant, value}};
      out = conditional(granted, gate, json::value(variant));
    }
    add(name, with_limit(std::move(out), gate));
  }

  void add_ruled(const std::string& name, const FlagDefinition& flag, const Gate& gate,
                 const json::value& folded) {
    const json::value rule = with_names(folded, flag);
    const bool constant = !is_run(rule);
    if (constant && !rule.is_null() && named_variant(rule, flag) == nullptr)
      return add_failing(name, flag, gate, "its rule names no variant");
    if (rule.is_array()) return leave_out(name, "its rule gives a list");
    json::object out;
    if (!gate.conditions.empty()) {
      out = conditional(flag, gate, rule);
    } else {
      write_variants(out, flag);
      out["state"] = "ENABLED";
      out["defaultVariant"] = constant && rule.is_string() ? rule : default_of(flag);
      out["targeting"] = constant ? json::value(json::object{}) : rule;
    }
    if (parts_of(out["targeting"]) > 2 * kMaxParts) return leave_out(name, "its rule is too large");
    add(name, with_limit(std::move(out), gate));
  }

  // An error where all conditions hold.
  void add_failing(const std::string& name, const FlagDefinition& flag, const Gate& gate,
                   std::string_view problem) {
    if (gate.conditions.empty()) return leave_out(name, problem);
    add(name, with_limit(conditional(flag, gate, json::value("")), gate));  // names no variant
  }

  // The rule if all conditions hold, else a denial.
  static json::object conditional(const FlagDefinition& flag, const Gate& gate, const json::value& rule) {
    json::object out;
    write_variants(out, flag);
    out["state"] = "ENABLED";
    const json::value all = all_of(gate.conditions);
    if (flag.type == FlagType::boolean) {
      const std::string off = off_variant(flag);
      out["variants"].get_object()[off] = false;
      out["defaultVariant"] = default_of(flag);
      out["targeting"] = make_rule("if", {all, rule, off});
    } else {
      out["defaultVariant"] = nullptr;
      out["targeting"] = make_rule("if", {all, with_default(rule, default_name(flag)), nullptr});
    }
    return out;
  }

  // A variant that is false, if there is one; else a new name.
  static std::string off_variant(const FlagDefinition& flag) {
    for (const auto& variant : flag.variants)
      if (variant.value == json::value(false)) return variant.name;
    std::string name = "off";
    while (flag.variant(name) != nullptr) name += '-';
    return name;
  }

  // Of the variants that are there: those of an override are others.
  static std::optional<std::string> default_name(const FlagDefinition& flag) {
    if (!flag.default_variant || flag.variant(*flag.default_variant) == nullptr) return std::nullopt;
    return flag.default_variant;
  }
  static json::value default_of(const FlagDefinition& flag) {
    const auto name = default_name(flag);
    return name ? json::value(*name) : json::value(nullptr);
  }

  static json::object enabled(json::object variants, std::string_view variant) {
    return {{"state", "ENABLED"}, {"variants", std::move(variants)}, {"defaultVariant", variant}};
  }
  static void write_variants(json::object& out, const FlagDefinition& flag) {
    json::object variants;
    for (const auto& variant : flag.variants) variants.emplace(variant.name, variant.value);
    out["variants"] = std::move(variants);
  }
  static json::object with_limit(json::object flag, const Gate& gate) {
    if (gate.limit) flag["metadata"] = {{"limit", *gate.limit}};
    return flag;
  }

  const Snapshot& state_;
  const Client& client_;
  const evaluation::Subject subject_;
  std::map<Id, Folded> on_;
  std::string flags_;
  std::string left_out_;
};

}  // namespace

std::string flagd_file(const Snapshot& state, const Client& client) {
  return FileWriter(state, client).write();
}

}  // namespace togglecast::domain::flagd
