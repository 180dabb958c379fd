// The permissions of each role, in one table (roles.cpp). Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "domain/schema/kind.hpp"
#include "domain/schema/role.hpp"

namespace togglecast::auth {

enum class Action : std::uint8_t {
  read_catalogue,  ///< platforms, features, segments, packages, clients
  write_platforms,
  write_features,
  write_segments,
  write_packages,
  write_clients,
  read_activity,
  read_tokens,
  manage_tokens,  ///< issue and revoke
  read_admins,
  manage_admins,
  manage_environments,  ///< make them, and copy one into another
  send_messages,        ///< announcements, notifications, the system's status, a repeated full state
  read_messages,        ///< those that wait for acknowledgements, and who acknowledged them
  manage_keys,          ///< announce another key that signs tokens
};

[[nodiscard]] bool allows(domain::Role role, Action action) noexcept;

/// `forbidden` names the missing permission.
[[nodiscard]] Result<void> require(domain::Role role, Action action);

/// The kinds of entities whose bodies this role may see.
[[nodiscard]] domain::Kinds readable_kinds(domain::Role role) noexcept;

}  // namespace togglecast::auth
