#include "observe/metrics.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace togglecast::observe {

std::size_t thread_slot() noexcept {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t slot = next.fetch_add(1, std::memory_order_relaxed) % kThreadSlots;
  return slot;
}

std::uint64_t Counter::value() const noexcept {
  std::uint64_t total = 0;
  for (const Cell& cell : cells_) total += cell.count.load(std::memory_order_relaxed);
  return total;
}

Histogram::Histogram(std::vector<double> upper_bounds) : bounds_(std::move(upper_bounds)) {
  for (Cell& cell : cells_) cell.counts = std::vector<std::atomic<std::uint64_t>>(bounds_.size() + 1);
}

void Histogram::observe(double value, std::uint64_t times) noexcept {
  Cell& cell = cells_[thread_slot()];
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  cell.counts[static_cast<std::size_t>(bucket)].fetch_add(times, std::memory_order_relaxed);
  cell.sum.fetch_add(value * static_cast<double>(times), std::memory_order_relaxed);
}

Histogram::Reading Histogram::read() const {
  Reading reading;
  reading.cumulative.resize(bounds_.size() + 1);
  for (const Cell& cell : cells_) {
    for (std::size_t i = 0; i < cell.counts.size(); ++i)
      reading.cumulative[i] += cell.counts[i].load(std::memory_order_relaxed);
    reading.sum += cell.sum.load(std::memory_order_relaxed);
  }
  for (std::size_t i = 1; i < reading.cumulative.size(); ++i)
    reading.cumulative[i] += reading.cumulative[i - 1];
  return reading;
}

std::vector<double> duration_buckets() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

double quantile_of(const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts, double part) {
  const auto all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (all == 0) return 0;
  const double rank = part * static_cast<double>(all);
  double below = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto here = static_cast<double>(counts[i]);
    if (below + here >= rank && here > 0) {
      const double begin = i == 0 ? 0 : bounds[i - 1];
      return begin + (bounds[i] - begin) * (rank - below) / here;
    }
    below += here;
  }
  return bounds.back();
}

Metrics::Series& Metrics::series_of(const std::string& name, const std::string& help, Type type,
                                    const Labels& labels) {
  auto [family, created] = families_.try_emplace(name, Family{type, help, {}});
  if (!created && family->second.type != type) throw std::logic_error("metric " + name + " has two types");
  return family->second.series[labels];
}

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  const std::scoped_lock lock(mutex_);
  auto& made = series_of(name, help, Type::counter, labels).counter;
  if (made == nullptr) made = std::make_unique<Counter>();
  return *made;
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  const std::scoped_lock lock(mutex_);
  auto& made = series_of(name, help, Type::gauge, labels).gauge;
  if (made == nullptr) made = std::make_unique<Gauge>();
  return *made;
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help, std::vector<double> bounds,
                              const Labels& labels) {
  const std::scoped_lock lock(mutex_);
  auto& made = series_of(name, help, Type::histogram, labels).histogram;
  if (made == nullptr) made = std::make_unique<Histogram>(std::move(bounds));
  return *made;
}

void Metrics::gauge_from(const std::string& name, const std::string& help, std::function<double()> read,
                         const Labels& labels) {
  const std::scoped_lock lock(mutex_);
  series_of(name, help, Type::gauge, labels).read = std::move(read);
}

void Metrics::counter_from(const std::string& name, const std::string& help, std::function<double()> read,
                           const Labels& labels) {
  const std::scoped_lock lock(mutex_);
  series_of(name, help, Type::counter, labels).read = std::move(read);
}

void Metrics::visit(const std::string& name, const std::function<void(const Sample&)>& visitor) const {
  const std::scoped_lock lock(mutex_);
  const auto family = families_.find(name);
  if (family == families_.end()) return;
  for (const auto& [labels, series] : family->second.series) {
    Sample sample{labels};
    if (series.read) {
      sample.value = series.read();
    } else if (series.counter != nullptr) {
      sample.value = static_cast<double>(series.counter->value());
    } else if (series.gauge != nullptr) {
      sample.value = static_cast<double>(series.gauge->value());
    } else if (series.histogram != nullptr) {
      sample.histogram = series.histogram.get();
      sample.value = static_cast<double>(series.histogram->read().cumulative.back());
    }
    visitor(sample);
  }
}

}  // namespace togglecast::observe
