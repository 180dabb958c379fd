// Questions on the terminal. Thread rule: the main thread.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace togglecast::app {

/// Standard input is a terminal.
[[nodiscard]] bool can_ask() noexcept;
/// One line of standard input.
[[nodiscard]] Result<Secret> read_secret_line();
/// Asks for a line whose characters do not appear on the terminal.
[[nodiscard]] Result<Secret> ask_secret(const std::string& question);

}  // namespace togglecast::app
