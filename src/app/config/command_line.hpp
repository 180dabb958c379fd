// What the command line asks for. Thread rule: plain values and pure functions.
#pragma once

#include <string>

#include "app/config/settings.hpp"

namespace togglecast::app {

struct Command {
  enum class Action : std::uint8_t { print, serve, set_password };

  Action action = Action::print;
  std::string output;  ///< of `print`: help, version, or what is wrong with the command line
  bool wrong = false;  ///< of `print`: it is what is wrong
  RawSettings flags;
  std::string config;    ///< file; empty: none
  std::string username;  ///< of `set_password`
};

[[nodiscard]] Command parse_command_line(int count, const char* const* values);

}  // namespace togglecast::app
