// Reads the argument of `report_metrics`: numbers with a name and labels, within limits. Thread rule: pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace togglecast::realtime {

inline constexpr std::size_t kMaxReport = 100;  ///< metrics in one report

struct Sample {
  std::string name;
  std::string labels;  ///< canonical JSON
  double value = 0;
  UnixMillis at{};
};

/// `{metrics: [{name, value, labels?, at?}]}`. `now` stands for a missing `at`, which may not be later.
[[nodiscard]] Result<std::vector<Sample>> read_metrics(const json::value& body, UnixMillis now);

}  // namespace togglecast::realtime
