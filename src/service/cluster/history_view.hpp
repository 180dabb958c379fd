// The last hour of the server in numbers, of all its nodes, and what clients reported. Ports: `realtime`
// implements them. Thread rule: any thread; `done` runs on any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"

namespace togglecast::service {

struct HistoryQuery {
  bool fine = true;        ///< a value a second for five minutes; else one in ten seconds for an hour
  std::int64_t since = 0;  ///< seconds since 1970: only what is newer
};

class HistoryView {
 public:
  virtual ~HistoryView() = default;

  struct Found {
    json::object body;
    std::string tag;  ///< the same for the same body
  };
  /// `unavailable` when the server has too much to do.
  virtual void read_history(const HistoryQuery& query, std::function<void(Result<Found>)> done) = 0;
};

class MetricHistoryView {
 public:
  virtual ~MetricHistoryView() = default;

  using Done = std::function<void(Result<json::object> body)>;
  /// What clients of this environment reported after `since`, seconds since 1970: `{resolution, times,
  /// metrics: [{name, count, mean, min, max}], missing?}`. `unavailable` as above.
  virtual void read_metrics(const std::string& environment, std::int64_t since, Done done) = 0;
};

}  // namespace togglecast::service
