#include "observe/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace togglecast::observe {
namespace {

TEST(Metrics, CountsFromManyThreadsWithoutLosingAny) {
  Metrics metrics;
  Counter& counter = metrics.counter("togglecast_messages_total", "Messages.");
  std::vector<std::thread> threads;

  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&counter] {
      for (int i = 0; i < 10'000; ++i) counter.add();
    });
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(counter.value(), 40'000U);
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  Metrics metrics;

  Counter& in = metrics.counter("togglecast_messages_total", "Messages.", {{"direction", "in"}});
  Counter& out = metrics.counter("togglecast_messages_total", "Messages.", {{"direction", "out"}});

  EXPECT_NE(&in, &out);
  EXPECT_EQ(&in, &metrics.counter("togglecast_messages_total", "Messages.", {{"direction", "in"}}));
}

TEST(Metrics, ANameHasOneType) {
  Metrics metrics;
  metrics.counter("togglecast_messages_total", "Messages.");

  EXPECT_THROW(metrics.gauge("togglecast_messages_total", "Messages."), std::logic_error);
}

TEST(MetricsText, ListsFamiliesByNameWithTheirSamples) {
  Metrics metrics;
  metrics.counter("togglecast_messages_total", "Messages.", {{"direction", "out"}}).add(3);
  metrics.counter("togglecast_messages_total", "Messages.", {{"direction", "in"}}).add(4);
  metrics.gauge("togglecast_connections", "Open connections.").set(-2);
  metrics.gauge_from("togglecast_revision", "Newest revision.", [] { return 42.0; });
  metrics.counter_from("togglecast_bytes_total", "", [] { return 7.0; });

  EXPECT_EQ(metrics.exposition(),
            "# TYPE togglecast_bytes_total counter\n"
            "togglecast_bytes_total 7\n"
            "# HELP togglecast_connections Open connections.\n"
            "# TYPE togglecast_connections gauge\n"
            "togglecast_connections -2\n"
            "# HELP togglecast_messages_total Messages.\n"
            "# TYPE togglecast_messages_total counter\n"
            "togglecast_messages_total{direction=\"in\"} 4\n"
            "togglecast_messages_total{direction=\"out\"} 3\n"
            "# HELP togglecast_revision Newest revision.\n"
            "# TYPE togglecast_revision gauge\n"
            "togglecast_revision 42\n");
}

TEST(MetricsText, HasABucketForEachBoundOfAHistogramAndOneForTheRest) {
  Metrics metrics;
  Histogram& histogram = metrics.histogram("seconds", "Time.", {0.00025, 0.5, 1.0}, {{"of", "commit"}});
  for (const double value : {0.25, 0.5, 0.75, 3.0}) histogram.observe(value);

  EXPECT_EQ(metrics.exposition(),
            "# HELP seconds Time.\n"
            "# TYPE seconds histogram\n"
            "seconds_count{of=\"commit\"} 4\n"
            "seconds_sum{of=\"commit\"} 4.5\n"
            "seconds_bucket{of=\"commit\",le=\"0.00025\"} 0\n"
            "seconds_bucket{of=\"commit\",le=\"0.5\"} 2\n"
            "seconds_bucket{of=\"commit\",le=\"1\"} 3\n"
            "seconds_bucket{of=\"commit\",le=\"+Inf\"} 4\n");
}

TEST(MetricsText, HasNoLabelsButTheBoundInAHistogramWithoutLabels) {
  Metrics metrics;
  metrics.histogram("seconds", "", {});

  EXPECT_EQ(metrics.exposition(),
            "# TYPE seconds histogram\nseconds_count 0\nseconds_sum 0\nseconds_bucket{le=\"+Inf\"} 0\n");
}

TEST(MetricsText, EscapesHelpAndLabels) {
  Metrics metrics;
  metrics.gauge("g", "A \"quote\", a \\ and\na line.", {{"a", "q\"uo\\te\nline \xc3\xa9"}, {"b", ""}}).set(1);

  EXPECT_EQ(metrics.exposition(),
            "# HELP g A \"quote\", a \\\\ and\\na line.\n"
            "# TYPE g gauge\n"
            "g{a=\"q\\\"uo\\\\te\\nline \xc3\xa9\",b=\"\"} 1\n");
}

TEST(MetricsText, WritesNumbersWithSixteenDigits) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<double, std::string>> numbers = {{0.0, "0"},
                                                               {-0.0, "-0"},
                                                               {0.1, "0.1"},
                                                               {0.1 + 0.2, "0.3"},
                                                               {1.0 / 3, "0.3333333333333333"},
                                                               {1e15, "1000000000000000"},
                                                               {1e16, "1e+16"},
                                                               {1.5e300, "1.5e+300"},
                                                               {1e-4, "0.0001"},
                                                               {1e-5, "1e-05"},
                                                               {kInfinity, "+Inf"},
                                                               {-kInfinity, "-Inf"},
                                                               {std::nan(""), "NaN"}};
  for (const auto& [value, text] : numbers) {
    Metrics metrics;
    metrics.gauge_from("g", "", [value = value] { return value; });

    EXPECT_EQ(metrics.exposition(), "# TYPE g gauge\ng " + text + "\n");
  }
}

}  // namespace
}  // namespace togglecast::observe
