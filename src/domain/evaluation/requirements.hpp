// Which features require which: circles are refused, and so are chains too long to follow.
// Thread rule: pure functions.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/schema/ids.hpp"

namespace togglecast::domain::evaluation {

/// The features that one requires; empty for those that do not exist.
using RequiredOf = std::function<std::span<const Id>(Id)>;

struct RequirementProblem {
  std::vector<Id> chain;  ///< each requires the next; of a circle, the last is the first again
  bool is_circle = false;

  /// "3 requires 7 requires 3", for people.
  [[nodiscard]] std::string text() const;
};

/// Looks at all that `features` lead to, each once. Give it every feature whose `requires` was written and
/// all that lead to them, or simply every feature.
[[nodiscard]] std::optional<RequirementProblem> find_requirement_problem(std::span<const Id> features,
                                                                         const RequiredOf& required_of);

}  // namespace togglecast::domain::evaluation
