// Builders of changes to accounts of admins. They run on the writer's thread, in the environment `system`.
#pragma once

#include <string>

#include "base/secret.hpp"
#include "changes/write_request.hpp"
#include "service/accounts/admin_patch.hpp"
#include "service/accounts/session_service.hpp"
#include "service/accounts/token_service.hpp"

namespace togglecast::service {

/// A new account, without a password yet.
struct NewAdmin {
  std::string username;
  domain::Role role = domain::Role::viewer;
  EnvironmentRoles environments{};
  bool active = true;
  std::optional<UnixMillis> password_expires_at{};  ///< until then it must be changed
};
[[nodiscard]] changes::Build build_new_admin(NewAdmin wanted, Secret hash);
/// Withdraws all tokens of the account except `keep_token`. `checked` is the `password_changed_at` of the
/// account when its password was checked; `unauthenticated` when the password has changed since.
[[nodiscard]] changes::Build build_password(std::string username, Secret hash, domain::Id keep_token,
                                            const domain::IfMatch& if_match,
                                            std::optional<UnixMillis> checked = {});
/// `who` is the id of the admin that sends the request; it may be `admin`. `hash` is empty unless the
/// password changes. A new password or a deactivation withdraws all tokens of the account.
[[nodiscard]] changes::Build build_admin_patch(domain::Id who, domain::Id admin, const AdminPatch& patch,
                                               Secret hash, const domain::IfMatch& if_match);
/// Sets `active`; without a value, switches to the opposite.
[[nodiscard]] changes::Build build_admin_toggle(domain::Id who, domain::Id admin, std::optional<bool> active,
                                                const domain::IfMatch& if_match);
[[nodiscard]] changes::Build build_admin_removal(domain::Id who, domain::Id admin,
                                                 const domain::IfMatch& if_match);
}  // namespace togglecast::service
