// The duty of an account in a state of `system`. Thread rule: pure functions.
#pragma once

#include "auth/duty.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

/// The settings of the installation; their defaults while none was changed.
[[nodiscard]] domain::InstallationSettings settings_of(const domain::Snapshot& system);

/// Whether the settings ask this account for a second factor. Accounts of OpenID Connect leave that to their
/// provider.
[[nodiscard]] bool needs_second_factor(const domain::AdminUser& admin,
                                       const domain::InstallationSettings& settings) noexcept;

[[nodiscard]] auth::Duty duty_of(const domain::AdminUser& admin, const domain::Snapshot& system);

}  // namespace togglecast::service
