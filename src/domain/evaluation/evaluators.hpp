// Shared rules by name: flagd's `$evaluators`, our segments. Thread rule: free functions on values.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/json.hpp"
#include "domain/evaluation/jsonlogic/compiler.hpp"

namespace togglecast::domain::evaluation {

using Evaluators = std::map<std::string, ProgramPtr, std::less<>>;
[[nodiscard]] FindEvaluator finder(const Evaluators& evaluators);

/// Compiles rules that may refer to each other, whatever their order; circles are refused. Those that are
/// wrong are left out; as evaluator, rules that refer to them fail where they need them. `origin` is the JSON
/// Pointer of `rules`.
[[nodiscard]] Evaluators compile_evaluators(const json::object& rules, const std::string& origin,
                                            const CompileOptions& options, Issues& issues);

}  // namespace togglecast::domain::evaluation
