// The members of an account that an owner may change. Thread rule: a plain value.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "base/secret.hpp"
#include "domain/schema/role.hpp"

namespace togglecast::service {

/// By environment; nothing: no other role than that for the installation.
using EnvironmentRoles = std::map<std::string, std::optional<domain::Role>>;

/// An absent or empty member leaves the account's value unchanged.
struct AdminPatch {
  std::optional<domain::Role> role{};
  /// The role in some environments, instead of all that the account has. See `merges`.
  std::optional<EnvironmentRoles> environments{};
  bool merges = false;           ///< `environments` adds to those of the account (RFC 7396)
  std::optional<bool> active{};  ///< an inactive admin cannot log in
  Secret password{};
  /// Read-only members that came with the patch. `invalid_argument` unless they are those of the account,
  /// `conflict` when they name another version of it.
  json::object sent_back{};
};

}  // namespace togglecast::service
