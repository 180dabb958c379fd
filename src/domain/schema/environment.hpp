// The environment of the installation itself. Thread rule: a constant.
#pragma once

#include <string_view>

namespace togglecast::domain {

/// Admins, settings and signing keys belong to the installation. They are logged in this environment.
inline constexpr std::string_view kSystemEnvironment = "system";

}  // namespace togglecast::domain
