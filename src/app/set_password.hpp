// What somebody at the machine does for an admin who cannot log in, while the server is stopped:
// `togglecast admin passwd` and `togglecast admin reset-second-factor`.
// Thread rule: the main thread.
#pragma once

#include <string>

#include "app/config/settings.hpp"

namespace togglecast::app {

/// Returns the exit code of the program.
[[nodiscard]] int set_password(const Settings& settings, const std::string& username);
[[nodiscard]] int reset_second_factor(const Settings& settings, const std::string& username);

}  // namespace togglecast::app
