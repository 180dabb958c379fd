// Metrics that clients report: numbers with a name and labels, summed up in memory. Bounded in every
// direction; the series that was not reported for longest makes room. One for each shard. Thread rule: its
// shard; `summary_of` is pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "domain/schema/ids.hpp"
#include "realtime/telemetry/metrics_report.hpp"

namespace togglecast::realtime {

inline constexpr std::size_t kMaxSeriesPerClient = 100;  ///< names and labels of one client
inline constexpr std::size_t kMaxSeries = 5'000;         ///< of one environment, on one shard
/// A series that was silent for so long makes room for a new one of its client.
inline constexpr std::chrono::minutes kGoneSeries{10};

struct Series {
  domain::Id client = 0;
  std::string name;
  std::string labels;
  std::uint64_t count = 0;
  double sum = 0, least = 0, most = 0, last = 0;
  UnixMillis last_at{};   ///< as the client says
  UnixMillis heard_at{};  ///< when it was reported last
};

class ReportedMetrics {
 public:
  /// How many were taken; the others would have been one series too many of this client, all of whose series
  /// are reported.
  std::size_t add(const std::string& environment, domain::Id client, const std::vector<Sample>& samples,
                  UnixMillis now);
  [[nodiscard]] std::vector<Series> of(std::string_view environment) const;

 private:
  using Key = std::tuple<domain::Id, std::string, std::string>;  // client, name, labels
  using Table = std::map<Key, Series>;

  static void make_room(Table& table);
  /// Drops the client's series that was silent for longest, if it is gone.
  [[nodiscard]] static bool drop_gone(Table& table, domain::Id client, UnixMillis now);

  std::map<std::string, Table, std::less<>> tables_;
};

/// By name, the ones reported most first: `[{name, count, sum, min, max, last_at, series, by_client:
/// [{client_id, labels, count, sum, min, max, last, last_at}]}]`. Long lists end early; `series` counts all.
[[nodiscard]] json::array summary_of(std::vector<Series> all);

}  // namespace togglecast::realtime
