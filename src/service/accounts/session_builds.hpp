// Builders of changes to sessions of admins. They run on the writer's thread, in the environment `system`.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "changes/write_request.hpp"
#include "service/accounts/session_service.hpp"
#include "service/accounts/token_service.hpp"

namespace togglecast::service {

/// `admin` is the account at the moment its password was checked. `unauthenticated` when the account was
/// deactivated, deleted or given another password since. `forbidden` without a role in the environment.
[[nodiscard]] changes::Build build_session(const domain::AdminUser& admin, const SessionStart& start,
                                           std::string jti, std::chrono::seconds lifetime,
                                           TokenOptions options);
/// Ends a session whose used refresh token came again. Changes nothing when it has ended.
[[nodiscard]] changes::Build build_reuse(domain::Id session);
[[nodiscard]] changes::Build build_logout(domain::Id token);
/// Ends all sessions of the account except `keep`.
[[nodiscard]] changes::Build build_sessions_end(domain::Id admin, domain::Id keep);
/// Removes the records of these sessions.
[[nodiscard]] changes::Build build_prune(std::vector<domain::Id> sessions);

}  // namespace togglecast::service
