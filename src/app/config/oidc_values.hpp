// Reads the options of logins by OpenID Connect, and checks that they fit together. Thread rule: pure
// functions. Errors as in option_values.hpp.
#pragma once

#include "app/config/option_values.hpp"

namespace togglecast::app {

[[nodiscard]] Result<void> set_oidc_issuer(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_oidc_client_id(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_oidc_client_secret(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_oidc_scopes(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_oidc_name(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_oidc_username_claim(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_oidc_groups_claim(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_oidc_roles(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_oidc_default_role(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_oidc_algorithm(Settings& settings, const Values& values);
[[nodiscard]] Result<void> set_oidc_session(Settings& settings, const Values& values);

/// Whether the options of OpenID Connect fit together; the error says which one is missing.
[[nodiscard]] Result<void> check_oidc(const Settings& settings);

}  // namespace togglecast::app
