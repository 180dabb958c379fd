// A person with an account. The password's hash is a secret, stored next to the entities and never in one.
// The log has only the time of its last change. Thread rule: plain values.
#pragma once

#include <string>

#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"
#include "domain/schema/role.hpp"

namespace togglecast::domain {

struct AdminUser : Stamps {
  static constexpr Kind kKind = Kind::admin;
  static constexpr std::string_view kKeyMember = "username";

  std::string username;
  Role role = Role::viewer;
  bool active = true;  ///< an inactive admin can neither log in nor act
  UnixMillis password_changed_at{};

  [[nodiscard]] const std::string& unique_key() const noexcept { return username; }
  [[nodiscard]] static Result<AdminUser> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const AdminUser& admin);

/// 1 to 64 of lower-case letters, digits and `._@+-`, beginning with a letter or digit. An email address in
/// lower case fits.
[[nodiscard]] bool is_username(std::string_view text) noexcept;

}  // namespace togglecast::domain
