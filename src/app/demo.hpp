// `--demo`: an example catalogue. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "service/application.hpp"

namespace togglecast::app {

/// The text of demo/catalogue.json, compiled into the program.
[[nodiscard]] std::string_view demo_catalogue() noexcept;

/// What to tell an operator who asked for the example, when the catalogue held something already; empty if it
/// holds the example.
[[nodiscard]] std::string demo_refusal(const service::Application& application);

/// Lines for the banner: the number of entities, some clients with overrides, and links.
[[nodiscard]] std::string describe_demo(const service::Application& application, std::string_view url);

}  // namespace togglecast::app
