// The admins at an entity: who looks at it, and who is editing it. Thread rule: plain values.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "domain/schema/ids.hpp"

namespace togglecast::realtime {

struct Viewer {
  std::string name;
  bool editing = false;
  friend bool operator==(const Viewer&, const Viewer&) = default;
};
using Viewers = std::map<domain::Id, Viewer>;  ///< by admin

/// An admin on several connections is editing if one of them says so.
inline void add_viewer(Viewers& all, domain::Id admin, const Viewer& viewer) {
  const auto [known, is_new] = all.try_emplace(admin, viewer);
  if (!is_new) known->second.editing = known->second.editing || viewer.editing;
}
inline void add_viewers(Viewers& all, const Viewers& more) {
  for (const auto& [admin, viewer] : more) add_viewer(all, admin, viewer);
}

inline constexpr std::string_view kViewing = "viewing";
inline constexpr std::string_view kEditing = "editing";
[[nodiscard]] inline std::string_view state_of(bool editing) noexcept {
  return editing ? kEditing : kViewing;
}

}  // namespace togglecast::realtime
