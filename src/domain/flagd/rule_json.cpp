#include "domain/flagd/rule_json.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::domain::flagd {

json::value make_rule(std::string_view name, json::array arguments) {
  json::object out;
  out.emplace(name, std::move(arguments));
  return out;
}

std::vector<const json::value*> arguments_of(const json::value& json) {
  const auto* elements = json.if_array();
  if (elements == nullptr) return {&json};
  std::vector<const json::value*> arguments;
  arguments.reserve(elements->size());
  for (const auto& element : *elements) arguments.push_back(&element);
  return arguments;
}

bool is_run(const json::value& rule) noexcept {
  if (const auto* elements = rule.if_array()) return std::any_of(elements->begin(), elements->end(), is_run);
  return rule.is_object();
}

std::size_t parts_of(const json::value& rule) noexcept {
  std::size_t parts = 1;
  if (const auto* elements = rule.if_array()) {
    for (const auto& element : *elements) parts += parts_of(element);
  } else if (const auto* members = rule.if_object()) {
    for (const auto& member : *members) parts += parts_of(member.value());
  }
  return parts;
}

}  // namespace togglecast::domain::flagd
