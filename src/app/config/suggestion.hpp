// The known word that a mistyped one probably means. Thread rule: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace togglecast::app {

/// The nearest of `known`, if it is near enough to be meant; otherwise empty.
[[nodiscard]] std::string nearest(std::string_view given, std::span<const std::string> known);
/// `; did you mean --port?`, or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view given, std::span<const std::string> known);

}  // namespace togglecast::app
