// The role of an admin. Its permissions are in `auth/roles.hpp`. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace togglecast::domain {

enum class Role : std::uint8_t { viewer, editor, owner };

[[nodiscard]] std::string_view to_string(Role role) noexcept;
[[nodiscard]] std::optional<Role> parse_role(std::string_view text) noexcept;

}  // namespace togglecast::domain
