#include "http_api/request/text_size.hpp"

#include <algorithm>

namespace togglecast::http_api {
namespace {

// Takes the length of the text from `left`. False when that is not enough.
bool fits(const json::value& json, std::size_t& left) noexcept {
  constexpr std::size_t kScalar = 8;
  std::size_t own = kScalar;
  if (const auto* text = json.if_string()) own = text->size() + 2;
  if (own > left) return false;
  left -= own;
  if (const auto* items = json.if_array())
    return std::all_of(items->begin(), items->end(),
                       [&left](const json::value& item) { return fits(item, left); });
  const auto* members = json.if_object();
  if (members == nullptr) return true;
  return std::all_of(members->begin(), members->end(), [&left](const auto& member) {
    const std::size_t name = member.key().size() + 3;
    if (name > left) return false;
    left -= name;
    return fits(member.value(), left);
  });
}

}  // namespace

bool is_longer(const json::value& json, std::size_t bytes) noexcept { return !fits(json, bytes); }

}  // namespace togglecast::http_api
