// The members of an account that an owner may change. Thread rule: a plain value.
#pragma once

#include <optional>

#include "base/secret.hpp"
#include "domain/schema/role.hpp"

namespace togglecast::service {

/// An absent or empty member leaves the account's value unchanged.
struct AdminPatch {
  std::optional<domain::Role> role{};
  std::optional<bool> active{};  ///< an inactive admin cannot log in
  Secret password{};
};

}  // namespace togglecast::service
