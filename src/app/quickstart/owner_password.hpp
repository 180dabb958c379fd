// Where commands that log in find a password. Thread rule: the main thread; may ask on the terminal.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace togglecast::app {

struct FoundPassword {
  Secret text;
  std::string source;  ///< for messages
};

/// In this order: the first line of `file` if it is not empty, TOGGLECAST_OWNER_PASSWORD, `first-login` in
/// the folder `data`, the terminal. `invalid_argument` when there is none.
[[nodiscard]] Result<FoundPassword> find_password(const std::string& file, const std::filesystem::path& data,
                                                  const std::string& username);

/// The first line that begins with `label`, without it.
[[nodiscard]] Result<Secret> line_of_file(const std::filesystem::path& path, std::string_view label);

}  // namespace togglecast::app
