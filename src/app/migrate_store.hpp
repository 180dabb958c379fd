// `togglecast migrate-store`: moves an installation's state from one store into another.
#pragma once

#include "app/config/command_line.hpp"
#include "app/config/settings.hpp"

namespace togglecast::app {

/// Answers the exit code.
[[nodiscard]] int migrate_store(const Settings& settings, const Command& command);

}  // namespace togglecast::app
