// `togglecast admin passwd`: sets the password of an admin while the server is stopped.
// Thread rule: the main thread.
#pragma once

#include <string>

#include "app/config/settings.hpp"

namespace togglecast::app {

/// Returns the exit code of the program.
[[nodiscard]] int set_password(const Settings& settings, const std::string& username);

}  // namespace togglecast::app
