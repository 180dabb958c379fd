// The result of a probe: a row for each step at each place, with the times of its samples. Thread rule: plain
// values.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace togglecast::app::probe {

struct Row {
  enum class Outcome : std::uint8_t { ok, failed, skipped };

  std::string where;  ///< `admin websocket`
  std::string step;
  std::set<std::string> events;  ///< of the real-time contract, and routes of broadcasts, that it used
  Outcome outcome = Outcome::ok;
  std::string reason;           ///< unless `ok`
  std::vector<double> samples;  ///< milliseconds
};

[[nodiscard]] std::string_view to_string(Row::Outcome outcome) noexcept;

class Report {
 public:
  /// Adds a sample to the row of this step at this place.
  void passed(std::string_view where, std::string_view step, std::initializer_list<std::string_view> events,
              double ms);
  void failed(std::string_view where, std::string_view step, std::string reason);
  void skipped(std::string_view where, std::string_view step, std::string reason);

  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t count(Row::Outcome outcome) const noexcept;
  [[nodiscard]] std::string table() const;
  /// `{ok, url, steps: [{where, step, outcome, reason?, events, samples, min_ms, median_ms, max_ms}]}`.
  [[nodiscard]] json::object to_json(const std::string& url) const;

 private:
  Row& row(std::string_view where, std::string_view step);

  std::vector<Row> rows_;
};

}  // namespace togglecast::app::probe
