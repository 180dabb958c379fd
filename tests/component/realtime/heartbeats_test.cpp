// How long clients take to answer pings, and when they were last heard.
#include "realtime_fixture.hpp"
#include "support/eventually.hpp"

namespace togglecast::realtime::testing {
namespace {

class HeartbeatsTest : public RealtimeTest {};

class QuickHeartbeats : public RealtimeTest {
 protected:
  void SetUp() override {
    ping_interval_ = Milliseconds{300};
    RealtimeTest::SetUp();
  }
};

TEST_F(HeartbeatsTest, WithoutAnAnswerThereIsNoTime) {
  auto admin = join_admin();

  const json::value board = admin.ask("/admin", "request_dashboard_update");

  EXPECT_EQ(json::serialize(board.at("heartbeats")), R"({"answers":0,"round_trip_ms":null})");
}

TEST_F(QuickHeartbeats, TheDashboardAndTheMetricsShowHowLongAnswersTake) {
  auto admin = join_admin();
  json::value beats;

  ASSERT_TRUE(test::eventually([&] {  // asking reads, and so answers the pings
    const json::value board = admin.ask("/admin", "request_dashboard_update");
    beats = board.at("heartbeats");
    return beats.at("answers").to_number<int>() > 0;
  }));

  const json::value& times = beats.at("round_trip_ms");
  EXPECT_GT(times.at("p50").to_number<double>(), 0);
  EXPECT_LE(times.at("p50").to_number<double>(), times.at("p90").to_number<double>());
  EXPECT_LE(times.at("p90").to_number<double>(), times.at("p99").to_number<double>());
  const json::value metrics = admin.ask("/admin", "request_system_metrics");
  EXPECT_GT(metrics.at("connections").at("heartbeats").at("answers").to_number<int>(), 0);
  EXPECT_NE(
      metrics_.exposition().find(R"(togglecast_heartbeat_round_trip_seconds_count{transport="websocket"})"),
      std::string::npos);
}

}  // namespace
}  // namespace togglecast::realtime::testing
