#include "service/duties/duties.hpp"

#include <algorithm>

namespace togglecast::service {
namespace {

bool is_owner_somewhere(const domain::AdminUser& admin) {
  return admin.role == domain::Role::owner ||
         std::any_of(admin.environments.begin(), admin.environments.end(),
                     [](const auto& one) { return one.second == domain::Role::owner; });
}

}  // namespace

domain::InstallationSettings settings_of(const domain::Snapshot& system) {
  if (const auto* settings = system.peek<domain::InstallationSettings>(domain::kSettingsId)) return *settings;
  domain::InstallationSettings defaults;
  defaults.id = domain::kSettingsId;
  return defaults;
}

bool needs_second_factor(const domain::AdminUser& admin,
                         const domain::InstallationSettings& settings) noexcept {
  if (admin.identity) return false;
  switch (settings.require_second_factor) {
    case domain::FactorRule::none:
      return false;
    case domain::FactorRule::owners:
      return is_owner_somewhere(admin);
    case domain::FactorRule::all:
      return true;
  }
  return true;
}

auth::Duty duty_of(const domain::AdminUser& admin, const domain::Snapshot& system) {
  if (admin.password_expires_at) return auth::Duty::new_password;
  if (!admin.second_factor_at && needs_second_factor(admin, settings_of(system)))
    return auth::Duty::second_factor;
  return auth::Duty::none;
}

}  // namespace togglecast::service
