// The last hour of the metrics that clients reported, by name: how many numbers came in each span of ten
// seconds, their sum, the least and the most. Clients and labels are added up. Bounded in every direction; a
// name that was silent for an hour makes room for a new one. One for each shard. Thread rule: its shard; the
// functions are pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "realtime/telemetry/metrics_report.hpp"

namespace togglecast::realtime {

struct MetricSpan {
  std::uint32_t number = 0;  ///< which ten seconds since 1970
  std::uint32_t count = 0;
  double sum = 0;
  float least = 0, most = 0;

  void add(const MetricSpan& other) noexcept;
};
static_assert(sizeof(MetricSpan) <= 24, "there are 360 for each name");

using MetricSpans = std::map<std::string, std::vector<MetricSpan>, std::less<>>;  ///< by name; spans ascend

class ReportedHistory {
 public:
  static constexpr std::int64_t kSpan = 10;             ///< seconds
  static constexpr std::size_t kSpans = 360;            ///< of one name
  static constexpr std::size_t kMostNames = 40;         ///< of one environment
  static constexpr std::size_t kMostEnvironments = 20;  ///< those that come later are left out

  void add(const std::string& environment, const std::vector<Sample>& samples, UnixMillis now);
  /// The spans that end after `since` (seconds since 1970) and have ended by `until`.
  [[nodiscard]] MetricSpans of(std::string_view environment, std::int64_t since, std::int64_t until) const;

 private:
  [[nodiscard]] static std::vector<MetricSpan>* spans_of(MetricSpans& table, const std::string& name,
                                                         std::uint32_t number);

  std::map<std::string, MetricSpans, std::less<>> tables_;
};

void merge(MetricSpans& into, const MetricSpans& more);

/// Between nodes: `{metrics: [[name, [[number, count, sum, least, most], …]], …]}`.
[[nodiscard]] json::object to_wire(const MetricSpans& spans);
/// Leaves out what it cannot read.
[[nodiscard]] MetricSpans metric_spans_in(const json::object& wire);

/// `{resolution, times, metrics: [{name, count, mean, min, max}]}`: a list for each member, with a value or
/// null for each time.
[[nodiscard]] json::object to_json(const MetricSpans& spans);

}  // namespace togglecast::realtime
