// When a comparison of `$flagd.timestamp` with a constant turns. Thread rule: free functions on values.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "domain/evaluation/operators.hpp"

namespace togglecast::domain::evaluation {

inline constexpr std::string_view kTimestamp = "$flagd.timestamp";

/// Whether the operator's answer depends only on the order of its arguments.
[[nodiscard]] bool compares(Op op) noexcept;

/// Adds the whole seconds from which on `time < constant`, `time == constant` or `time <= constant` may be
/// different.
void add_boundaries(std::vector<std::int64_t>& boundaries, double constant);

}  // namespace togglecast::domain::evaluation
