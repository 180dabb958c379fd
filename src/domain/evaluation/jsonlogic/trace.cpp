#include "domain/evaluation/jsonlogic/trace.hpp"

#include "domain/evaluation/jsonlogic/conversions.hpp"

namespace togglecast::domain::evaluation {

void Trace::add(Step step, const Value& result) {
  if (is_cut_) return;
  is_cut_ = true;
  constexpr std::size_t kFrame = 80;  // names of members, quotes and the depth
  const std::size_t head = kFrame + step.pointer.size() + step.operation.size() + step.shared_rule.size();
  if (steps_.size() >= max_steps_ || head > bytes_left_) return;
  // First the copy is bounded: each value takes one step of the meter, and more when it is a long text. Then
  // the JSON, which may be longer than the texts in it.
  Meter meter((bytes_left_ - head) / kBytesPerStep);
  step.result = to_json(result, meter);
  if (meter.failure() == Failure::too_many_steps) return;
  const std::size_t bytes = head + json::serialize(step.result).size();
  if (bytes > bytes_left_) return;
  bytes_left_ -= bytes;
  steps_.push_back(std::move(step));
  is_cut_ = false;
}

}  // namespace togglecast::domain::evaluation
