// Reads the file of `--config`: TOML; its keys are the names of the options. Thread rule: pure functions.
#pragma once

#include <filesystem>
#include <string_view>

#include "app/config/settings.hpp"

namespace togglecast::app {

/// `name` is the name of the file in messages. `invalid_argument` names the line of a syntax error, of an
/// unknown key or of a value of the wrong kind.
[[nodiscard]] Result<RawSettings> parse_config(std::string_view text, const std::string& name);
[[nodiscard]] Result<RawSettings> read_config_file(const std::filesystem::path& path);

}  // namespace togglecast::app
