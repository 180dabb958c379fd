// The roles of an admin. Their permissions are in `auth/permissions.hpp`. Thread rule: plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace togglecast::domain {

enum class Role : std::uint8_t {
  none,  ///< no access: to an environment, or to those that name no other role
  viewer,
  editor,
  owner,
};

[[nodiscard]] std::string_view to_string(Role role) noexcept;
/// `none` is one, too.
[[nodiscard]] std::optional<Role> parse_role(std::string_view text) noexcept;

/// What an admin is in the environment of its session, and whether it is an owner of the installation. One
/// byte: each connection has one.
class Standing {
 public:
  constexpr Standing() noexcept = default;
  /// A role for the installation, without another one in the environment.
  constexpr Standing(Role everywhere) noexcept  // NOLINT(google-explicit-constructor): a role is a standing
      : Standing(everywhere, everywhere == Role::owner) {}
  constexpr Standing(Role here, bool owns_installation) noexcept
      : here_(here), owns_installation_(owns_installation) {}

  [[nodiscard]] constexpr Role here() const noexcept { return here_; }
  [[nodiscard]] constexpr bool owns_installation() const noexcept { return owns_installation_; }
  friend constexpr auto operator<=>(const Standing&, const Standing&) noexcept = default;

 private:
  Role here_ : 7 = Role::none;
  bool owns_installation_ : 1 = false;
};
static_assert(sizeof(Standing) == 1);

}  // namespace togglecast::domain
