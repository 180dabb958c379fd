// The demands of flagd's JSON schema on the arguments of an operator, and checks for rules that can never
// work. Thread rule: free functions on values.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "domain/evaluation/jsonlogic/operators.hpp"

namespace togglecast::domain::evaluation {

/// Gets the index of the argument, or nothing for all arguments.
using RefuseArgument = std::function<void(std::optional<std::size_t> index, std::string reason)>;

/// `arguments` is the value of the operator's member: an array, or the only argument.
void check_arguments(const Operator& known, const json::value& arguments, const RefuseArgument& refuse);

}  // namespace togglecast::domain::evaluation
