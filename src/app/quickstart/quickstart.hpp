// `togglecast quickstart`: the first steps on a running server, and the words that go with them.
// Thread rule: the main thread.
#pragma once

#include "app/config/command_line.hpp"
#include "app/config/settings.hpp"

namespace togglecast::app {

/// Returns the exit code of the program.
[[nodiscard]] int quickstart(const Settings& settings, const Command& command);

}  // namespace togglecast::app
