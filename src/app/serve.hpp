// `togglecast serve`: starts the server, prints the banner, waits for a signal, stops. Thread rule: the main
// thread.
#pragma once

#include "app/config/settings.hpp"

namespace togglecast::app {

/// Returns the exit code of the program.
[[nodiscard]] int serve(const Settings& settings);

}  // namespace togglecast::app
