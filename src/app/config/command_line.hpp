// Reads the command line. Thread rule: plain values and pure functions.
#pragma once

#include <string>

#include "app/config/settings.hpp"

namespace togglecast::app {

struct Command {
  enum class Action : std::uint8_t {
    print,
    serve,
    set_password,
    reset_second_factor,
    quickstart,
    probe,
    migrate_store
  };

  Action action = Action::print;
  std::string output;  ///< of `print`: help, version, or the error in the command line
  bool wrong = false;  ///< of `print`: `output` is an error
  RawSettings flags;
  std::string config;    ///< settings file; empty: none
  std::string username;  ///< of `admin`, `quickstart` and `probe`
  // Of `quickstart` and `probe`.
  std::string password_file;  ///< empty: none
  std::string environment;
  bool toggle = false;
  // Of `probe`; empty texts: not given.
  std::string url;
  std::string admin_token, admin_token_file;
  std::string client_token, client_token_file;
  std::string ca;
  bool insecure = false;
  bool everyone = false;
  bool json = false;
  std::size_t rounds = 5;
  std::size_t patience = 10;  ///< seconds
  std::string from, to;       ///< of `migrate_store`
};

[[nodiscard]] Command parse_command_line(int count, const char* const* values);

}  // namespace togglecast::app
