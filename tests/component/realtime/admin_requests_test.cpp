// What admins ask for: numbers, the activity feed, and entities to watch.
#include <string>

#include "realtime_fixture.hpp"
#include "service/accounts/admin_rates.hpp"

namespace togglecast::realtime::testing {
namespace {

class AdminRequests : public RealtimeTest {
 protected:
  AdminRequests() {
    realtime_options_.rollout_interval = Milliseconds{20};
    realtime_options_.presence_delay = Milliseconds{5};
    realtime_options_.events = {.per_second = 10'000, .burst = 10'000};
  }
  static std::string about(domain::Id platform) {
    return R"({"entity_type":"platform","entity_id":)" + std::to_string(platform) + "}";
  }
};

TEST_F(AdminRequests, TheDashboardCountsWhatThereIsAndWhoIsConnected) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  ASSERT_TRUE(toggle_platform(platform->id, false).has_value());
  auto client = join_client("one");
  ASSERT_EQ(code_of(client.ask("/client", "heartbeat",
                               R"({"revision":)" + std::to_string(current()->revision()) + "}")),
            "");
  auto admin = join_admin();

  admin.emit("/admin", "request_dashboard_update");
  const auto reply = admin.next("/admin", "dashboard_update");

  ASSERT_EQ(reply.size(), 2U);
  const auto& board = reply[1];
  EXPECT_EQ(board.at("environment"), json::value("production"));
  EXPECT_EQ(board.at("revision"), json::value(current()->revision()));
  EXPECT_EQ(board.at("counts").at("platforms").at("total"), json::value(1));
  EXPECT_EQ(board.at("counts").at("platforms").at("enabled"), json::value(0));
  EXPECT_EQ(board.at("counts").at("clients").at("active"), json::value(1));
  EXPECT_EQ(board.at("connections").at("admins"), json::value(1));
  EXPECT_EQ(board.at("connections").at("clients"), json::value(1));
  EXPECT_GE(board.at("rates").at("events").at("total").to_number<int>(), 2);
  const auto& newest = board.at("changes").at(0);
  EXPECT_EQ(newest.at("revision"), json::value(current()->revision()));
  EXPECT_EQ(json::canonical(newest.at("rollout")),
            R"({"acknowledged":1,"applied":0,"concerned":0,"connections":1,"gone":0,"offline":0,)"
            R"("open":false,"received":0,"resumed":0,"sent":0,"superseded":0,"told":1})");
  EXPECT_EQ(board.at("system_status").at("status"), json::value("ok"));
  EXPECT_EQ(board.at("system_status").at("timestamp"), json::value(to_iso8601(clock_.wall_now())))
      << "since the start";
}

TEST_F(AdminRequests, AnAdminAsksWhetherItsCopyIsCurrent) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  const auto at = current()->revision();
  auto admin = join_admin();
  const auto check = [&](const std::string& claim) { return admin.ask("/admin", "config_check", claim); };
  const std::string old = R"({"revision":)" + std::to_string(at) + "}";

  EXPECT_EQ(check("{}").at("up_to_date"), json::value(true));
  EXPECT_EQ(check(old).at("up_to_date"), json::value(true));
  ASSERT_TRUE(create_platform(R"({"key":"gone","name":"Gone"})").has_value());
  ASSERT_TRUE(remove_platform(current()->find_by_key<domain::Platform>("gone")->id).has_value());
  ASSERT_TRUE(toggle_platform(platform->id, false).has_value());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(admin.next("/admin", "platform_update").size(), 3U);

  const auto status = check(old);
  EXPECT_EQ(status.at("up_to_date"), json::value(false));
  EXPECT_EQ(status.at("revision"), json::value(current()->revision()));
  EXPECT_FALSE(status.as_object().contains("reload"));
  const auto again = admin.next("/admin", "platform_update");
  ASSERT_EQ(again.size(), 3U);
  EXPECT_EQ(again[1].at("type"), json::value("update")) << "a catch-up never toggles";
  EXPECT_EQ(again[1].at("platform_id"), json::value(platform->id));
  EXPECT_EQ(again[1].at("more"), json::value(false)) << "created and deleted in between is silence";
  EXPECT_TRUE(again[1].at("actor").is_null());
  EXPECT_EQ(check("{}").at("up_to_date"), json::value(true));
}

TEST_F(AdminRequests, ACopyThatIsOutOfReachHasToBeReadAgain) {
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  auto admin = join_admin();
  const auto now = std::to_string(current()->revision());

  const auto status =
      admin.ask("/admin", "config_check", R"({"revision":)" + std::to_string(domain::kMaxId) + "}");
  EXPECT_EQ(status.at("up_to_date"), json::value(false));
  EXPECT_EQ(status.at("reload"), json::value(true));
  EXPECT_EQ(status.at("epoch"), json::value(current()->head().epoch));
  EXPECT_EQ(code_of(admin.ask("/admin", "config_check", R"({"revision":)" + now + R"(,"epoch":7})")),
            "conflict")
      << "as on /client";
  EXPECT_EQ(admin.ask("/admin", "config_check", R"({"revision":)" + now + R"(,"epoch":1})").at("up_to_date"),
            json::value(true));
  EXPECT_EQ(pointer_of(admin.ask("/admin", "config_check", R"({"revision":"1"})")), "/revision");
  EXPECT_EQ(pointer_of(admin.ask("/admin", "config_check", R"({"epoch":1})")), "/epoch");
}

TEST_F(AdminRequests, SubscriptionsToDeletedEntitiesTakeNoPlace) {
  for (int i = 1; i <= 257; ++i)
    ASSERT_TRUE(create_platform(R"({"name":"P","key":"p)" + std::to_string(i) + "\"}").has_value());
  auto admin = join_admin();
  const auto subscribed = [&](domain::Id platform) {
    return code_of(admin.ask("/admin", "subscribe_entity_updates", about(platform)));
  };
  for (domain::Id platform = 1; platform <= 256; ++platform) ASSERT_EQ(subscribed(platform), "");
  EXPECT_EQ(subscribed(257), "payload_too_large");
  ASSERT_TRUE(remove_platform(7).has_value());
  ASSERT_EQ(admin.next("/admin", "platform_update")[1].at("platform_id"), json::value(7));

  EXPECT_EQ(subscribed(257), "");
}

TEST_F(AdminRequests, TheActivityFeedComesInPagesAndForOneEntity) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  ASSERT_TRUE(create_platform(R"({"key":"ios","name":"iOS"})").has_value());
  ASSERT_TRUE(toggle_platform(platform->id, false).has_value());
  auto admin = join_admin();

  const auto page = admin.ask("/admin", "request_activity_feed", R"({"limit":2})");
  ASSERT_EQ(page.at("items").as_array().size(), 2U);
  EXPECT_EQ(page.at("items").at(0).at("revision"), json::value(current()->revision()));
  const auto rest =
      admin.ask("/admin", "request_activity_feed", R"({"before":)" + json::serialize(page.at("next")) + "}");
  EXPECT_EQ(rest.at("items").as_array().size(), 1U);
  const auto of_one = admin.ask("/admin", "request_activity_feed", about(platform->id));
  EXPECT_EQ(of_one.at("items").as_array().size(), 2U);
  admin.emit("/admin", "request_activity_feed");
  EXPECT_EQ(admin.next("/admin", "activity_feed")[1].at("items").as_array().size(), 3U);
}

TEST_F(AdminRequests, WhatIsWrongWithAQueryIsNamed) {
  auto admin = join_admin();
  const auto refused = [&](std::string_view body) {
    return pointer_of(admin.ask("/admin", "request_activity_feed", body));
  };

  EXPECT_EQ(refused(R"({"limit":0})"), "/limit");
  EXPECT_EQ(refused(R"({"limit":"many"})"), "/limit");
  EXPECT_EQ(refused(R"({"before":-1})"), "/before");
  EXPECT_EQ(refused(R"({"entity_type":"planet"})"), "/entity_type");
  EXPECT_EQ(refused(R"({"entity_id":1})"), "/entity_id");
  EXPECT_EQ(refused(R"({"colour":"red"})"), "/colour");
  auto viewer = join_admin(admin_token("watcher", domain::Role::viewer));
  EXPECT_EQ(code_of(viewer.ask("/admin", "request_activity_feed", R"({"entity_type":"token"})")),
            "forbidden");
}

TEST_F(AdminRequests, WhatIsNoObjectOrOneTooManyOrUnknownIsRefused) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  const std::string subject = about(platform->id);
  const std::string unknown = subject.substr(0, subject.size() - 1) + R"(,"colour":"red"})";
  auto admin = join_admin();
  const auto refused = [&](std::string_view event, std::string_view arguments) {
    const auto answer = admin.ask("/admin", event, arguments);
    EXPECT_EQ(code_of(answer), "invalid_argument") << event << ' ' << arguments;
    return pointer_of(answer);
  };

  for (const char* event : {"request_dashboard_update", "request_system_metrics", "request_activity_feed",
                            "subscribe_entity_updates", "broadcast_announcement", "admin_connect"}) {
    for (const char* arguments : {"\"x\"", "1", "[]", "{},{}", "null,1"})
      EXPECT_EQ(refused(event, arguments), "");
  }
  for (const char* event : {"request_dashboard_update", "request_system_metrics"}) {
    EXPECT_EQ(refused(event, R"({"colour":"red"})"), "/colour");
    EXPECT_EQ(code_of(admin.ask("/admin", event, "null")), "");
  }
  for (const char* event : {"subscribe_entity_updates", "unsubscribe_entity_updates"}) {
    EXPECT_EQ(refused(event, unknown), "/colour");
    EXPECT_EQ(refused(event, R"({"entity_type":"planet","entity_id":1})"), "/entity_type");
    EXPECT_EQ(refused(event, R"({"entity_type":"platform"})"), "/entity_id");
    EXPECT_EQ(refused(event, R"({"entity_id":1})"), "/entity_type");
  }
}

TEST_F(AdminRequests, SystemMetricsTellHowTheServerIs) {
  auto admin = join_admin();

  const auto metrics = admin.ask("/admin", "request_system_metrics");

  EXPECT_EQ(metrics.at("connections").at("admins"), json::value(1)) << json::serialize(metrics);
  EXPECT_GE(metrics.at("messages").at("received_total").to_number<int>(), 1);
  EXPECT_EQ(metrics.at("lag").as_array().size(), shards_->size());
  EXPECT_EQ(metrics.at("store").at("status"), json::value("ok"));
  EXPECT_EQ(metrics.at("bus").at("kind"), json::value("local"));
  EXPECT_EQ(metrics.at("process").at("shards"), json::value(shards_->size()));
}

TEST_F(AdminRequests, ThoseWhoWatchAnEntitySeeEachOtherComeAndGo) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  auto owner = join_admin();
  const auto viewers = [](const json::array& event) {
    std::string names;
    for (const auto& viewer : event.at(1).at("viewers").as_array())
      names += std::string(viewer.at("username").as_string()) + " ";
    return names;
  };

  ASSERT_EQ(code_of(owner.ask("/admin", "subscribe_entity_updates", about(platform->id))), "");
  EXPECT_EQ(viewers(owner.next("/admin", "entity_presence")), "owner ");
  {
    auto viewer = join_admin(admin_token("watcher", domain::Role::viewer));
    ASSERT_EQ(code_of(viewer.ask("/admin", "subscribe_entity_updates", about(platform->id))), "");
    EXPECT_EQ(viewers(viewer.next("/admin", "entity_presence")), "owner watcher ");
    EXPECT_EQ(viewers(owner.next("/admin", "entity_presence")), "owner watcher ");
  }
  EXPECT_EQ(viewers(owner.next("/admin", "entity_presence")), "owner ") << "the other one has gone";
}

TEST_F(AdminRequests, AWatchedEntitysChangeIsFollowedUntilAllHaveAcknowledgedIt) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  auto client = join_client("one");
  auto owner = join_admin();
  auto bystander = join_admin(admin_token("watcher", domain::Role::viewer));
  ASSERT_EQ(code_of(owner.ask("/admin", "subscribe_entity_updates", about(platform->id))), "");

  ASSERT_TRUE(toggle_platform(platform->id, false).has_value());
  const auto revision = current()->revision();
  const auto begun = owner.next("/admin", "rollout_progress");
  EXPECT_EQ(begun[1].at("entity_id"), json::value(platform->id));
  EXPECT_EQ(begun[1].at("revision"), json::value(revision));
  EXPECT_EQ(begun[1].at("connections"), json::value(1));
  EXPECT_EQ(begun[1].at("acknowledged"), json::value(0));
  EXPECT_EQ(begun[1].at("done"), json::value(false));

  client.emit("/client", "config_ack", R"({"revision":)" + std::to_string(revision) + "}");
  json::array end;
  do end = owner.next("/admin", "rollout_progress");
  while (!end.empty() && end[1].at("done") != json::value(true));
  ASSERT_EQ(end.size(), 2U);
  EXPECT_EQ(end[1].at("told"), json::value(1));
  EXPECT_EQ(end[1].at("acknowledged"), json::value(1));
  EXPECT_EQ(code_of(bystander.ask("/admin", "unsubscribe_entity_updates", about(platform->id))), "");
}

class MeteredAdminRequests : public RealtimeTest {
 protected:
  MeteredAdminRequests() { realtime_options_.events = {.per_second = 0.000'1, .burst = 20}; }
};

TEST_F(MeteredAdminRequests, ARequestThatIsOneTooManyIsRefusedInItsReplyEventToo) {
  auto admin = join_admin();
  for (int i = 0; i < 25; ++i) admin.emit("/admin", "request_system_metrics");

  json::array reply;
  do reply = admin.next("/admin", "system_metrics");
  while (!reply.empty() && code_of(reply[1]).empty());

  ASSERT_EQ(reply.size(), 2U);
  EXPECT_EQ(code_of(reply[1]), "rate_limited");
}

class ReadsByEvents : public AdminRequests {
 protected:
  void before_feed() override { realtime_->meter_reads(reads_, clock_); }

  service::AdminRates reads_{{.per_second = 1, .burst = 21}, "reads"};
};

TEST_F(ReadsByEvents, CostOneAllowanceOfTheAdminOverAllConnections) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  auto one = join_admin(), other = join_admin();

  EXPECT_EQ(code_of(one.ask("/admin", "request_dashboard_update")), "");
  EXPECT_EQ(code_of(other.ask("/admin", "request_activity_feed", "{}")), "");
  EXPECT_EQ(code_of(one.ask("/admin", "subscribe_entity_updates", about(platform->id))), "");
  const json::value refused = other.ask("/admin", "request_system_metrics");

  EXPECT_EQ(code_of(refused), "rate_limited");
  EXPECT_EQ(refused.at("error").at("retry_after_ms"), json::value(10'000));
  EXPECT_EQ(code_of(other.ask("/admin", "config_check", "{}")), "") << "costs nothing";
  EXPECT_EQ(
      metrics_.counter("togglecast_realtime_reads_limited_total", "", {{"namespace", "/admin"}}).value(), 1U);
  clock_.advance(Milliseconds{10'000});
  EXPECT_EQ(code_of(other.ask("/admin", "request_system_metrics")), "");
}

}  // namespace
}  // namespace togglecast::realtime::testing
