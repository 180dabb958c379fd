// What flagd's JSON schema asks of the arguments of an operator, and what can be seen in advance never to
// work. Thread rule: free functions on values.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "domain/evaluation/jsonlogic/operators.hpp"

namespace togglecast::domain::evaluation {

/// Takes the place of the argument, or nothing for all of them.
using RefuseArgument = std::function<void(std::optional<std::size_t> index, std::string reason)>;

/// `arguments` is what the operator's member holds: an array, or the only argument.
void check_arguments(const Operator& known, const json::value& arguments, const RefuseArgument& refuse);

}  // namespace togglecast::domain::evaluation
