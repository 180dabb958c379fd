// Builders of changes to accounts whose passwords, if they have any, are the provider's. They run on the
// writer's thread, in the environment `system`. See decision 0062.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "changes/write_request.hpp"
#include "domain/entities/admin.hpp"
#include "service/oidc/role_rules.hpp"

namespace togglecast::service::oidc {

/// A person, as the provider's tokens describe it.
struct Person {
  domain::ProviderIdentity identity;
  std::string username;  ///< proposed for a new account; an account keeps the name that it has
  Roles roles;
};

/// The account of this person in `system`; null without one.
[[nodiscard]] std::shared_ptr<const domain::AdminUser> account_of(const domain::Snapshot& system,
                                                                  const domain::ProviderIdentity& identity);

/// Makes the account, or gives it the roles of `person`. A person who has no role (any more) gets no account;
/// the account of one keeps no role, and its sessions end. `forbidden` for a deactivated account.
[[nodiscard]] changes::Build build_oidc_account(Person person);

/// Ends the sessions of this person that are older than `until`.
[[nodiscard]] changes::Build build_oidc_logout(domain::ProviderIdentity identity, UnixMillis until);

}  // namespace togglecast::service::oidc
