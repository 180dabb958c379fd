// The features that features require. Circles and too long chains are refused.
// Thread rule: pure functions.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/schema/ids.hpp"

namespace togglecast::domain::evaluation {

/// The features that a feature requires; empty for an unknown one.
using RequiredOf = std::function<std::span<const Id>(Id)>;

struct RequirementProblem {
  std::vector<Id> chain;  ///< each requires the next; of a circle, the last is the first again
  bool is_circle = false;

  /// "3 requires 7 requires 3", for people.
  [[nodiscard]] std::string text() const;
};

/// Follows `requires` from all of `features`, and visits each feature once. Pass every feature whose
/// `requires` was written with all features that lead to it, or simply every feature.
[[nodiscard]] std::optional<RequirementProblem> find_requirement_problem(std::span<const Id> features,
                                                                         const RequiredOf& required_of);

}  // namespace togglecast::domain::evaluation
