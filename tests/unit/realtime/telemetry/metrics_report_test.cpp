#include "realtime/telemetry/metrics_report.hpp"

#include <gtest/gtest.h>

namespace togglecast::realtime {
namespace {

constexpr UnixMillis kNow{1'700'000'000'000};

TEST(MetricsReportTest, AReportOfNothingButMistakesNamesTheFirstOfThem) {
  std::string metrics;
  for (std::size_t i = 0; i < kMaxReport; ++i) metrics += i == 0 ? "{}" : ",{}";

  const auto samples = read_metrics(json::parse(R"({"metrics":[)" + metrics + "]}").value(), kNow);

  ASSERT_FALSE(samples.has_value());
  ASSERT_EQ(samples.error().details.size(), 10U) << "the others would add nothing";
  EXPECT_EQ(samples.error().details.front().pointer, "/metrics/0/name");
}

}  // namespace
}  // namespace togglecast::realtime
