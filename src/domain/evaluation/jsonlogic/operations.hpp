// The operators that take values and give a value, each as JsonLogic's reference computes it. Those that
// decide what is evaluated at all (`if`, `and`, `map` …) are the interpreter's. Thread rule: one evaluation.
#pragma once

#include <memory_resource>
#include <span>
#include <string_view>

#include "domain/evaluation/jsonlogic/conversions.hpp"
#include "domain/evaluation/jsonlogic/meter.hpp"
#include "domain/evaluation/jsonlogic/operators.hpp"
#include "domain/evaluation/jsonlogic/program.hpp"
#include "domain/evaluation/jsonlogic/value.hpp"

namespace togglecast::domain::evaluation {

/// What an operator may use up: memory that lives as long as the evaluation, and its allowance.
struct Workspace {
  std::pmr::memory_resource& memory;
  Meter& meter;

  /// A text of the evaluation's own; undefined when the allowance does not suffice.
  [[nodiscard]] Value keep(std::string_view text) const;
  /// Room for `count` values, undefined at first; empty when the allowance does not suffice.
  [[nodiscard]] std::span<Value> values(std::size_t count) const;
};

using Arguments = std::span<const Value>;

/// The member of any value, characters of texts included.
[[nodiscard]] Value member_of(const Value& data, std::string_view name, const Workspace& work);
/// Undefined when there is nothing at the path.
[[nodiscard]] Value look_up(const Path& path, const Value& data, const Workspace& work);
[[nodiscard]] Value look_up(std::string_view path, const Value& data, const Workspace& work);

[[nodiscard]] Value computed_variable(Arguments arguments, const Value& data, const Workspace& work);
[[nodiscard]] Value missing(Arguments arguments, const Value& data, const Workspace& work);
[[nodiscard]] Value missing_some(Arguments arguments, const Value& data, const Workspace& work);
/// `+`, `*`, `min`, `max`
[[nodiscard]] Value fold_numbers(Op op, Arguments arguments, const Workspace& work);
[[nodiscard]] Value cat(Arguments arguments, const Workspace& work);
[[nodiscard]] Value substr(Arguments arguments, const Workspace& work);
[[nodiscard]] Value is_in(const Value& needle, const Value& hay, const Workspace& work);
/// Whether `part` stands in `text`; false when the allowance does not suffice. Linear in both lengths.
[[nodiscard]] bool contains_text(std::string_view text, std::string_view part, const Workspace& work);
[[nodiscard]] Value merge(Arguments arguments, const Workspace& work);
[[nodiscard]] Value sem_ver(Arguments arguments, const Workspace& work);
/// `starts_with`, `ends_with`
[[nodiscard]] Value affix(Op op, Arguments arguments, const Workspace& work);

}  // namespace togglecast::domain::evaluation
