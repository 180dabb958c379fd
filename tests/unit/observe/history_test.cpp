// The history ring, second by second, by a clock that stands still in between.
#include "observe/history.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <optional>

namespace togglecast::observe {
namespace {

constexpr std::array<HistorySeries, 6> kShownSeries{{
    {"open", "", "1", Shown::mean, Together::sum, {{{"open", "namespace", "/client"}}}},
    {"lag", "", "ms", Shown::highest, Together::highest, {{{"lag"}}}, 1'000},
    {"messages", "out", "1/s", Shown::rate, Together::sum, {{{"messages", "way", "out"}, {"frames"}}}},
    {"latency", "p99", "ms", Shown::p99, Together::highest, {{{"latency"}}}, 1'000},
    {"writes", "", "1/s", Shown::rate, Together::sum, {{{"latency"}}}},
    {"up", "", "1", Shown::lowest, Together::lowest, {{{"up"}}}},
}};
enum : std::size_t { kOpen, kLag, kMessages, kLatency, kWrites, kUp };

class HistoryRing : public ::testing::Test {
 protected:
  HistoryRing() { sample(); }

  void sample() { history_.sample(metrics_, clock_.wall_now(), clock_.now()); }
  void pass(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock_.advance(Milliseconds{1'000});
      sample();
    }
  }
  [[nodiscard]] std::int64_t now() const { return clock_.wall_now().value / 1'000; }
  [[nodiscard]] History::Part seconds(std::int64_t since = 0) const {
    return history_.read(History::Step::second, since);
  }
  [[nodiscard]] History::Part tens(std::int64_t since = 0) const {
    return history_.read(History::Step::ten_seconds, since);
  }
  // The newest value; nothing when there is none.
  [[nodiscard]] static std::optional<float> last(const History::Part& part, std::size_t series) {
    const float value = part.values.at(series).back();
    return std::isnan(value) ? std::nullopt : std::optional(value);
  }

  Metrics metrics_;
  Counter& out_ = metrics_.counter("messages", "", {{"way", "out"}});
  Counter& in_ = metrics_.counter("messages", "", {{"way", "in"}});
  ManualClock clock_{{1'700'000'000'000}};
  History history_{kShownSeries};
};

TEST_F(HistoryRing, KeepsFiveMinutesOfSecondsAndAnHourOfTens) {
  pass(4'000);

  const auto fine = seconds();
  ASSERT_EQ(fine.times.size(), 300U);
  EXPECT_EQ(fine.times.front(), now() - 299);
  EXPECT_EQ(fine.times.back(), now());
  const auto coarse = tens();
  ASSERT_EQ(coarse.times.size(), 360U);
  EXPECT_EQ(coarse.times.back(), now() / 10 * 10);
  EXPECT_EQ(coarse.times.front(), now() / 10 * 10 - 3'590);
  EXPECT_EQ(history_.bytes(), kShownSeries.size() * 660 * sizeof(float));
}

TEST_F(HistoryRing, ARateIsWhatGrewInASecondAndAddsItsMetricsUp) {
  out_.add(30);
  in_.add(1'000);
  metrics_.counter("frames", "").add(12);
  pass(1);
  EXPECT_FLOAT_EQ(last(seconds(), kMessages).value(), 42);
  pass(1);
  EXPECT_FLOAT_EQ(last(seconds(), kMessages).value(), 0);

  clock_.advance(Milliseconds{2'000});  // a late sample
  out_.add(10);
  sample();
  const auto part = seconds();
  EXPECT_FLOAT_EQ(last(part, kMessages).value(), 5) << "over the two seconds that passed";
  EXPECT_TRUE(std::isnan(part.values[kMessages][part.times.size() - 2])) << "no sample, no value";
  EXPECT_EQ(part.times[part.times.size() - 2], now() - 1) << "but its place";
}

TEST_F(HistoryRing, GaugesOfALongSpanComeFromAllItsSeconds) {
  double lag = 0;
  double up = 1;
  metrics_.gauge_from("lag", "", [&lag] { return lag; });
  metrics_.gauge_from("up", "", [&up] { return up; });
  auto& open = metrics_.gauge("open", "", {{"namespace", "/client"}});
  metrics_.gauge("open", "", {{"namespace", "/admin"}}).set(100);
  pass(static_cast<int>(10 - now() % 10));  // to the begin of a span

  for (int second = 1; second <= 10; ++second) {
    lag = second == 4 ? 0.25 : 0.001;
    up = second == 7 ? 0 : 1;
    open.set(second);
    pass(1);
  }

  EXPECT_FLOAT_EQ(last(tens(), kLag).value(), 250);
  EXPECT_FLOAT_EQ(last(tens(), kUp).value(), 0);
  EXPECT_FLOAT_EQ(last(tens(), kOpen).value(), 5.5);
  EXPECT_FLOAT_EQ(last(seconds(), kLag).value(), 1);
  EXPECT_FLOAT_EQ(last(seconds(), kOpen).value(), 10);
}

TEST_F(HistoryRing, PercentilesAreOfTheirSpanAlone) {
  auto& latency = metrics_.histogram("latency", "", {0.01, 0.1, 1});
  latency.observe(0.5, 100);
  pass(1);
  latency.observe(0.005, 100);
  pass(1);
  EXPECT_LT(last(seconds(), kLatency).value(), 10.1);
  EXPECT_FLOAT_EQ(last(seconds(), kWrites).value(), 100);
  pass(1);
  EXPECT_EQ(last(seconds(), kLatency), std::nullopt) << "nothing was observed";
}

TEST_F(HistoryRing, WhatDoesNotExistHasNoValue) {
  pass(2);
  EXPECT_EQ(last(seconds(), kUp), std::nullopt);
  EXPECT_EQ(last(seconds(), kLatency), std::nullopt);
  EXPECT_TRUE(last(seconds(), kMessages).has_value());
}

TEST_F(HistoryRing, APageAsksForWhatIsNew) {
  pass(5);
  const std::int64_t known = now();
  EXPECT_TRUE(seconds(known).times.empty());
  pass(2);
  EXPECT_EQ(seconds(known).times, (std::vector<std::int64_t>{known + 1, known + 2}));
  EXPECT_EQ(seconds(known + 1'000).times.size(), 7U) << "from a clock that is ahead: all of them";
}

TEST_F(HistoryRing, TwoSamplesOfASecondAreOne) {
  pass(1);
  out_.add(7);
  clock_.advance(Milliseconds{500});
  sample();
  EXPECT_FLOAT_EQ(last(seconds(), kMessages).value(), 0);
  clock_.advance(Milliseconds{500});
  sample();
  EXPECT_FLOAT_EQ(last(seconds(), kMessages).value(), 7);
}

TEST_F(HistoryRing, BeginsAgainWhenTheClockGoesBack) {
  pass(20);
  const ManualClock earlier{{1'600'000'000'000}};
  history_.sample(metrics_, earlier.wall_now(), clock_.now());
  EXPECT_TRUE(seconds().times.empty());
  history_.sample(metrics_, {earlier.wall_now().value + 1'000}, clock_.now() + Milliseconds{1'000});
  EXPECT_EQ(seconds().times, (std::vector<std::int64_t>{1'600'000'001}));
}

}  // namespace
}  // namespace togglecast::observe
