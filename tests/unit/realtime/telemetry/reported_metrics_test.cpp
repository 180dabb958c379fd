#include "realtime/telemetry/reported_metrics.hpp"

#include <gtest/gtest.h>

namespace togglecast::realtime {
namespace {

constexpr UnixMillis kReportedAt{1'700'000'000'000};

std::vector<Sample> samples(std::string_view metrics) {
  return read_metrics(json::parse(R"({"metrics":)" + std::string(metrics) + "}").value(), kReportedAt)
      .value();
}

TEST(ReportedMetricsTest, LabelsInAnyOrderAreOneSeries) {
  ReportedMetrics reported;
  reported.add("production", 1, samples(R"([{"name":"a","value":1,"labels":{"x":"1","y":"2"}},
                           {"name":"a","value":3,"labels":{"y":"2","x":"1"}}])"),
               kReportedAt);

  const auto series = reported.of("production");

  ASSERT_EQ(series.size(), 1U);
  EXPECT_EQ(series[0].count, 2U);
  EXPECT_EQ(series[0].sum, 4);
  EXPECT_EQ(series[0].last, 3);
}

TEST(ReportedMetricsTest, TheLastValueIsTheOneOfTheLatestTime) {
  ReportedMetrics reported;
  reported.add("production", 1, samples(R"([{"name":"a","value":1}])"), kReportedAt);
  reported.add("production", 1, samples(R"([{"name":"a","value":2,"at":"2023-11-14T22:13:00Z"}])"),
               kReportedAt);

  EXPECT_EQ(reported.of("production")[0].last, 1) << "the second one is older";
}

TEST(ReportedMetricsTest, SeriesOfInstancesThatAreGoneMakeRoom) {
  ReportedMetrics reported;
  const auto of_instance = [](std::size_t i) {
    return samples(R"([{"name":"up","value":1,"labels":{"instance":")" + std::to_string(i) + "\"}}]");
  };
  const auto later = [](Milliseconds passed) { return UnixMillis{kReportedAt.value + passed.count()}; };
  for (std::size_t i = 0; i < kMaxSeriesPerClient; ++i)
    reported.add("production", 1, of_instance(i), later(Milliseconds{i}));

  EXPECT_EQ(reported.add("production", 1, of_instance(100), later(kGoneSeries - Milliseconds{1})), 0U);
  EXPECT_EQ(reported.add("production", 1, of_instance(0), later(kGoneSeries)), 1U) << "it is alive";
  EXPECT_EQ(reported.add("production", 1, of_instance(100), later(kGoneSeries + Milliseconds{1})), 1U)
      << "in the place of instance 1";
  EXPECT_EQ(reported.add("production", 1, of_instance(1), later(kGoneSeries + Milliseconds{1})), 0U);
  EXPECT_EQ(reported.of("production").size(), kMaxSeriesPerClient);
}

TEST(ReportedMetricsTest, EnvironmentsAndClientsStayApart) {
  ReportedMetrics reported;
  reported.add("production", 1, samples(R"([{"name":"a","value":1}])"), kReportedAt);
  reported.add("production", 2, samples(R"([{"name":"a","value":1}])"), kReportedAt);
  reported.add("staging", 1, samples(R"([{"name":"a","value":1}])"), kReportedAt);

  EXPECT_EQ(reported.of("production").size(), 2U);
  EXPECT_EQ(reported.of("staging").size(), 1U);
  EXPECT_TRUE(reported.of("elsewhere").empty());
}

TEST(ReportedMetricsTest, AFullTableLetsTheOldestGo) {
  ReportedMetrics reported;
  for (std::size_t client = 1; client <= kMaxSeries / kMaxSeriesPerClient + 20; ++client) {
    std::string metrics = "[";
    for (std::size_t i = 0; i < kMaxSeriesPerClient; ++i)
      metrics += (i == 0 ? "" : ",") + (R"({"name":"m)" + std::to_string(i) + R"(","value":1})");
    reported.add("production", static_cast<domain::Id>(client), samples(metrics + "]"), kReportedAt);
  }

  EXPECT_LE(reported.of("production").size(), kMaxSeries);
  EXPECT_GE(reported.of("production").size(), kMaxSeries / 2);
}

TEST(ReportedMetricsTest, TheSummaryAddsUpWhatSeveralShardsHave) {
  ReportedMetrics one;
  ReportedMetrics other;
  one.add("production", 7, samples(R"([{"name":"a","value":1},{"name":"b","value":9}])"), kReportedAt);
  other.add("production", 7, samples(R"([{"name":"a","value":5}])"), kReportedAt);
  auto all = one.of("production");
  for (auto& series : other.of("production")) all.push_back(series);

  const auto summary = summary_of(all);

  ASSERT_EQ(summary.size(), 2U);
  EXPECT_EQ(summary[0].at("name"), json::value("a"));
  EXPECT_EQ(summary[0].at("count"), json::value(2));
  EXPECT_EQ(summary[0].at("max"), json::value(5.0));
  EXPECT_EQ(summary[0].at("series"), json::value(1)) << "of one client, however many connections it has";
}

}  // namespace
}  // namespace togglecast::realtime
