// The changes that admins are made of. Builders run on the writer's thread, against the environment `system`.
#pragma once

#include <string>

#include "base/secret.hpp"
#include "changes/write_request.hpp"
#include "service/accounts/admin_patch.hpp"
#include "service/accounts/token_service.hpp"

namespace togglecast::service {

[[nodiscard]] changes::Build build_new_admin(std::string username, domain::Role role, bool active,
                                             Secret hash);
/// All tokens of the account but `keep_token` are withdrawn. `unauthenticated` when the password is no longer
/// that of `checked`, if one was checked.
[[nodiscard]] changes::Build build_password(std::string username, Secret hash, domain::Id keep_token,
                                            std::optional<domain::Revision> if_revision,
                                            std::optional<UnixMillis> checked = {});
/// By `who`, who may be that admin. With a new password, or inactive, all tokens of the account are
/// withdrawn; `hash` is empty without one.
[[nodiscard]] changes::Build build_admin_patch(domain::Id who, domain::Id admin, const AdminPatch& patch,
                                               Secret hash, std::optional<domain::Revision> if_revision);
/// To `active`, or to the other side.
[[nodiscard]] changes::Build build_admin_toggle(domain::Id who, domain::Id admin, std::optional<bool> active,
                                                std::optional<domain::Revision> if_revision);
[[nodiscard]] changes::Build build_admin_removal(domain::Id who, domain::Id admin,
                                                 std::optional<domain::Revision> if_revision);
/// `admin` is the account as it was when its password was checked; `unauthenticated` when it may no longer
/// log in with that.
[[nodiscard]] changes::Build build_session(const domain::AdminUser& admin, std::string environment,
                                           std::string jti, std::chrono::minutes lifetime,
                                           TokenOptions options);
[[nodiscard]] changes::Build build_logout(domain::Id token);

}  // namespace togglecast::service
