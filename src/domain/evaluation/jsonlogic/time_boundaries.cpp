#include "domain/evaluation/jsonlogic/time_boundaries.hpp"

#include <cmath>

namespace togglecast::domain::evaluation {

bool compares(Op op) noexcept {
  switch (op) {
    case Op::equal:
    case Op::strict_equal:
    case Op::not_equal:
    case Op::strict_not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
      return true;
    default:  // whatever else there is does not compare
      return false;
  }
}

void add_boundaries(std::vector<std::int64_t>& boundaries, Op op, double constant, bool time_first) {
  constexpr double kEndOfTime = 253'402'300'800;  // the year 10000
  if (!(constant >= 0 && constant < kEndOfTime)) return;
  const auto reached = static_cast<std::int64_t>(std::ceil(constant));
  const auto passed = static_cast<std::int64_t>(std::floor(constant)) + 1;
  const bool is_order =
      op == Op::less || op == Op::less_equal || op == Op::greater || op == Op::greater_equal;
  // `time < constant` and `time >= constant` turn when it is reached, `time <= constant` and `time >
  // constant` when it has passed; the other way round the other way round.
  const bool turns_when_reached = (op == Op::less || op == Op::greater_equal) == time_first;
  if (is_order) {
    boundaries.push_back(turns_when_reached ? reached : passed);
  } else {
    boundaries.push_back(reached);
    if (passed != reached) boundaries.push_back(passed);
  }
}

}  // namespace togglecast::domain::evaluation
