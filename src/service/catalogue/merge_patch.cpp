#include "service/catalogue/merge_patch.hpp"

#include <utility>

namespace togglecast::service {
namespace {

// MergePatch of RFC 7396, section 2. The depth of bodies is limited where they are parsed.
json::value merged(const json::value* target, json::value patch) {
  if (!patch.is_object()) return patch;
  json::object out;
  if (target != nullptr && target->is_object()) out = target->get_object();
  for (auto& member : patch.get_object()) {
    if (member.value().is_null()) {
      out.erase(member.key());
    } else {
      json::value value = merged(out.if_contains(member.key()), std::move(member.value()));
      out[member.key()] = std::move(value);
    }
  }
  return out;
}

}  // namespace

json::value merged_members(const json::object& before, json::value patch) {
  if (!patch.is_object()) return patch;
  for (auto& member : patch.get_object())
    if (!member.value().is_null())
      member.value() = merged(before.if_contains(member.key()), std::move(member.value()));
  return patch;
}

}  // namespace togglecast::service
