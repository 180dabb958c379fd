#include "domain/schema/role.hpp"

namespace togglecast::domain {

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::none:
      return "none";
    case Role::viewer:
      return "viewer";
    case Role::editor:
      return "editor";
    case Role::owner:
      return "owner";
  }
  return "";
}

std::optional<Role> parse_role(std::string_view text) noexcept {
  for (const Role role : {Role::none, Role::viewer, Role::editor, Role::owner})
    if (text == to_string(role)) return role;
  return std::nullopt;
}

}  // namespace togglecast::domain
