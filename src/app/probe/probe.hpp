// `togglecast probe URL`: uses a server as its clients do, and says what works and how long it takes.
// Thread rule: the main thread.
#pragma once

#include "app/config/command_line.hpp"
#include "app/config/settings.hpp"

namespace togglecast::app {

/// Exit status: 0 all steps passed, 1 a step failed or the probe was interrupted, 2 the command is wrong.
[[nodiscard]] int probe_server(const Settings& settings, const Command& command);

}  // namespace togglecast::app
