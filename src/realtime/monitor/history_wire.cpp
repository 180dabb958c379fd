#include "realtime/monitor/history_wire.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "domain/schema/fields.hpp"

namespace togglecast::realtime {
namespace {

using observe::History;
using observe::HistorySeries;
using observe::Together;

constexpr float kNoValue = std::numeric_limits<float>::quiet_NaN();
constexpr std::size_t kTagBytes = 12;

std::string key_of(const HistorySeries& series) {
  return std::string(series.name) + ' ' + std::string(series.of);
}

json::value to_value(float number) {
  if (!std::isfinite(number)) return nullptr;
  const double rounded = std::round(static_cast<double>(number) * 1'000) / 1'000;
  constexpr double kExact = 9'007'199'254'740'992;
  if (std::trunc(rounded) == rounded && std::abs(rounded) < kExact) return static_cast<std::int64_t>(rounded);
  return rounded;
}

json::array to_list(const std::vector<float>& numbers) {
  json::array list;
  list.reserve(numbers.size());
  for (const float number : numbers) list.push_back(to_value(number));
  return list;
}

// The values of a part at these times, of one series.
std::vector<float> placed(const History::Part& part, std::size_t series, std::int64_t first,
                          std::int64_t span, std::size_t count) {
  std::vector<float> values(count, kNoValue);
  for (std::size_t i = 0; i < part.times.size(); ++i) {
    if (part.times[i] < first) continue;
    const std::int64_t place = (part.times[i] - first) / span;
    if (place < static_cast<std::int64_t>(count))
      values[static_cast<std::size_t>(place)] = part.values[series][i];
  }
  return values;
}

float joined(Together together, float a, float b) {
  if (std::isnan(a)) return b;
  if (std::isnan(b)) return a;
  switch (together) {
    case Together::sum:
      return a + b;
    case Together::highest:
      return std::max(a, b);
    case Together::lowest:
      return std::min(a, b);
  }
  return a;
}

const json::array* list_of(const json::object& from, std::string_view member, std::size_t most) {
  const auto* found = from.if_contains(member);
  const auto* list = found == nullptr ? nullptr : found->if_array();
  return list == nullptr || list->size() > most ? nullptr : list;
}

}  // namespace

std::string_view to_string(History::Step step) noexcept {
  return step == History::Step::second ? "1s" : "10s";
}

json::array to_json(std::span<const HistorySeries> series) {
  json::array all;
  for (const HistorySeries& one : series)
    all.push_back(json::object{
        {"name", one.name}, {"of", one.of}, {"unit", one.unit}, {"together", to_string(one.together)}});
  return all;
}

json::object to_wire(std::span<const HistorySeries> series, const History::Part& part) {
  json::array keys;
  json::array values;
  for (std::size_t i = 0; i < series.size(); ++i) {
    keys.emplace_back(key_of(series[i]));
    values.push_back(to_list(part.values[i]));
  }
  return {{"keys", std::move(keys)},
          {"times", json::array(part.times.begin(), part.times.end())},
          {"values", std::move(values)}};
}

History::Part history_in(std::span<const HistorySeries> series, const json::object& wire) {
  constexpr std::size_t kMostSeriesOfANode = 1'000;
  History::Part part;
  part.values.resize(series.size());
  const auto* keys = list_of(wire, "keys", kMostSeriesOfANode);
  const auto* times = list_of(wire, "times", History::kept(History::Step::ten_seconds));
  const auto* values = list_of(wire, "values", kMostSeriesOfANode);
  if (keys == nullptr || times == nullptr || values == nullptr) return part;
  for (const json::value& time : *times) {
    const auto read = domain::integer_in(time);
    if (!read || *read < 0) return {{}, std::move(part.values)};
    part.times.push_back(*read);
  }
  std::map<std::string, std::size_t, std::less<>> places;
  for (std::size_t i = 0; i < keys->size() && i < values->size(); ++i)
    if (const auto* key = (*keys)[i].if_string()) places.emplace(std::string_view(*key), i);
  for (std::size_t i = 0; i < series.size(); ++i) {
    part.values[i].assign(part.times.size(), kNoValue);
    const auto place = places.find(key_of(series[i]));
    const auto* given = place == places.end() ? nullptr : (*values)[place->second].if_array();
    for (std::size_t at = 0; given != nullptr && at < given->size() && at < part.times.size(); ++at)
      if ((*given)[at].is_number()) part.values[i][at] = (*given)[at].to_number<float>();
  }
  return part;
}

json::object to_json(std::span<const HistorySeries> series, History::Step step,
                     const std::vector<NodeHistory>& nodes, std::int64_t until) {
  const std::int64_t span = History::seconds_of(step);
  std::optional<std::int64_t> first;
  std::optional<std::int64_t> last;
  for (const NodeHistory& node : nodes)
    for (const std::int64_t time : node.part.times) {
      if (time > until) continue;
      first = std::min(first.value_or(time), time);
      last = std::max(last.value_or(time), time);
    }
  // Other nodes may send any times; the newest ones count.
  std::size_t count = 0;
  if (first) {
    const auto kept = static_cast<std::int64_t>(History::kept(step));
    first = std::max(*first, *last - (kept - 1) * span);
    count = static_cast<std::size_t>((*last - *first) / span) + 1;
  }
  json::array times;
  for (std::size_t i = 0; i < count; ++i) times.push_back(*first + static_cast<std::int64_t>(i) * span);
  std::vector<std::vector<float>> totals(series.size(), std::vector<float>(count, kNoValue));
  json::array of_nodes;
  for (const NodeHistory& node : nodes) {
    json::array values;
    for (std::size_t i = 0; i < series.size(); ++i) {
      const auto own = placed(node.part, i, first.value_or(0), span, count);
      for (std::size_t at = 0; at < count; ++at)
        totals[i][at] = joined(series[i].together, totals[i][at], own[at]);
      values.push_back(to_list(own));
    }
    of_nodes.push_back(json::object{{"id", node.id}, {"name", node.name}, {"values", std::move(values)}});
  }
  json::array total;
  for (const auto& values : totals) total.push_back(to_list(values));
  return {{"resolution", to_string(step)},
          {"times", std::move(times)},
          {"total", std::move(total)},
          {"nodes", std::move(of_nodes)}};
}

std::string tag_of(History::Step step, const std::vector<NodeHistory>& nodes, std::int64_t since,
                   std::int64_t until) {
  std::string all = std::string(to_string(step)) + ' ' + std::to_string(since);
  for (const NodeHistory& node : nodes) {
    const auto last = std::find_if(node.part.times.rbegin(), node.part.times.rend(),
                                   [until](std::int64_t time) { return time <= until; });
    const auto newest = last == node.part.times.rend() ? 0 : *last;
    all += ' ' + node.id + ' ' + std::to_string(newest) + ' ' +
           std::to_string(node.part.times.empty() ? 0 : node.part.times.front());
  }
  const Sha256 digest = sha256(all);
  return base64url_encode(std::string(digest.begin(), digest.begin() + kTagBytes));
}

}  // namespace togglecast::realtime
