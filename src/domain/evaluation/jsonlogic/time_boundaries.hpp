// The times at which a comparison of `$flagd.timestamp` with a constant changes. Thread rule: free functions
// on values.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "domain/evaluation/jsonlogic/operators.hpp"

namespace togglecast::domain::evaluation {

inline constexpr std::string_view kTimestamp = "$flagd.timestamp";

/// Whether the operator's answer depends only on the order of its arguments.
[[nodiscard]] bool compares(Op op) noexcept;

/// Adds the whole seconds at which the answer of `op` on the time and a constant may change.
/// `time_first`: the time is to the left of the constant.
void add_boundaries(std::vector<std::int64_t>& boundaries, Op op, double constant, bool time_first);

}  // namespace togglecast::domain::evaluation
