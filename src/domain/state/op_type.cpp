#include "domain/state/op_type.hpp"

#include <algorithm>

namespace togglecast::domain {
namespace {

bool is_stamp(std::string_view name) { return name == "revision" || name == "updated_at"; }

void add_text(std::string& out, const json::value& body, std::string_view text) {
  if (body.is_null() || text.empty()) return;
  if (!out.empty()) out += '\n';
  out += text;
}

}  // namespace

std::vector<std::string> changed_members(const json::object& before, const json::object& after) {
  std::vector<std::string> names;
  for (const auto& member : after) {
    const auto* was = before.if_contains(member.key());
    if (!is_stamp(member.key()) && (was == nullptr || *was != member.value()))
      names.emplace_back(member.key());
  }
  for (const auto& member : before)
    if (!is_stamp(member.key()) && !after.contains(member.key())) names.emplace_back(member.key());
  return names;
}

UpdateType type_of(const Op& op) { return type_of_change(op.entity, op.before, op.after); }

bool only_toggles(const Op& op) {
  if (type_of(op) != UpdateType::toggle) return false;
  const auto names = changed_members(op.before.get_object(), op.after.get_object());
  return std::all_of(names.begin(), names.end(), [switched = switch_of(op.entity)](const std::string& name) {
    return name == switched || (switched == "enabled" && name == "state");
  });
}

json::object headline_of(const Op& op) {
  const json::value& body = op.after.is_null() ? op.before : op.after;
  json::object out;
  out["entity_type"] = to_string(op.entity);
  out["entity_id"] = op.id;
  out["type"] = to_string(type_of(op));
  out["key"] = unique_key_of(op.entity, body);
  if (const json::value* name = json::find(body, "name")) out["name"] = *name;
  return out;
}

std::string searched_text(const Op& op) {
  std::string out;
  const auto name = [](const json::value& body) { return json::string_or_empty(body, "name"); };
  const auto key = [&op](const json::value& body) { return unique_key_of(op.entity, body); };
  const json::value& is = op.after.is_null() ? op.before : op.after;
  add_text(out, is, name(is));
  add_text(out, is, key(is));
  if (op.after.is_null() || op.before.is_null()) return out;
  if (name(op.before) != name(is)) add_text(out, op.before, name(op.before));
  if (key(op.before) != key(is)) add_text(out, op.before, key(op.before));
  return out;
}

}  // namespace togglecast::domain
