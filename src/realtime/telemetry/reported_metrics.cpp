#include "realtime/telemetry/reported_metrics.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace togglecast::realtime {
namespace {

constexpr std::size_t kNamesShown = 20;
constexpr std::size_t kSeriesShown = 10;

json::object numbers_of(const Series& series) {
  return {{"count", series.count},
          {"sum", series.sum},
          {"min", series.least},
          {"max", series.most},
          {"last_at", to_iso8601(series.last_at)}};
}

void count_in(Series& into, const Series& other) {
  const bool first = into.count == 0;
  into.least = first ? other.least : std::min(into.least, other.least);
  into.most = first ? other.most : std::max(into.most, other.most);
  into.sum += other.sum;
  into.count += other.count;
  into.heard_at = std::max(into.heard_at, other.heard_at);
  if (first || other.last_at >= into.last_at) {
    into.last = other.last;
    into.last_at = other.last_at;
  }
}

// Several shards may have parts of one series.
std::vector<Series> merged(std::vector<Series> all) {
  const auto place = [](const Series& one) { return std::tie(one.name, one.client, one.labels); };
  std::sort(all.begin(), all.end(), [&](const Series& a, const Series& b) { return place(a) < place(b); });
  std::vector<Series> out;
  for (Series& one : all) {
    if (out.empty() || place(out.back()) != place(one)) {
      out.push_back(std::move(one));
    } else {
      count_in(out.back(), one);
    }
  }
  return out;
}

struct Name {
  Series total;
  std::vector<const Series*> series;
};

json::object shown(Name& name) {
  const std::size_t count = std::min(name.series.size(), kSeriesShown);
  std::partial_sort(name.series.begin(), name.series.begin() + static_cast<std::ptrdiff_t>(count),
                    name.series.end(), [](const Series* a, const Series* b) { return a->count > b->count; });
  json::array by_client;
  for (std::size_t i = 0; i < count; ++i) {
    const Series& one = *name.series[i];
    json::object entry = numbers_of(one);
    entry["client_id"] = one.client;
    entry["labels"] = json::parse(one.labels).value_or(json::object{});
    entry["last"] = one.last;
    by_client.push_back(std::move(entry));
  }
  json::object out = numbers_of(name.total);
  out["name"] = name.total.name;
  out["series"] = name.series.size();
  out["by_client"] = std::move(by_client);
  return out;
}

}  // namespace

std::size_t ReportedMetrics::add(const std::string& environment, domain::Id client,
                                 const std::vector<Sample>& samples, UnixMillis now) {
  Table& table = tables_[environment];
  const auto first = table.lower_bound({client, {}, {}});
  const auto last = table.lower_bound({client + 1, {}, {}});
  auto own = static_cast<std::size_t>(std::distance(first, last));
  std::size_t taken = 0;
  for (const Sample& sample : samples) {
    const double value = sample.value;
    const Series one{client, sample.name, sample.labels, 1, value, value, value, value, sample.at, now};
    const Key key{client, sample.name, sample.labels};
    const auto found = table.find(key);
    if (found != table.end()) {
      count_in(found->second, one);
    } else {
      if (own == kMaxSeriesPerClient) {
        if (!drop_gone(table, client, now)) continue;
        --own;
      }
      if (table.size() == kMaxSeries) make_room(table);
      table.emplace(key, one);
      ++own;
    }
    ++taken;
  }
  return taken;
}

bool ReportedMetrics::drop_gone(Table& table, domain::Id client, UnixMillis now) {
  const auto last = table.lower_bound({client + 1, {}, {}});
  const auto silent = std::min_element(
      table.lower_bound({client, {}, {}}), last,
      [](const auto& one, const auto& other) { return one.second.heard_at < other.second.heard_at; });
  if (silent == last ||
      now.value - silent->second.heard_at.value < std::chrono::milliseconds(kGoneSeries).count())
    return false;
  table.erase(silent);
  return true;
}

// A tenth at a time, so that a full table is not searched for each new series.
void ReportedMetrics::make_room(Table& table) {
  std::vector<UnixMillis> times;
  times.reserve(table.size());
  for (const auto& [key, series] : table) times.push_back(series.heard_at);
  const auto tenth = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 10);
  std::nth_element(times.begin(), tenth, times.end());
  std::size_t left = times.size() / 10 + 1;
  std::erase_if(table, [&left, limit = *tenth](const auto& entry) {
    if (left == 0 || entry.second.heard_at > limit) return false;
    --left;
    return true;
  });
}

std::vector<Series> ReportedMetrics::of(std::string_view environment) const {
  std::vector<Series> all;
  const auto table = tables_.find(environment);
  if (table == tables_.end()) return all;
  all.reserve(table->second.size());
  for (const auto& [key, series] : table->second) all.push_back(series);
  return all;
}

json::array summary_of(std::vector<Series> all) {
  const std::vector<Series> each = merged(std::move(all));
  std::map<std::string_view, Name> by_name;
  for (const Series& one : each) {
    Name& name = by_name[one.name];
    count_in(name.total, one);
    name.total.name = one.name;
    name.series.push_back(&one);
  }
  std::vector<Name*> names;
  names.reserve(by_name.size());
  for (auto& [text, name] : by_name) names.push_back(&name);
  std::stable_sort(names.begin(), names.end(),
                   [](const Name* a, const Name* b) { return a->total.count > b->total.count; });
  json::array out;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) out.push_back(shown(*names[i]));
  return out;
}

}  // namespace togglecast::realtime
