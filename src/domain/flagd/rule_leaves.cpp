#include "domain/flagd/rule_leaves.hpp"

#include <cmath>
#include <utility>

#include "domain/evaluation/jsonlogic/numbers.hpp"
#include "domain/flagd/rule_json.hpp"

namespace togglecast::domain::flagd {
namespace {

using evaluation::FlagDefinition;
using evaluation::FlagType;
using evaluation::Variant;

// `change` gets what the branches of `if` lead to: constants and other rules.
template <typename Change>
json::value map_leaves(const json::value& rule, const Change& change) {
  const auto* members = rule.if_object();
  const json::value* branches = members == nullptr ? nullptr : members->if_contains("if");
  if (branches == nullptr) return change(rule);
  json::array out = branches->get_array();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool condition = i % 2 == 0 && i + 1 < out.size();
    if (!condition) out[i] = map_leaves(json::value(out[i]), change);
  }
  if (out.size() % 2 == 0) out.push_back(change(nullptr));
  return make_rule("if", std::move(out));
}

// The constants that name a variant: its name, and what else has this text.
void add_names(json::array& names, const std::string& name) {
  names.emplace_back(name);
  if (name == "true") names.emplace_back(true);
  if (name == "false") names.emplace_back(false);
  const double number = evaluation::text_to_number(name);
  std::string text;
  if (std::isfinite(number)) evaluation::append_number(text, number);
  if (text == name) names.emplace_back(number);
}

}  // namespace

const Variant* named_variant(const json::value& constant, const FlagDefinition& flag) {
  if (constant.is_string()) return flag.variant(std::string_view(constant.get_string()));
  if (constant.is_bool()) return flag.variant(constant.get_bool() ? "true" : "false");
  if (!constant.is_number()) return nullptr;
  std::string name;
  evaluation::append_number(name, constant.to_number<double>());
  return flag.variant(name);
}

bool counts_as_on(FlagType type, const json::value& value) noexcept {
  return type != FlagType::boolean || (value.is_bool() && value.get_bool());
}

json::value is_on(const json::value& rule, const FlagDefinition& flag) {
  const Variant* by_default = flag.default_variant ? flag.variant(*flag.default_variant) : nullptr;
  const bool default_is_on = by_default != nullptr && counts_as_on(flag.type, by_default->value);
  return map_leaves(rule, [&](const json::value& leaf) -> json::value {
    if (leaf.is_null()) return default_is_on;
    if (!is_run(leaf)) {
      const Variant* named = named_variant(leaf, flag);
      return named != nullptr && counts_as_on(flag.type, named->value);
    }
    json::array names;
    for (const Variant& variant : flag.variants)
      if (counts_as_on(flag.type, variant.value)) add_names(names, variant.name);
    if (default_is_on) names.emplace_back(nullptr);
    return make_rule("in", {leaf, std::move(names)});
  });
}

json::value with_default(const json::value& rule, const std::optional<std::string>& variant) {
  if (!variant) return rule;
  return map_leaves(rule, [&](const json::value& leaf) -> json::value {
    if (leaf.is_null()) return json::value(*variant);
    if (!is_run(leaf)) return leaf;
    return make_rule("if", {make_rule("===", {leaf, nullptr}), *variant, leaf});
  });
}

json::value with_names(const json::value& rule, const FlagDefinition& flag) {
  return map_leaves(rule, [&](const json::value& leaf) -> json::value {
    if (leaf.is_null() || leaf.is_string() || is_run(leaf)) return leaf;
    if (leaf.is_array()) return "";  // names no variant, whatever an engine makes of it
    const Variant* named = named_variant(leaf, flag);
    return named == nullptr ? leaf : json::value(named->name);
  });
}

}  // namespace togglecast::domain::flagd
