#include "domain/evaluation/jsonlogic/operators.hpp"

#include <algorithm>
#include <array>

namespace togglecast::domain::evaluation {
namespace {

constexpr auto kOperators = std::to_array<Operator>({
    {"var", Op::variable, 0, 2},
    {"missing", Op::missing, 0, kAny},
    {"missing_some", Op::missing_some, 2, 2},
    {"if", Op::if_else, 1, kAny},
    {"?:", Op::if_else, 1, kAny},
    {"and", Op::all_of, 1, kAny},
    {"or", Op::any_of, 1, kAny},
    {"!", Op::negate, 0, 1},
    {"!!", Op::truth, 0, 1},
    {"==", Op::equal, 2, 2},
    {"===", Op::strict_equal, 2, 2},
    {"!=", Op::not_equal, 2, 2},
    {"!==", Op::strict_not_equal, 2, 2},
    {"<", Op::less, 2, 3},
    {"<=", Op::less_equal, 2, 3},
    {">", Op::greater, 2, 2},
    {">=", Op::greater_equal, 2, 2},
    {"+", Op::add, 1, kAny},
    {"-", Op::subtract, 1, kAny},
    {"*", Op::multiply, 1, kAny},
    {"/", Op::divide, 2, 2},
    {"%", Op::modulo, 2, 2},
    {"min", Op::min, 1, kAny},
    {"max", Op::max, 1, kAny},
    {"cat", Op::cat, 1, kAny},
    {"substr", Op::substr, 2, 3},
    {"in", Op::in, 2, 2},
    {"merge", Op::merge, 1, kAny},
    {"map", Op::map, 2, 2},
    {"filter", Op::filter, 2, 2},
    {"reduce", Op::reduce, 2, 3},
    {"all", Op::all, 2, 2},
    {"none", Op::none, 2, 2},
    {"some", Op::some, 2, 2},
    {"log", Op::log, 1, 1},
    {"fractional", Op::fractional, 1, kAny},
    {"sem_ver", Op::sem_ver, 3, 3},
    {"starts_with", Op::starts_with, 2, 2},
    {"ends_with", Op::ends_with, 2, 2},
});

}  // namespace

std::span<const Operator> operators() noexcept { return kOperators; }

const Operator* find_operator(std::string_view name) noexcept {
  const auto* found = std::find_if(kOperators.begin(), kOperators.end(),
                                   [name](const Operator& candidate) { return candidate.name == name; });
  return found == kOperators.end() ? nullptr : found;
}

std::string_view name_of(Op op) noexcept {
  if (op == Op::call) return "$ref";
  if (op == Op::computed_variable) return "var";
  const auto* found = std::find_if(kOperators.begin(), kOperators.end(),
                                   [op](const Operator& candidate) { return candidate.op == op; });
  return found == kOperators.end() ? std::string_view{} : found->name;
}

}  // namespace togglecast::domain::evaluation
