// `--demo`: an example to look at. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "service/application.hpp"

namespace togglecast::app {

/// demo/catalogue.json, as it was when the program was built.
[[nodiscard]] std::string_view demo_catalogue() noexcept;

/// Lines for the banner: what there is, and what to look at.
[[nodiscard]] std::string describe_demo(const service::Application& application, std::string_view url);

}  // namespace togglecast::app
