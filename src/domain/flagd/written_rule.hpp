// The form of rules that flagd's schema takes, which is narrower than that of the API. Thread rule: pure
// functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/evaluation/jsonlogic/operators.hpp"
#include "domain/flagd/rule_folding.hpp"

namespace togglecast::domain::flagd {

/// A rule of this operator, for one that any number of arguments suits.
[[nodiscard]] json::value in_schema(const evaluation::Operator& known, json::array arguments);

/// What `map` and the like do to each element: it reads nothing else, so nothing is folded in. Segments stand
/// where they are used.
[[nodiscard]] Folded written_for_element(const json::value& rule, const Snapshot& state);

/// `[variant, weight]`; nothing: no engine takes it, and `fractional` answers null.
[[nodiscard]] std::optional<json::value> in_distribution(const json::value& distribution);
/// `1.2.0` for `v1.2`; nothing: it is no version.
[[nodiscard]] std::optional<std::string> version_in_schema(std::string_view text);
/// `>=`; nothing: it is no comparison.
[[nodiscard]] std::optional<std::string> comparison_in_schema(std::string_view text);

}  // namespace togglecast::domain::flagd
