// A person with an account. The password's hash is a secret, stored next to the entities and never in one.
// The log has only the time of its last change. Thread rule: plain values.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"
#include "domain/schema/role.hpp"

namespace togglecast::domain {

/// An account of an OpenID Connect provider. The two together name a person for good; a name or an address
/// does not.
struct ProviderIdentity {
  std::string issuer;
  std::string subject;
  friend bool operator==(const ProviderIdentity&, const ProviderIdentity&) = default;
};

struct AdminUser : Stamps {
  static constexpr Kind kKind = Kind::admin;
  static constexpr std::string_view kKeyMember = "username";

  std::string username;
  Role role = Role::viewer;  ///< for the installation: in every environment that `environments` does not name
  std::map<std::string, Role, std::less<>> environments;  ///< the role in some; empty for owners
  bool active = true;                                     ///< an inactive admin can neither log in nor act
  UnixMillis password_changed_at{};
  /// When somebody last used a refresh token of this account a second time.
  std::optional<UnixMillis> refresh_token_reused_at;
  /// Until then the password must be changed, and a session may do nothing else. Nothing: it may stay.
  std::optional<UnixMillis> password_expires_at;
  std::optional<UnixMillis> second_factor_at;  ///< a login needs a second factor since then
  /// Who logs in here. Nothing: the one who knows the password; otherwise the account has none.
  std::optional<ProviderIdentity> identity;

  [[nodiscard]] const std::string& unique_key() const noexcept { return username; }
  /// Owners of the installation are owners everywhere.
  [[nodiscard]] Standing standing_in(std::string_view environment) const noexcept;
  [[nodiscard]] static Result<AdminUser> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const AdminUser& admin);

inline constexpr std::size_t kMaxEnvironmentRoles = 100;

/// 1 to 64 of lower-case letters, digits and `._@+-`, beginning with a letter or digit. An email address in
/// lower case fits.
[[nodiscard]] bool is_username(std::string_view text) noexcept;

}  // namespace togglecast::domain
