// The stand-in for a binary part inside a packet's JSON: `{"_placeholder":true,"num":n}`.
// Thread rule: pure functions.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>

#include "base/json.hpp"

namespace togglecast::wire::socketio {

inline constexpr const char* kPlaceholderMark = "_placeholder";
inline constexpr const char* kPlaceholderIndex = "num";

/// Only the boolean `true` marks a placeholder.
[[nodiscard]] inline bool is_placeholder(const boost::json::object& object) noexcept {
  const auto* mark = object.if_contains(kPlaceholderMark);
  return mark != nullptr && mark->is_bool() && mark->get_bool();
}

/// Its `num`, if that is a whole number below `count`.
[[nodiscard]] std::optional<std::size_t> placeholder_index(const boost::json::object& object,
                                                           std::size_t count) noexcept;

[[nodiscard]] boost::json::value make_placeholder(std::size_t index);

/// Calls `visit(value)` for each placeholder below `root`, in the order of the JSON text. `visit` may replace
/// the value, unless it is constant. It ends the walk by returning false.
template <typename Value, typename Visit>
bool visit_placeholders(Value& root, Visit&& visit) {
  if (auto* array = root.if_array()) {
    for (auto& element : *array) {
      if (!visit_placeholders(element, visit)) return false;
    }
  } else if (auto* object = root.if_object()) {
    if (is_placeholder(*object)) return visit(root);
    for (auto& member : *object) {
      if (!visit_placeholders(member.value(), visit)) return false;
    }
  }
  return true;
}

}  // namespace togglecast::wire::socketio
