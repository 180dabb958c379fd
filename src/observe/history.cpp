#include "observe/history.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace togglecast::observe {
namespace {

constexpr std::int64_t kClockAhead = 60;  // seconds that clocks of machines may differ
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

bool is_gauge(Shown shown) noexcept {
  return shown == Shown::mean || shown == Shown::highest || shown == Shown::lowest;
}

bool is_chosen(const Measured& measured, const Metrics::Labels& labels) {
  return measured.label.empty() || std::any_of(labels.begin(), labels.end(), [&](const auto& label) {
           return label.first == measured.label && label.second == measured.value;
         });
}

void add_buckets(std::vector<std::uint64_t>& into, const Histogram& histogram) {
  const auto reading = histogram.read();
  into.resize(reading.cumulative.size());
  for (std::size_t i = 0; i < into.size(); ++i)
    into[i] += reading.cumulative[i] - (i == 0 ? 0 : reading.cumulative[i - 1]);
}

}  // namespace

std::string_view to_string(Together together) noexcept {
  switch (together) {
    case Together::sum:
      return "sum";
    case Together::highest:
      return "highest";
    case Together::lowest:
      return "lowest";
  }
  return "sum";
}

History::History(std::span<const HistorySeries> series) : series_(series) {
  for (const Step step : {Step::second, Step::ten_seconds}) {
    Track& track = tracks_[static_cast<std::size_t>(step)];
    track.step = step;
    track.values.assign(series.size() * kept(step), kNone);
    track.gauges.resize(series.size());
  }
}

std::size_t History::bytes() const noexcept {
  return series_.size() * (kept(Step::second) + kept(Step::ten_seconds)) * sizeof(float);
}

History::Reading History::read_all(const Metrics& metrics) const {
  Reading reading;
  reading.values.assign(series_.size(), std::numeric_limits<double>::quiet_NaN());
  reading.buckets.resize(series_.size());
  reading.bounds.resize(series_.size());
  // Each name is read once, however many series show it.
  std::map<std::string_view, std::vector<std::pair<std::size_t, const Measured*>>> by_name;
  for (std::size_t i = 0; i < series_.size(); ++i)
    for (const Measured& measured : series_[i].from)
      if (!measured.name.empty()) by_name[measured.name].emplace_back(i, &measured);
  for (const auto& [name, users] : by_name) {
    metrics.visit(std::string(name), [&, &users = users](const Metrics::Sample& sample) {
      for (const auto& [index, measured] : users) {
        if (!is_chosen(*measured, sample.labels)) continue;
        double& value = reading.values[index];
        value = (std::isnan(value) ? 0 : value) + sample.value;
        if (sample.histogram == nullptr || series_[index].shown == Shown::rate) continue;
        add_buckets(reading.buckets[index], *sample.histogram);
        reading.bounds[index] = &sample.histogram->bounds();
      }
    });
  }
  return reading;
}

void History::sample(const Metrics& metrics, UnixMillis wall, TimePoint now) {
  Reading reading = read_all(metrics);
  reading.at = now;
  const std::scoped_lock lock(mutex_);
  for (Track& track : tracks_) add(track, reading, wall.value / 1'000);
}

void History::add(Track& track, const Reading& reading, std::int64_t seconds) {
  const std::int64_t number = seconds / seconds_of(track.step);
  const bool went_back = number + 1 < track.newest;
  if (track.newest == 0 || went_back) {
    std::fill(track.values.begin(), track.values.end(), kNone);
    track.filled = 0;
    track.newest = number;
    track.before = reading;
    std::fill(track.gauges.begin(), track.gauges.end(), Gathered{});
    return;
  }
  for (std::size_t i = 0; i < series_.size(); ++i) {
    const double value = reading.values[i];
    if (!is_gauge(series_[i].shown) || std::isnan(value)) continue;
    Gathered& gauge = track.gauges[i];
    gauge.highest = gauge.times == 0 ? value : std::max(gauge.highest, value);
    gauge.lowest = gauge.times == 0 ? value : std::min(gauge.lowest, value);
    gauge.sum += value;
    ++gauge.times;
  }
  if (number > track.newest) put(track, reading, number);
}

float* History::slot(Track& track, std::int64_t number) const noexcept {
  const auto slots = static_cast<std::int64_t>(kept(track.step));
  return track.values.data() + static_cast<std::size_t>(number % slots) * series_.size();
}

void History::put(Track& track, const Reading& reading, std::int64_t number) {
  const auto slots = static_cast<std::int64_t>(kept(track.step));
  for (std::int64_t missed = std::max(track.newest + 1, number - slots + 1); missed < number; ++missed)
    std::fill_n(slot(track, missed), series_.size(), kNone);
  float* values = slot(track, number);
  for (std::size_t i = 0; i < series_.size(); ++i) values[i] = value_of(track, reading, i);
  track.filled = static_cast<std::size_t>(
      std::min(slots, static_cast<std::int64_t>(track.filled) + number - track.newest));
  track.newest = number;
  track.before = reading;
  std::fill(track.gauges.begin(), track.gauges.end(), Gathered{});
}

float History::value_of(const Track& track, const Reading& reading, std::size_t series) const {
  const HistorySeries& of = series_[series];
  const Gathered& gauge = track.gauges[series];
  const auto scaled = [&of](double value) { return static_cast<float>(value * of.scale); };
  switch (of.shown) {
    case Shown::mean:
      return gauge.times == 0 ? kNone : scaled(gauge.sum / gauge.times);
    case Shown::highest:
      return gauge.times == 0 ? kNone : scaled(gauge.highest);
    case Shown::lowest:
      return gauge.times == 0 ? kNone : scaled(gauge.lowest);
    case Shown::rate: {
      const double seconds = std::chrono::duration<double>(reading.at - track.before.at).count();
      if (std::isnan(reading.values[series]) || seconds <= 0) return kNone;
      // A metric that did not exist before began at zero.
      const double before = track.before.values[series];
      const double grown = reading.values[series] - (std::isnan(before) ? 0 : before);
      return scaled(std::max(0.0, grown) / seconds);
    }
    case Shown::p50:
    case Shown::p99: {
      if (reading.bounds[series] == nullptr) return kNone;
      std::vector<std::uint64_t> counts = reading.buckets[series];
      const auto& before = track.before.buckets[series];
      for (std::size_t i = 0; i < counts.size() && i < before.size(); ++i)
        counts[i] -= std::min(counts[i], before[i]);
      if (std::all_of(counts.begin(), counts.end(), [](std::uint64_t count) { return count == 0; }))
        return kNone;
      return scaled(quantile_of(*reading.bounds[series], counts, of.shown == Shown::p50 ? 0.5 : 0.99));
    }
  }
  return kNone;
}

History::Part History::read(Step step, std::int64_t since) const {
  Part part;
  part.values.resize(series_.size());
  const std::scoped_lock lock(mutex_);
  const Track& track = tracks_[static_cast<std::size_t>(step)];
  const std::int64_t span = seconds_of(step);
  if (since > track.newest * span + kClockAhead) since = 0;
  const auto slots = static_cast<std::int64_t>(kept(step));
  const std::int64_t first = track.newest - static_cast<std::int64_t>(track.filled) + 1;
  for (std::int64_t number = std::max(first, since / span + 1); number <= track.newest; ++number) {
    part.times.push_back(number * span);
    const float* values = track.values.data() + static_cast<std::size_t>(number % slots) * series_.size();
    for (std::size_t i = 0; i < series_.size(); ++i) part.values[i].push_back(values[i]);
  }
  return part;
}

}  // namespace togglecast::observe
