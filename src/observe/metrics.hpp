// Counters, gauges and histograms, and their Prometheus text.
// Thread rule: any thread may call. `add`, `set` and `observe` take no lock and share no cache line between
// busy threads, so hot paths may call them. Making a metric and `exposition` take a lock.
//
//   Counter& sent = metrics.counter("togglecast_messages_total", "Messages by direction.", {{"direction",
//   "out"}}); sent.add();
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace togglecast::observe {

/// A small number for the calling thread, to spread counters over cache lines.
[[nodiscard]] std::size_t thread_slot() noexcept;
inline constexpr std::size_t kThreadSlots = 8;

class Counter {
 public:
  void add(std::uint64_t by = 1) noexcept {
    cells_[thread_slot()].count.fetch_add(by, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const noexcept;

 private:
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> count{0};
  };
  std::array<Cell, kThreadSlots> cells_;
};

class Gauge {
 public:
  void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t by = 1) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::int64_t> value_{0};
};

class Histogram {
 public:
  /// `upper_bounds` ascending; values above the last fall into `+Inf`.
  explicit Histogram(std::vector<double> upper_bounds);
  /// As if it were called so many times.
  void observe(double value, std::uint64_t times = 1) noexcept;

  struct Reading {
    std::vector<std::uint64_t> cumulative;  ///< one per bound, then the total
    double sum = 0;
  };
  [[nodiscard]] Reading read() const;
  [[nodiscard]] const std::vector<double>& bounds() const noexcept { return bounds_; }

 private:
  struct alignas(64) Cell {
    std::vector<std::atomic<std::uint64_t>> counts;
    std::atomic<double> sum{0};
  };
  std::vector<double> bounds_;
  std::array<Cell, kThreadSlots> cells_;
};

/// Seconds from 100 µs to 10 s, for durations.
[[nodiscard]] std::vector<double> duration_buckets();

/// The value that so many of the observations do not exceed, 0.5 or 0.99: interpolated between the bounds of
/// its bucket, as Prometheus does. `counts` has one for each bound and one above the last; above it, the last
/// bound. 0 without any.
[[nodiscard]] double quantile_of(const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts,
                                 double part);

class Metrics {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The metric with this name and these labels, made on first use. The reference lives as long as the
  /// registry. A name has one type, one help text, and a small fixed set of label values: never an id,
  /// address or token. Errors: std::logic_error if the name already has another type.
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram& histogram(const std::string& name, const std::string& help, std::vector<double> bounds,
                       const Labels& labels = {});
  /// A gauge whose value is read on demand. `read` runs on the thread that calls `exposition`, and must
  /// outlive the registry.
  void gauge_from(const std::string& name, const std::string& help, std::function<double()> read,
                  const Labels& labels = {});
  /// The same for a counter that is kept elsewhere.
  void counter_from(const std::string& name, const std::string& help, std::function<double()> read,
                    const Labels& labels = {});

  /// One metric, as it is now.
  struct Sample {
    const Labels& labels;
    double value = 0;                      ///< of a histogram: how often it observed
    const Histogram* histogram = nullptr;  ///< null: it is none
  };
  /// Visits all metrics of this name. The visitor must not make metrics.
  void visit(const std::string& name, const std::function<void(const Sample&)>& visitor) const;

  /// Prometheus text format 0.0.4: `text/plain; version=0.0.4`.
  [[nodiscard]] std::string exposition() const;

 private:
  enum class Type : std::uint8_t { counter, gauge, histogram };
  struct Series {
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
    std::function<double()> read;
  };
  struct Family {
    Type type = Type::counter;
    std::string help;
    std::map<Labels, Series> series;
  };
  [[nodiscard]] static std::string_view name_of(Type type) noexcept;
  Series& series_of(const std::string& name, const std::string& help, Type type, const Labels& labels);

  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
};

}  // namespace togglecast::observe
