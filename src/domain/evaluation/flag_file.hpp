// A whole flagd document: `flags` (an object by key, or an array of flags with a `key`), `$evaluators` and
// `metadata`. Thread rule: plain values.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "domain/evaluation/evaluators.hpp"
#include "domain/evaluation/flag.hpp"

namespace togglecast::domain::evaluation {

struct FlagFile {
  Evaluators evaluators;
  std::vector<std::shared_ptr<const Flag>> flags;
  json::object metadata;

  /// nullptr without such a flag.
  [[nodiscard]] const Flag* find(std::string_view key) const noexcept;
};

/// An error lists every rejected place by its JSON Pointer. With `as_evaluator`, a rule that cannot be
/// compiled is no error: its flag answers PARSE_ERROR.
[[nodiscard]] Result<FlagFile> read_flag_file(const json::value& document, Strictness strictness);

}  // namespace togglecast::domain::evaluation
