// Rules as JSON. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace togglecast::domain::flagd {

/// The operator that stands for a segment.
inline constexpr std::string_view kReference = "$ref";

/// `{name: [arguments…]}`
[[nodiscard]] json::value make_rule(std::string_view name, json::array arguments);
/// The arguments of an operator: an array, or the only one.
[[nodiscard]] std::vector<const json::value*> arguments_of(const json::value& json);
/// Whether it is run: an object, or an array that contains one.
[[nodiscard]] bool is_run(const json::value& rule) noexcept;
/// Operators and arguments.
[[nodiscard]] std::size_t parts_of(const json::value& rule) noexcept;

}  // namespace togglecast::domain::flagd
