// The part of an account that an owner may change. Thread rule: a plain value.
#pragma once

#include <optional>

#include "base/secret.hpp"
#include "domain/schema/role.hpp"

namespace togglecast::service {

/// Absent or empty members stay as they are.
struct AdminPatch {
  std::optional<domain::Role> role{};
  std::optional<bool> active{};  ///< an inactive admin cannot log in
  Secret password{};
};

}  // namespace togglecast::service
