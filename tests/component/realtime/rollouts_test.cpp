// How far a change has come, over two shards and real connections.
#include <thread>

#include "component/realtime/realtime_fixture.hpp"

namespace togglecast::realtime::testing {
namespace {

using delivery::RolloutReport;
using delivery::Stage;

class RolloutsTest : public RealtimeTest {
 protected:
  RolloutsTest() {
    realtime_options_.rollout_interval = Milliseconds{20};
    realtime_options_.events = {.per_second = 10'000, .burst = 10'000};
  }
  Result<RolloutReport> report(domain::Revision revision, const delivery::LaggardQuery& query = {}) {
    return service::testing::wait_for<RolloutReport>([&](std::function<void(Result<RolloutReport>)> done) {
      realtime_->rollouts().report("production", revision, query, std::move(done));
    });
  }
  /// The report, once it fits.
  template <typename Fits>
  RolloutReport report_where(domain::Revision revision, Fits&& fits) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (true) {
      auto found = report(revision);
      const bool over = std::chrono::steady_clock::now() > deadline;
      EXPECT_TRUE(found.has_value());
      EXPECT_FALSE(over) << "the rollout never got there";
      if (!found || over || fits(*found)) return found.value_or(RolloutReport{});
      std::this_thread::yield();
    }
  }
  static auto reached(Stage stage, std::uint32_t count) {
    return [=](const RolloutReport& one) { return one.rollout.counts.times(stage).count() == count; };
  }
  domain::Revision change(bool confirm = false) {
    service::WriteOptions options;
    options.confirm = confirm;
    const auto written =
        update_platform(platform_, R"({"name":"Web )" + std::to_string(++changes_) + "\"}", options);
    EXPECT_TRUE(written.has_value());
    return written->revision;
  }
  void SetUp() override {
    RealtimeTest::SetUp();
    platform_ = create_platform(R"({"key":"web","name":"Web"})")->id;
  }

  domain::Id platform_ = 0;
  int changes_ = 0;
};

TEST_F(RolloutsTest, AddsUpWhatEachShardCounts) {
  std::vector<EventClient> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(join_client("client-" + std::to_string(i)));
  client_token("away");

  const auto revision = change();
  const auto sent = report_where(revision, reached(Stage::sent, 8));
  EXPECT_EQ(sent.rollout.counts.concerned, 8U);
  EXPECT_TRUE(sent.rollout.open);
  EXPECT_EQ(sent.laggards_total, 8U);
  EXPECT_EQ(sent.laggards.size(), 8U);

  for (auto& client : clients)
    client.emit("/client", "config_ack", R"({"revision":)" + std::to_string(revision) + "}");
  const auto applied = report_where(revision, reached(Stage::applied, 8));
  EXPECT_FALSE(applied.rollout.open);
  EXPECT_TRUE(applied.laggards.empty());
  const auto counted =
      report_where(revision, [](const auto& one) { return one.rollout.offline.has_value(); });
  EXPECT_EQ(counted.rollout.offline, 1U);
}

TEST_F(RolloutsTest, PagesOfLaggardsCoverEachOneOnce) {
  std::vector<EventClient> clients;
  for (int i = 0; i < 7; ++i) clients.push_back(join_client("client-" + std::to_string(i)));
  const auto revision = change();
  report_where(revision, reached(Stage::sent, 7));

  delivery::LaggardQuery query;
  query.limit = 3;
  std::vector<domain::Id> seen;
  do {
    const auto page = report(revision, query);
    ASSERT_TRUE(page.has_value());
    EXPECT_EQ(page->laggards_total, 7U);
    EXPECT_LE(page->laggards.size(), 3U);
    for (const auto& one : page->laggards) seen.push_back(one.client);
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty());

  EXPECT_EQ(seen.size(), 7U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
  query.cursor = "nonsense";
  EXPECT_EQ(report(revision, query).error().code, Errc::invalid_argument);
}

TEST_F(RolloutsTest, AChangeThatAsksForConfirmationIsReceivedWithoutAHeartbeat) {
  auto client = join_client("one");

  const auto revision = change(true);
  EXPECT_EQ(client.next("/client", "platform_update").size(), 3U);
  // Reads on, past the ping, which it answers.
  EXPECT_FALSE(client.ask("/client", "heartbeat").is_null());

  const auto received = report_where(revision, reached(Stage::received, 1));
  EXPECT_EQ(received.rollout.counts.times(Stage::applied).count(), 0U);
  EXPECT_EQ(received.laggards_total, 0U);
}

TEST_F(RolloutsTest, OneThatLeavesIsGone) {
  domain::Revision revision = 0;
  {
    auto client = join_client("one");
    revision = change();
    report_where(revision, reached(Stage::sent, 1));
  }

  const auto left = report_where(
      revision, [](const auto& one) { return one.rollout.counts.gone_before(Stage::received) == 1; });
  EXPECT_FALSE(left.rollout.open);
  EXPECT_TRUE(left.laggards.empty());
}

TEST_F(RolloutsTest, AThousandAreKept) {
  auto client = join_client("one");
  const auto first = change();
  report_where(first, reached(Stage::sent, 1));
  for (std::size_t i = 1; i < delivery::Rollouts::kKept; ++i) change();
  ASSERT_TRUE(report(first).has_value());
  EXPECT_EQ(report(first)->rollout.counts.concerned, 1U);

  change();

  const auto lost = report(first);
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code, Errc::not_found);
  EXPECT_NE(lost.error().message.find("no longer kept"), std::string::npos) << lost.error().message;
  EXPECT_TRUE(report(first + 1).has_value());
}

TEST_F(RolloutsTest, AnEnvironmentSeesOnlyItsOwn) {
  EXPECT_TRUE(report(current()->revision()).has_value());
  const auto elsewhere =
      service::testing::wait_for<RolloutReport>([&](std::function<void(Result<RolloutReport>)> done) {
        realtime_->rollouts().report("elsewhere", current()->revision(), {}, std::move(done));
      });
  EXPECT_EQ(elsewhere.error().code, Errc::not_found);
}

class ImpatientRollouts : public RolloutsTest {
 protected:
  ImpatientRollouts() { realtime_options_.rollout_patience = Milliseconds{1}; }
};

TEST_F(ImpatientRollouts, WhatIsOverKeepsItsNumbersAndNamesNobody) {
  auto client = join_client("one");
  const auto revision = change();
  EXPECT_EQ(client.next("/client", "platform_update").size(), 3U);
  const auto over = report_where(revision, [](const auto& one) { return !one.rollout.open; });
  EXPECT_TRUE(over.laggards.empty());
  change();  // ends it on the shards
  EXPECT_EQ(client.next("/client", "platform_update").size(), 3U);

  const auto later = report(revision);
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(later->rollout.counts.concerned, 1U);
  EXPECT_EQ(later->rollout.counts.times(Stage::sent).count(), 1U);
}

}  // namespace
}  // namespace togglecast::realtime::testing
