// The dashboard live: ticks for those that subscribed, and the history that they continue.
#include <future>

#include "realtime_fixture.hpp"
#include "support/eventually.hpp"

namespace togglecast::realtime::testing {
namespace {

class DashboardFeedTest : public RealtimeTest {
 protected:
  // The next second of the wall clock, sampled by a turn of the timer and by the thread that samples.
  void pass_second() {
    clock_.advance(Milliseconds{1'000});
    shard_clock_.leap(Milliseconds{1'100}, *shards_);
    std::promise<void> sampled;
    ASSERT_TRUE(application_->operators().submit([&sampled] { sampled.set_value(); }));
    sampled.get_future().wait();
  }
  service::HistoryView::Found read(const service::HistoryQuery& query) {
    std::promise<Result<service::HistoryView::Found>> answer;
    realtime_->history().read_history(
        query, [&answer](Result<service::HistoryView::Found> found) { answer.set_value(std::move(found)); });
    auto found = answer.get_future().get();
    EXPECT_TRUE(found.has_value());
    return *std::move(found);
  }
  [[nodiscard]] std::int64_t now() const { return clock_.wall_now().value / 1'000; }
  // The first sample is the beginning of the first span.
  void begin_history() {
    ASSERT_TRUE(test::eventually([this] {
      pass_second();
      return !read({}).body.at("times").as_array().empty();
    }));
  }
  // The tick of this second, past those before; null when it does not come.
  json::value tick_of_now(EventClient& admin) {
    while (true) {
      const auto tick = admin.next("/admin", "dashboard_tick");
      if (tick.size() != 2) return nullptr;
      if (tick[1].at("times").as_array().back() == json::value(now())) return tick[1];
    }
  }
  static std::size_t index_of(const json::value& series, std::string_view name, std::string_view of) {
    for (std::size_t i = 0; i < series.as_array().size(); ++i)
      if (series.at(i).at("name") == json::value(name) && series.at(i).at("of") == json::value(of)) return i;
    ADD_FAILURE() << name << " " << of;
    return 0;
  }
};

TEST_F(DashboardFeedTest, EachSecondBecomesATickForThoseThatSubscribed) {
  begin_history();
  auto admin = join_admin();
  auto client = join_client("one");
  const auto subscribed = admin.ask("/admin", "subscribe_dashboard");
  EXPECT_EQ(subscribed.at("resolution"), json::value("1s"));
  const auto& series = subscribed.at("series");
  const std::size_t events = index_of(series, "events", "/client");
  pass_second();
  ASSERT_TRUE(tick_of_now(admin).is_object());

  ASSERT_EQ(code_of(client.ask("/client", "heartbeat")), "");
  ASSERT_EQ(code_of(client.ask("/client", "heartbeat")), "");
  pass_second();

  const auto tick = tick_of_now(admin);
  ASSERT_TRUE(tick.is_object());
  EXPECT_EQ(json::canonical(tick.at("times")), "[" + std::to_string(now()) + "]");
  EXPECT_EQ(tick.at("total").as_array().size(), series.as_array().size());
  EXPECT_EQ(tick.at("total").at(events).at(0), json::value(2));
  EXPECT_EQ(tick.at("nodes").at(0).at("values").at(events).at(0), json::value(2));
  EXPECT_FALSE(tick.as_object().contains("series")) << "told once";

  const auto history = read({.fine = true, .since = now() - 1});
  EXPECT_EQ(json::canonical(history.body.at("times")), "[" + std::to_string(now()) + "]");
  EXPECT_EQ(history.body.at("total").at(events), tick.at("total").at(events));
  EXPECT_EQ(json::canonical(history.body.at("series")), json::canonical(series));
}

TEST_F(DashboardFeedTest, WhoUnsubscribedHearsNothingMore) {
  begin_history();
  auto first = join_admin();
  auto second = join_admin();
  ASSERT_EQ(code_of(first.ask("/admin", "subscribe_dashboard")), "");
  ASSERT_EQ(code_of(second.ask("/admin", "subscribe_dashboard")), "");
  pass_second();
  ASSERT_TRUE(tick_of_now(first).is_object());
  ASSERT_TRUE(tick_of_now(second).is_object());
  EXPECT_EQ(first.ask("/admin", "unsubscribe_dashboard").at("unsubscribed"), json::value(true));
  EXPECT_EQ(first.ask("/admin", "unsubscribe_dashboard").at("unsubscribed"), json::value(false));
  const std::size_t heard = first.transcript().size();

  pass_second();
  ASSERT_TRUE(tick_of_now(second).is_object());

  ASSERT_EQ(code_of(first.ask("/admin", "config_check")), "");
  EXPECT_EQ(first.transcript().find("dashboard_tick", heard), std::string::npos);
}

TEST_F(DashboardFeedTest, TheTagOfTheHistoryChangesWithIt) {
  begin_history();
  const auto before = read({});
  EXPECT_EQ(read({}).tag, before.tag);
  EXPECT_NE(read({.fine = false}).tag, before.tag);
  ASSERT_TRUE(test::eventually([&] {
    pass_second();
    return read({}).tag != before.tag;
  }));
  EXPECT_EQ(read({.fine = false}).body.at("resolution"), json::value("10s"));
}

TEST_F(DashboardFeedTest, APageThatTakesNothingLosesTicksAndKeepsItsConnection) {
  EventClient slow(port_, {}, 4'096);  // a small receive buffer
  slow.send("0/admin," + with_token(admin_token()));
  ASSERT_EQ(slow.next("/admin", "admin_connected").size(), 3U);
  ASSERT_EQ(code_of(slow.ask("/admin", "subscribe_dashboard")), "");
  auto& lost = metrics_.counter("togglecast_dashboard_ticks_lost_total", "");

  ASSERT_TRUE(test::eventually([&] {
    pass_second();
    return lost.value() > 3;
  })) << "it does not read";

  EXPECT_EQ(slow.next("/admin", "dashboard_tick").size(), 2U) << "what it was sent before";
  ASSERT_EQ(code_of(slow.ask("/admin", "config_check")), "") << "it is still there";
}

}  // namespace
}  // namespace togglecast::realtime::testing
