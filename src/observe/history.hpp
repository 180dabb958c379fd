// The last hour of some numbers, in memory of a fixed size: one value a second for five minutes, and one in
// ten seconds for an hour. Once a second, the metrics that exist are read; nothing else counts anything for
// this.
//
//   History history(kSeries);           // a table; it must outlive the history
//   history.sample(metrics, clock.wall_now(), clock.now());      // once a second
//   history.read(History::Step::second, since);
//
// Values are for spans of the wall clock, so that those of several machines fit together: that of 12:00:05
// tells of the second before. A span without a sample has no value, and a series has none where its metric
// does not exist or nothing was observed. If the clock goes back, the history begins again.
//
// Thread rule: one thread samples, any thread reads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "observe/metrics.hpp"

namespace togglecast::observe {

/// What a series shows of its metrics.
enum class Shown : std::uint8_t {
  mean,     ///< of a gauge, over the span
  highest,  ///< of a gauge
  lowest,   ///< of a gauge
  rate,     ///< how much a counter grew in a second; of a histogram, how often it observed
  p50,      ///< of what a histogram observed in the span
  p99,
};

/// The metrics of one name; with a label, only those with this value. Several are added up.
struct Measured {
  std::string_view name{};  ///< empty: none
  std::string_view label{};
  std::string_view value{};
};

/// How the values of several nodes become one.
enum class Together : std::uint8_t { sum, highest, lowest };
[[nodiscard]] std::string_view to_string(Together together) noexcept;

struct HistorySeries {
  std::string_view name;
  std::string_view of;    ///< which one of its name; empty: there is one
  std::string_view unit;  ///< for people: `1`, `1/s`, `ms`, …
  Shown shown = Shown::rate;
  Together together = Together::sum;
  std::array<Measured, 2> from{};
  double scale = 1;  ///< of the metric's unit, such as 1,000 from seconds to ms
};

class History {
 public:
  enum class Step : std::uint8_t { second, ten_seconds };

  struct Part {
    std::vector<std::int64_t> times;         ///< ends of spans, seconds since 1970, without gaps
    std::vector<std::vector<float>> values;  ///< by series, then by time; NaN: none
  };

  explicit History(std::span<const HistorySeries> series);
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  [[nodiscard]] std::span<const HistorySeries> series() const noexcept { return series_; }
  [[nodiscard]] static std::int64_t seconds_of(Step step) noexcept { return step == Step::second ? 1 : 10; }
  /// How many spans are kept.
  [[nodiscard]] static std::size_t kept(Step step) noexcept { return step == Step::second ? 300 : 360; }

  void sample(const Metrics& metrics, UnixMillis wall, TimePoint now);
  /// The spans that end after `since`; all of them when that is more than a minute after the newest one.
  [[nodiscard]] Part read(Step step, std::int64_t since) const;
  /// Bytes of all values.
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  // Of each series, as it was read.
  struct Reading {
    TimePoint at{};
    std::vector<double> values;                       // NaN: it has no metric
    std::vector<std::vector<std::uint64_t>> buckets;  // of histograms
    std::vector<const std::vector<double>*> bounds;
  };
  // A gauge over a span.
  struct Gathered {
    double sum = 0, highest = 0, lowest = 0;
    std::uint32_t times = 0;
  };
  struct Track {
    Step step = Step::second;
    std::vector<float> values;  // by slot, then by series
    std::int64_t newest = 0;    // number of the newest span; 0: there is none
    std::size_t filled = 0;     // slots
    Reading before;             // when that span ended
    std::vector<Gathered> gauges;
  };

  [[nodiscard]] Reading read_all(const Metrics& metrics) const;
  void add(Track& track, const Reading& reading, std::int64_t seconds);
  void put(Track& track, const Reading& reading, std::int64_t number);
  [[nodiscard]] float value_of(const Track& track, const Reading& reading, std::size_t series) const;
  [[nodiscard]] float* slot(Track& track, std::int64_t number) const noexcept;

  std::span<const HistorySeries> series_;
  mutable std::mutex mutex_;  // for what follows
  std::array<Track, 2> tracks_;
};

}  // namespace togglecast::observe
