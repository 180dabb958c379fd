// What each operator of a rule answered, for people who want to know why. One budget bounds all of it, so
// that no rule makes an explanation large. Thread rule: one evaluation.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "domain/evaluation/jsonlogic/value.hpp"

namespace togglecast::domain::evaluation {

struct Step {
  std::string pointer;      ///< where the operator stands, in the rule that holds it
  std::string operation;    ///< its name
  std::string shared_rule;  ///< the name of the rule that holds it; empty for the flag's own
  std::size_t depth = 0;    ///< how far inside the rule
  json::value result;
};

inline constexpr std::size_t kMaxTraceSteps = 1'000;
inline constexpr std::size_t kMaxTraceBytes = 256 * 1'024;  ///< of its steps, written as JSON

/// In the order in which the answers were found.
class Trace {
 public:
  explicit Trace(std::size_t max_steps = kMaxTraceSteps, std::size_t max_bytes = kMaxTraceBytes) noexcept
      : max_steps_(max_steps), bytes_left_(max_bytes) {}

  /// Takes over `result` as the step's. A step that does not fit cuts the trace: nothing follows it.
  void add(Step step, const Value& result);

  [[nodiscard]] const std::vector<Step>& steps() const noexcept { return steps_; }
  [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }

 private:
  std::size_t max_steps_;
  std::size_t bytes_left_;
  std::vector<Step> steps_;
  bool is_cut_ = false;
};

}  // namespace togglecast::domain::evaluation
