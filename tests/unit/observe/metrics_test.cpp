#include "observe/metrics.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
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

TEST(Metrics, WritesPrometheusText) {
  Metrics metrics;
  metrics.counter("togglecast_messages_total", "Messages.", {{"direction", "in"}}).add(3);
  metrics.gauge("togglecast_connections", "Open connections.").set(-2);
  metrics.gauge_from("togglecast_revision", "Newest revision.", [] { return 42.0; });
  metrics.counter_from("togglecast_bytes_total", "Bytes.", [] { return 7.0; });
  Histogram& histogram = metrics.histogram("togglecast_commit_seconds", "Commit time.", {0.5, 1.0});
  for (const double value : {0.25, 0.5, 0.75, 3.0}) histogram.observe(value);

  const std::string text = metrics.exposition();

  EXPECT_NE(text.find("# HELP togglecast_messages_total Messages.\n# TYPE togglecast_messages_total counter\n"
                      "togglecast_messages_total{direction=\"in\"} 3"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("togglecast_connections -2"), std::string::npos) << text;
  EXPECT_NE(text.find("togglecast_revision 42"), std::string::npos) << text;
  EXPECT_NE(text.find("# TYPE togglecast_bytes_total counter\ntogglecast_bytes_total 7"), std::string::npos)
      << text;
  EXPECT_NE(text.find("togglecast_commit_seconds_count 4"), std::string::npos) << text;
  EXPECT_NE(text.find("togglecast_commit_seconds_sum 4.5"), std::string::npos) << text;
  EXPECT_NE(text.find("togglecast_commit_seconds_bucket{le=\"0.5\"} 2"), std::string::npos) << text;
  EXPECT_NE(text.find("togglecast_commit_seconds_bucket{le=\"1\"} 3"), std::string::npos) << text;
  EXPECT_NE(text.find("togglecast_commit_seconds_bucket{le=\"+Inf\"} 4"), std::string::npos) << text;
}

}  // namespace
}  // namespace togglecast::observe
