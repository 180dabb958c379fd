// The members of an account that an owner may change. Thread rule: a plain value.
#pragma once

#include <optional>

#include "base/json.hpp"
#include "base/secret.hpp"
#include "domain/schema/role.hpp"

namespace togglecast::service {

/// An absent or empty member leaves the account's value unchanged.
struct AdminPatch {
  std::optional<domain::Role> role{};
  std::optional<bool> active{};  ///< an inactive admin cannot log in
  Secret password{};
  /// Read-only members that came with the patch. `invalid_argument` unless they are those of the account,
  /// `conflict` when they name another version of it.
  json::object sent_back{};
};

}  // namespace togglecast::service
