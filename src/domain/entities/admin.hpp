// A person who signs in. The password's hash is a secret and lives beside the entities, never in one; the
// time of its last change is the trace that it leaves in the log. Thread rule: plain values.
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
  bool active = true;  ///< an inactive one can neither log in nor do anything
  UnixMillis password_changed_at{};

  [[nodiscard]] const std::string& unique_key() const noexcept { return username; }
  [[nodiscard]] static Result<AdminUser> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const AdminUser& admin);

/// 1 to 64 of lower-case letters, digits and `._@+-`, beginning with a letter or digit; an email address will
/// do.
[[nodiscard]] bool is_username(std::string_view text) noexcept;

}  // namespace togglecast::domain
