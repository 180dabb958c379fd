#include "realtime/monitor/reported_history.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "domain/schema/ids.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::size_t kLongestMetric = 200;  // bytes of a name that another node tells

std::uint32_t number_of(std::int64_t seconds) {
  constexpr std::int64_t kLargest = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds / ReportedHistory::kSpan, 0, kLargest));
}

json::value number_in_json(double number) {
  const double rounded = std::round(number * 1'000) / 1'000;
  return std::isfinite(rounded) ? json::value(rounded) : json::value(nullptr);
}

std::optional<MetricSpan> span_in(const json::value& given) {
  const auto* parts = given.if_array();
  if (parts == nullptr || parts->size() < 5) return std::nullopt;
  const auto number = domain::integer_in((*parts)[0]);
  const auto count = domain::integer_in((*parts)[1]);
  constexpr std::int64_t kLargest = std::numeric_limits<std::uint32_t>::max();
  if (!number || *number < 0 || *number > kLargest || !count || *count < 1 || *count > kLargest)
    return std::nullopt;
  for (std::size_t i = 2; i < 5; ++i)
    if (!(*parts)[i].is_number() || !std::isfinite((*parts)[i].to_number<double>())) return std::nullopt;
  return MetricSpan{static_cast<std::uint32_t>(*number), static_cast<std::uint32_t>(*count),
                    (*parts)[2].to_number<double>(), (*parts)[3].to_number<float>(),
                    (*parts)[4].to_number<float>()};
}

void add_span(std::vector<MetricSpan>& spans, const MetricSpan& span) {
  const auto place =
      std::lower_bound(spans.begin(), spans.end(), span.number,
                       [](const MetricSpan& one, std::uint32_t number) { return one.number < number; });
  if (place != spans.end() && place->number == span.number) {
    place->add(span);
  } else {
    spans.insert(place, span);
  }
}

}  // namespace

void MetricSpan::add(const MetricSpan& other) noexcept {
  least = count == 0 ? other.least : std::min(least, other.least);
  most = count == 0 ? other.most : std::max(most, other.most);
  sum += other.sum;
  count += other.count;
}

std::vector<MetricSpan>* ReportedHistory::spans_of(MetricSpans& table, const std::string& name,
                                                   std::uint32_t number) {
  const auto known = table.find(name);
  if (known != table.end()) return &known->second;
  if (table.size() == kMostNames) {
    const auto silent = std::min_element(table.begin(), table.end(), [](const auto& a, const auto& b) {
      return a.second.back().number < b.second.back().number;
    });
    if (silent->second.back().number + kSpans > number) return nullptr;
    table.erase(silent);
  }
  return &table[name];
}

void ReportedHistory::add(const std::string& environment, const std::vector<Sample>& samples,
                          UnixMillis now) {
  if (samples.empty()) return;
  if (tables_.size() == kMostEnvironments && !tables_.contains(environment)) return;
  MetricSpans& table = tables_[environment];
  const std::uint32_t number = number_of(now.value / 1'000);
  for (const Sample& sample : samples) {
    auto* const spans = spans_of(table, sample.name, number);
    if (spans == nullptr) continue;
    if (!spans->empty() && spans->back().number > number) spans->clear();  // the clock went back
    if (spans->empty() || spans->back().number < number) {
      const auto first = std::find_if(spans->begin(), spans->end(), [number](const MetricSpan& span) {
        return span.number + kSpans > number;
      });
      spans->erase(spans->begin(), first);
      spans->push_back({number, 0, 0, 0, 0});
    }
    const auto value = static_cast<float>(sample.value);
    spans->back().add({number, 1, sample.value, value, value});
  }
}

MetricSpans ReportedHistory::of(std::string_view environment, std::int64_t since, std::int64_t until) const {
  MetricSpans found;
  const auto table = tables_.find(environment);
  if (table == tables_.end()) return found;
  const std::int64_t oldest = until - static_cast<std::int64_t>(kSpans) * kSpan;
  for (const auto& [name, spans] : table->second) {
    std::vector<MetricSpan> chosen;
    std::copy_if(spans.begin(), spans.end(), std::back_inserter(chosen), [&](const MetricSpan& span) {
      const std::int64_t end = (std::int64_t{span.number} + 1) * kSpan;
      return end > std::max(since, oldest) && end <= until;
    });
    if (!chosen.empty()) found.emplace(name, std::move(chosen));
  }
  return found;
}

void merge(MetricSpans& into, const MetricSpans& more) {
  for (const auto& [name, spans] : more) {
    auto& known = into[name];
    for (const MetricSpan& span : spans) add_span(known, span);
  }
}

json::object to_wire(const MetricSpans& spans) {
  json::array metrics;
  for (const auto& [name, all] : spans) {
    json::array told;
    for (const MetricSpan& span : all)
      told.push_back(json::array{span.number, span.count, span.sum, span.least, span.most});
    metrics.push_back(json::array{name, std::move(told)});
  }
  return {{"metrics", std::move(metrics)}};
}

MetricSpans metric_spans_in(const json::object& wire) {
  MetricSpans found;
  const auto* given = wire.if_contains("metrics");
  const auto* metrics = given == nullptr ? nullptr : given->if_array();
  for (std::size_t i = 0; metrics != nullptr && i < metrics->size() && i < ReportedHistory::kMostNames; ++i) {
    const auto* pair = (*metrics)[i].if_array();
    if (pair == nullptr || pair->size() != 2) continue;
    const auto* name = (*pair)[0].if_string();
    const auto* spans = (*pair)[1].if_array();
    if (name == nullptr || name->size() > kLongestMetric || spans == nullptr) continue;
    auto& into = found[std::string(*name)];
    for (std::size_t at = 0; at < spans->size() && at < ReportedHistory::kSpans; ++at)
      if (const auto span = span_in((*spans)[at])) add_span(into, *span);
    if (into.empty()) found.erase(std::string(*name));
  }
  return found;
}

json::object to_json(const MetricSpans& spans) {
  std::optional<std::uint32_t> first;
  std::uint32_t last = 0;
  for (const auto& [name, all] : spans) {
    if (all.empty()) continue;
    first = std::min(first.value_or(all.front().number), all.front().number);
    last = std::max(last, all.back().number);
  }
  std::size_t count = 0;
  if (first) {  // other nodes may tell anything; the newest ones count
    if (last - *first >= ReportedHistory::kSpans)
      first = last - static_cast<std::uint32_t>(ReportedHistory::kSpans) + 1;
    count = last - *first + 1;
  }
  json::array times;
  for (std::size_t i = 0; i < count; ++i)
    times.push_back((std::int64_t{*first} + static_cast<std::int64_t>(i) + 1) * ReportedHistory::kSpan);
  json::array metrics;
  for (const auto& [name, all] : spans) {
    json::array counts(count, json::value(0));
    json::array means(count, json::value(nullptr));
    json::array least(count, json::value(nullptr));
    json::array most(count, json::value(nullptr));
    for (const MetricSpan& span : all) {
      if (!first || span.number < *first) continue;
      const std::size_t at = span.number - *first;
      counts[at] = span.count;
      means[at] = number_in_json(span.sum / span.count);
      least[at] = number_in_json(static_cast<double>(span.least));
      most[at] = number_in_json(static_cast<double>(span.most));
    }
    metrics.push_back(json::object{{"name", name},
                                   {"count", std::move(counts)},
                                   {"mean", std::move(means)},
                                   {"min", std::move(least)},
                                   {"max", std::move(most)}});
  }
  return {{"resolution", "10s"}, {"times", std::move(times)}, {"metrics", std::move(metrics)}};
}

}  // namespace togglecast::realtime
