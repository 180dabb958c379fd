#include "realtime/reported_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/utf8.hpp"
#include "domain/fields.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxLabels = 8;
constexpr std::size_t kMaxLabelName = 32;
constexpr std::size_t kMaxLabelValue = 64;
constexpr double kMaxValue = 9'007'199'254'740'991;
constexpr Milliseconds kOldest = std::chrono::hours(24);
constexpr Milliseconds kClockSkew = std::chrono::minutes(5);
constexpr std::size_t kMaxIssues = 10;
constexpr std::size_t kNamesShown = 20;
constexpr std::size_t kSeriesShown = 10;

bool is_name(std::string_view text, std::size_t most) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == ':' || c == '-' || c == '/';
  };
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), fits);
}

std::optional<double> number(const json::value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto read = value->to_number<double>();
  if (!std::isfinite(read) || std::abs(read) > kMaxValue) return std::nullopt;
  return read;
}

bool are_labels(const json::value& labels) {
  const auto* members = labels.if_object();
  if (members == nullptr || members->size() > kMaxLabels) return false;
  return std::all_of(members->begin(), members->end(), [](const auto& label) {
    const auto* text = label.value().if_string();
    return is_name(label.key(), kMaxLabelName) && text != nullptr && text->size() <= kMaxLabelValue &&
           is_valid_utf8(*text) && std::none_of(text->begin(), text->end(), [](char c) {
             return static_cast<unsigned char>(c) < 0x20;
           });
  });
}

class MetricReader {
 public:
  explicit MetricReader(UnixMillis now) : now_(now) {}

  void read(const json::value& metric, std::size_t index) {
    const std::string place = "/metrics/" + std::to_string(index);
    const auto* members = metric.if_object();
    if (members == nullptr) return refuse(place, "must be an object");
    Sample sample;
    sample.at = now_;
    const std::size_t before = issues_.size();
    sample.name = json::string_or_empty(metric, "name");
    if (!is_name(sample.name, kMaxName))
      refuse(place + "/name", "must be 1 to 64 letters, digits, '_', '.', ':', '/' or '-'");
    const auto value = number(members->if_contains("value"));
    if (!value) refuse(place + "/value", "must be a number within 2^53 - 1");
    read_labels(members->if_contains("labels"), place, sample);
    read_time(members->if_contains("at"), place, sample);
    for (const auto& member : *members) {
      const std::string_view name = member.key();
      if (name != "name" && name != "value" && name != "labels" && name != "at")
        refuse(place + domain::json_pointer(name), "is not known here");
    }
    if (issues_.size() != before) return;
    sample.value = *value;
    samples_.push_back(std::move(sample));
  }

  void refuse(std::string pointer, std::string reason) {
    if (issues_.size() < kMaxIssues) issues_.push_back({std::move(pointer), std::move(reason)});
  }

  [[nodiscard]] Result<std::vector<Sample>> finish() {
    if (issues_.empty()) return std::move(samples_);
    const std::string message = issues_.front().pointer + " " + issues_.front().reason;
    return tl::unexpected(Error{Errc::invalid_argument, message, std::move(issues_)});
  }

 private:
  void read_labels(const json::value* labels, const std::string& place, Sample& sample) {
    if (labels == nullptr || labels->is_null()) {
      sample.labels = "{}";
    } else if (are_labels(*labels)) {
      sample.labels = json::canonical(*labels);
    } else {
      refuse(place + "/labels", "must be an object of at most 8 short names with texts of at most 64 bytes");
    }
  }
  void read_time(const json::value* at, const std::string& place, Sample& sample) {
    if (at == nullptr || at->is_null()) return;
    const auto* text = at->if_string();
    const auto time = parse_iso8601(text == nullptr ? std::string_view{} : std::string_view(*text));
    if (!time || time->value < now_.value - kOldest.count() ||
        time->value > now_.value + kClockSkew.count()) {
      refuse(place + "/at", "must be an ISO 8601 time of the last 24 hours");
    } else {
      sample.at = *time;
    }
  }

  UnixMillis now_;
  std::vector<Sample> samples_;
  std::vector<FieldIssue> issues_;
};

void count_in(Series& series, const Sample& sample) {
  const bool first = series.count == 0;
  series.least = first ? sample.value : std::min(series.least, sample.value);
  series.most = first ? sample.value : std::max(series.most, sample.value);
  series.sum += sample.value;
  ++series.count;
  if (first || sample.at >= series.last_at) {
    series.last = sample.value;
    series.last_at = sample.at;
  }
}

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

Result<std::vector<Sample>> read_metrics(const json::value& body, UnixMillis now) {
  MetricReader reader(now);
  const auto* metrics = json::find(body, "metrics");
  for (const auto& member : body.as_object())
    if (member.key() != "metrics") reader.refuse(domain::json_pointer(member.key()), "is not known here");
  if (metrics == nullptr) {
    reader.refuse("/metrics", "is required");
  } else if (!metrics->is_array()) {
    reader.refuse("/metrics", "must be an array");
  } else if (metrics->get_array().size() > kMaxReport) {
    reader.refuse("/metrics", "must have at most " + std::to_string(kMaxReport) + " elements");
  } else {
    std::size_t index = 0;
    for (const auto& metric : metrics->get_array()) reader.read(metric, index++);
  }
  return reader.finish();
}

std::size_t ReportedMetrics::add(const std::string& environment, domain::Id client,
                                 const std::vector<Sample>& samples) {
  Table& table = tables_[environment];
  const auto first = table.lower_bound({client, {}, {}});
  const auto last = table.lower_bound({client + 1, {}, {}});
  auto own = static_cast<std::size_t>(std::distance(first, last));
  std::size_t taken = 0;
  for (const Sample& sample : samples) {
    const Key key{client, sample.name, sample.labels};
    auto found = table.find(key);
    if (found == table.end()) {
      if (own == kMaxSeriesPerClient) continue;
      if (table.size() == kMaxSeries) make_room(table);
      found = table.emplace(key, Series{}).first;
      found->second.client = client;
      found->second.name = sample.name;
      found->second.labels = sample.labels;
      ++own;
    }
    count_in(found->second, sample);
    ++taken;
  }
  return taken;
}

// A tenth at a time, so that a full table is not searched for each new series.
void ReportedMetrics::make_room(Table& table) {
  std::vector<UnixMillis> times;
  times.reserve(table.size());
  for (const auto& [key, series] : table) times.push_back(series.last_at);
  const auto tenth = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 10);
  std::nth_element(times.begin(), tenth, times.end());
  std::size_t left = times.size() / 10 + 1;
  std::erase_if(table, [&left, limit = *tenth](const auto& entry) {
    if (left == 0 || entry.second.last_at > limit) return false;
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
