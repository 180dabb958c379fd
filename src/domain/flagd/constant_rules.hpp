// Evaluates rules that read no context. Thread rule: pure functions.
#pragma once

#include <functional>
#include <string>

#include "base/json.hpp"
#include "domain/evaluation/jsonlogic/meter.hpp"
#include "domain/evaluation/jsonlogic/value.hpp"
#include "domain/flagd/rule_folding.hpp"

namespace togglecast::domain::flagd {

using UseValue = std::function<void(const evaluation::Value& value, evaluation::Meter& meter)>;

/// Calls `use` with the answer, which lives as long as the call. Not empty: a problem, as in `Folded`.
[[nodiscard]] std::string evaluate_constant(const json::value& rule, const Constants& constants,
                                            const Snapshot& state, const UseValue& use);

}  // namespace togglecast::domain::flagd
