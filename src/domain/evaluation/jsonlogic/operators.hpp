// The operators of rules: JsonLogic's, then flagd's. Thread rule: constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace togglecast::domain::evaluation {

enum class Op : std::uint8_t {
  constant,  ///< a literal, arrays without rules among them
  list,      ///< an array with rules in it
  call,      ///< a shared rule: `$ref`

  variable,
  computed_variable,  ///< its path is a rule
  missing,
  missing_some,
  if_else,
  all_of,  ///< and
  any_of,  ///< or
  negate,
  truth,
  equal,
  strict_equal,
  not_equal,
  strict_not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  min,
  max,
  cat,
  substr,
  in,
  merge,
  map,
  filter,
  reduce,
  all,
  none,
  some,
  log,

  fractional,
  sem_ver,
  starts_with,
  ends_with,
};

inline constexpr std::size_t kAny = static_cast<std::size_t>(-1);

struct Operator {
  std::string_view name;
  Op op;
  std::size_t min_arguments;  ///< flagd's schema; the reference takes any number
  std::size_t max_arguments;
};

/// All that have a name in rules.
[[nodiscard]] std::span<const Operator> operators() noexcept;
/// nullptr when there is no such operator.
[[nodiscard]] const Operator* find_operator(std::string_view name) noexcept;
/// The name in rules; empty for those that have none.
[[nodiscard]] std::string_view name_of(Op op) noexcept;

}  // namespace togglecast::domain::evaluation
