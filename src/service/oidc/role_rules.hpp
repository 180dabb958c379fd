// Which group of the identity provider gives which role: `--oidc-role`.
//
//   rule        := [environment ":"] role "=" group
//   role        := "viewer" | "editor" | "owner"
//
// The environment ends at the last colon before the first `=`, since its key may have colons and a role has
// none. The group is the rest, as the provider names it. Thread rule: plain values and pure functions.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "domain/schema/role.hpp"

namespace togglecast::service::oidc {

struct RoleRule {
  std::string environment;  ///< empty: the whole installation
  domain::Role role = domain::Role::viewer;
  std::string group;
  friend bool operator==(const RoleRule&, const RoleRule&) = default;
};

/// `invalid_argument` quotes the text.
[[nodiscard]] Result<RoleRule> parse_role_rule(std::string_view text);

/// The roles of one person.
struct Roles {
  domain::Role installation = domain::Role::none;
  std::map<std::string, domain::Role> environments;  ///< never `none`

  /// Whether there is anything that this person may do.
  [[nodiscard]] bool any() const noexcept {
    return installation != domain::Role::none || !environments.empty();
  }
  friend bool operator==(const Roles&, const Roles&) = default;
};

/// The strongest role that these groups give, for the installation and for each environment. A role for an
/// environment takes the place of that for the installation there, even a weaker one; owners of the
/// installation are owners everywhere. Groups are compared byte by byte. `otherwise` is the role for the
/// installation of a person whose groups give none.
[[nodiscard]] Roles roles_of(const std::vector<std::string>& groups, const std::vector<RoleRule>& rules,
                             domain::Role otherwise);

}  // namespace togglecast::service::oidc
