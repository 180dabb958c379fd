// `togglecast serve`: starts, says where, waits for the signal, stops. Thread rule: the main thread.
#pragma once

#include "app/config/settings.hpp"

namespace togglecast::app {

/// The exit code of the program.
[[nodiscard]] int serve(const Settings& settings);

}  // namespace togglecast::app
