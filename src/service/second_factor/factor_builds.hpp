// Builders of changes to second factors. They run on the writer's thread, in the environment `system`.
#pragma once

#include <string>
#include <vector>

#include "auth/factor_codes.hpp"
#include "base/secret.hpp"
#include "changes/write_request.hpp"
#include "domain/schema/version.hpp"

namespace togglecast::service {

/// `conflict` when the account has a confirmed factor, or belongs to a provider.
[[nodiscard]] changes::Build build_factor_setup(domain::Id admin, std::string sealed);
/// `code` belongs to the time `now`. `recovery`: digests of the new recovery codes.
[[nodiscard]] changes::Build build_factor_confirmation(domain::Id admin, const auth::FactorCodes& codes,
                                                       Secret code, UnixMillis now,
                                                       std::vector<std::string> recovery);
[[nodiscard]] changes::Build build_recovery_codes(domain::Id admin, const auth::FactorCodes& codes,
                                                  Secret code, UnixMillis now,
                                                  std::vector<std::string> recovery);
[[nodiscard]] changes::Build build_factor_removal(domain::Id admin, const auth::FactorCodes& codes,
                                                  Secret code, UnixMillis now);
[[nodiscard]] changes::Build build_factor_reset(domain::Id admin, const domain::IfMatch& if_match);

}  // namespace togglecast::service
