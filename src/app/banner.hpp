// The text that the server prints once it runs: its address, its data folder, how to log in, how to stop.
// Thread rule: pure function.
#pragma once

#include <filesystem>
#include <string>

#include "app/config/settings.hpp"
#include "app/container.hpp"
#include "app/first_login.hpp"

namespace togglecast::app {

[[nodiscard]] std::string banner(const Settings& settings, const Container::Bound& bound,
                                 const service::Application& application, const FirstLogin& first_login,
                                 const std::filesystem::path& program);

}  // namespace togglecast::app
