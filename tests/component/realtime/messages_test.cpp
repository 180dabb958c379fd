// Announcements, notifications, the system's status and the activity of each commit: who gets them, in which
// form, and who may send them.
#include <chrono>
#include <future>
#include <string>

#include "realtime_fixture.hpp"

namespace togglecast::realtime::testing {
namespace {

class Messages : public RealtimeTest {
 protected:
  template <typename Send>
  Result<service::SendResult> told(Send&& send) {
    return service::testing::wait_for<service::SendResult>(
        [&](service::SendDone done) { send(realtime_->messages(), std::move(done)); });
  }
  Result<service::SendResult> status(std::string_view body) {
    return told([&](service::MessageSender& to, service::SendDone done) {
      to.broadcast_system_status(admin(), *service::read_system_status(service::testing::parse(body)),
                                 std::move(done));
    });
  }
  domain::Id create_feature(const std::string& key, const std::string& rule) {
    const auto made = service::testing::wait_for<changes::Written>([&](changes::Done done) {
      application_->features().create(
          admin(),
          service::testing::parse(R"({"key":")" + key + R"(","name":")" + key + R"(","targeting":{"if":[)" +
                                  rule + R"(,"on","off"]}})"),
          {}, done);
    });
    EXPECT_TRUE(made.has_value());
    return made ? made->id : 0;
  }
  void grant(domain::Id client, domain::Id feature) {
    const auto set = service::testing::wait_for<changes::Written>([&](changes::Done done) {
      application_->clients().set_override(admin(), client, feature,
                                           service::testing::parse(R"({"value":true})"), {}, done);
    });
    EXPECT_TRUE(set.has_value());
  }
  // Until what that brings is written.
  void move_on(Milliseconds by, domain::Revision revision) {
    std::promise<void> came;
    const auto subscription = application_->feed().subscribe([&](const changes::CommitPtr& commit) {
      if (commit->after->environment() == "production" && commit->after->revision() == revision)
        came.set_value();
    });
    clock_.advance(by);
    application_->time().look();
    EXPECT_EQ(came.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  }
};

TEST_F(Messages, AnAnnouncementReachesItsAudienceAlone) {
  auto one = join_client("one");
  const auto first = last_client_;
  auto two = join_client("two");
  auto admin = join_admin();

  const auto to_one = admin.ask("/admin", "broadcast_announcement",
                                R"({"title":"Hi","message":"One","level":"warning","audience":{"client":)" +
                                    std::to_string(first) + "}}");
  EXPECT_EQ(to_one.at("recipients"), json::value(1)) << json::serialize(to_one);
  const auto to_all = admin.ask("/admin", "broadcast_announcement", R"({"title":"Hi","message":"All"})");
  EXPECT_EQ(to_all.at("recipients"), json::value(3));

  const auto heard = one.event("/client");
  ASSERT_EQ(heard.size(), 2U) << "no string behind: a stock client would take it for an offset";
  EXPECT_EQ(heard[0], json::value("announcement"));
  EXPECT_EQ(heard[1].at("id"), to_one.at("id"));
  EXPECT_EQ(heard[1].at("title"), json::value("Hi"));
  EXPECT_EQ(heard[1].at("level"), json::value("warning"));
  EXPECT_EQ(heard[1].at("timestamp"), json::value(to_iso8601(clock_.wall_now())));
  EXPECT_EQ(two.event("/client")[1].at("message"), json::value("All")) << "not what was for the other one";
  EXPECT_EQ(admin.next("/admin", "announcement")[1].at("message"), json::value("All"));
}

TEST_F(Messages, AnAudienceMayBeNamedByAText) {
  auto client = join_client("one");
  auto admin = join_admin();

  const auto sent =
      admin.ask("/admin", "broadcast_announcement",
                R"({"title":"Hi","message":"x","audience":"client:)" + std::to_string(last_client_) + "\"}");

  EXPECT_EQ(sent.at("recipients"), json::value(1)) << json::serialize(sent);
  EXPECT_EQ(client.event("/client")[0], json::value("announcement"));
}

TEST_F(Messages, WhatIsWrongWithAnAnnouncementIsNamed) {
  auto admin = join_admin();
  const auto refused = [&](std::string_view body) {
    const auto answer = admin.ask("/admin", "broadcast_announcement", body);
    return code_of(answer) + " " + pointer_of(answer);
  };

  EXPECT_EQ(refused(R"({"message":"x"})"), "invalid_argument /title");
  EXPECT_EQ(refused(R"({"title":7,"message":"x"})"), "invalid_argument /title");
  EXPECT_EQ(refused(R"({"title":"t","message":""})"), "invalid_argument /message");
  EXPECT_EQ(refused(R"({"title":"t","message":"x","level":"loud"})"), "invalid_argument /level");
  EXPECT_EQ(refused(R"({"title":"t","message":"x","audience":"everybody"})"), "invalid_argument /audience");
  EXPECT_EQ(refused(R"({"title":"t","message":"x","audience":{"client":"1"}})"),
            "invalid_argument /audience");
  EXPECT_EQ(refused(R"({"title":"t","message":"x","audience":{"client":4711}})"), "not_found ");
  EXPECT_EQ(refused("[1]"), "invalid_argument ");
}

TEST_F(Messages, AViewerMayNotAnnounce) {
  auto viewer = join_admin(admin_token("watcher", domain::Role::viewer));

  EXPECT_EQ(code_of(viewer.ask("/admin", "broadcast_announcement", R"({"title":"t","message":"x"})")),
            "forbidden");
}

TEST_F(Messages, AnnouncementsOfOneAdminAreLimited) {
  auto admin = join_admin();
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(code_of(admin.ask("/admin", "broadcast_announcement", R"({"title":"t","message":"x"})")), "");

  EXPECT_EQ(code_of(admin.ask("/admin", "broadcast_announcement", R"({"title":"t","message":"x"})")),
            "rate_limited");
  EXPECT_EQ(metrics_.counter("togglecast_realtime_announcements_limited_total", "").value(), 1U);
  clock_.advance(std::chrono::seconds{1});
  EXPECT_EQ(code_of(admin.ask("/admin", "broadcast_announcement", R"({"title":"t","message":"x"})")), "");
}

TEST_F(Messages, AnAnnouncementUnderOneKeyIsMadeOnce) {
  auto client = join_client("one");
  auto admin = join_admin();
  const std::string keyed = R"({"title":"t","message":"x","idempotency_key":"k"})";

  const auto first = admin.ask("/admin", "broadcast_announcement", keyed);
  for (int i = 0; i < 10; ++i)  // more than may be announced
    EXPECT_EQ(admin.ask("/admin", "broadcast_announcement", keyed), first);
  EXPECT_EQ(code_of(admin.ask("/admin", "broadcast_announcement",
                              R"({"title":"t","message":"y","idempotency_key":"k"})")),
            "conflict");
  EXPECT_EQ(pointer_of(admin.ask("/admin", "broadcast_announcement",
                                 R"({"title":"t","message":"y","idempotency_key":""})")),
            "/idempotency_key");
  const auto other =
      admin.ask("/admin", "broadcast_announcement", R"({"title":"t","message":"x","idempotency_key":"k2"})");

  EXPECT_EQ(client.event("/client")[1].at("id"), first.at("id"));
  EXPECT_EQ(client.event("/client")[1].at("id"), other.at("id")) << "and nothing in between";
}

TEST_F(Messages, AKeyIsTheSameOneForRepeatedAndForLaterConnections) {
  const auto token = admin_token();
  const std::string keyed = R"({"title":"t","message":"x","idempotency_key":"k"})";
  const auto first = join_admin(token).ask("/admin", "broadcast_announcement", keyed);

  EXPECT_EQ(join_admin(token).ask("/admin", "broadcast_announcement", keyed), first);
  EXPECT_NE(join_admin(admin_token("other", domain::Role::editor))
                .ask("/admin", "broadcast_announcement", keyed)
                .at("id"),
            first.at("id"))
      << "of another admin";
}

TEST_F(Messages, NotificationsReachTheOneTheyAreFor) {
  auto client = join_client("one");
  const auto id = last_client_;
  auto other = join_client("two");
  auto owner = join_admin();
  auto viewer = join_admin(admin_token("watcher", domain::Role::viewer));

  const auto to_client = told([&](service::MessageSender& to, service::SendDone done) {
    const auto body = service::testing::parse(R"({"client_id":)" + std::to_string(id) +
                                              R"(,"title":"t","message":"m","data":{"a":1}})");
    to.send_client_notification(admin(), *service::read_client_notification(body), std::move(done));
  });
  EXPECT_EQ(to_client->connections, 1U);
  const auto heard = client.event("/client");
  EXPECT_EQ(heard[0], json::value("client_notification"));
  EXPECT_EQ(heard[1].at("id"), json::value(to_client->id));
  EXPECT_EQ(heard[1].at("data").at("a"), json::value(1));

  const auto to_owners = told([&](service::MessageSender& to, service::SendDone done) {
    const auto body = service::testing::parse(R"({"role":"owner","title":"t","message":"m"})");
    to.send_admin_notification(admin(), *service::read_admin_notification(body), std::move(done));
  });
  EXPECT_EQ(to_owners->connections, 1U);
  EXPECT_EQ(owner.next("/admin", "admin_notification")[1].at("message"), json::value("m"));

  ASSERT_TRUE(status(R"({"status":"degraded"})").has_value());
  EXPECT_EQ(other.event("/client")[0], json::value("system_status")) << "and nothing before it";
  EXPECT_EQ(viewer.event("/admin")[0], json::value("system_status"));
}

TEST_F(Messages, WhoConnectsLaterHearsOfASystemThatIsNotWell) {
  const auto told =
      status(R"({"status":"maintenance","message":"Back soon","components":{"search":"degraded"}})");
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->connections, 0U);

  auto client = join_client("one");
  const auto heard = client.event("/client");
  EXPECT_EQ(heard[0], json::value("system_status"));
  EXPECT_EQ(heard[1].at("status"), json::value("maintenance"));
  EXPECT_EQ(heard[1].at("components").at("search"), json::value("degraded"));
  auto admin = join_admin();
  EXPECT_EQ(admin.event("/admin")[0], json::value("system_status"));

  ASSERT_TRUE(status(R"({"status":"ok"})").has_value());
  EXPECT_EQ(client.event("/client")[1].at("status"), json::value("ok"));
  auto later = join_client("two");
  EXPECT_EQ(code_of(later.ask("/client", "heartbeat")), "");
  EXPECT_EQ(later.ask("/client", "heartbeat").at("server_time"), json::value(to_iso8601(clock_.wall_now())))
      << "nothing came before the answers";
}

TEST_F(Messages, ChangesOfAdminsAreToldToOwnersAsThoseOfAnotherEnvironment) {
  auto owner = join_admin();
  auto viewer = join_admin(admin_token("watcher", domain::Role::viewer));  // an admin, then its session
  const auto revision = application_->model().current("system")->revision() - 1;

  json::array update;
  do update = owner.next("/admin", "entity_update");
  while (!update.empty() && update[1].at("entity_type") != json::value("admin"));
  ASSERT_EQ(update.size(), 2U) << "no offset: it would be of another log";
  EXPECT_EQ(update[1].at("environment"), json::value("system"));
  EXPECT_EQ(update[1].at("revision"), json::value(revision));
  const auto activity = owner.next("/admin", "activity");
  ASSERT_EQ(activity.size(), 2U);
  EXPECT_EQ(activity[1].at("environment"), json::value("system"));
  EXPECT_EQ(activity[1].at("revision"), json::value(revision));
  EXPECT_EQ(activity[1].at("changes").at(0).at("key"), json::value("watcher"));
  const auto watched =
      owner.ask("/admin", "subscribe_entity_updates",
                R"({"entity_type":"admin","entity_id":)" + json::serialize(update[1].at("entity_id")) + "}");
  EXPECT_EQ(watched.at("environment"), json::value("system"));

  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  const auto next = owner.next("/admin", "activity");
  EXPECT_FALSE(next[1].as_object().contains("environment")) << "and that it logged in was no news";
  EXPECT_EQ(viewer.event("/admin")[0], json::value("platform_update")) << "viewers hear nothing of admins";
}

TEST_F(Messages, EveryCommitIsOneActivityForAdminsWithWhatTheirRoleMayRead) {
  const std::string watcher = admin_token("watcher", domain::Role::viewer);
  auto owner = join_admin();
  auto viewer = join_admin(watcher);
  auto client = join_client("one");  // a client, then a token, which viewers may not read
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");

  const auto subject = [](const json::array& event) {
    return std::string(event[1].at("changes").at(0).at("entity_type").as_string());
  };
  EXPECT_EQ(subject(owner.next("/admin", "activity")), "client");
  EXPECT_EQ(subject(owner.next("/admin", "activity")), "token");
  EXPECT_EQ(subject(owner.next("/admin", "activity")), "platform");
  EXPECT_EQ(subject(viewer.next("/admin", "activity")), "client");
  const auto last = viewer.next("/admin", "activity");
  ASSERT_EQ(last.size(), 2U);
  EXPECT_EQ(subject(last), "platform");
  EXPECT_EQ(last[1].at("revision"), json::value(current()->revision()));
  EXPECT_EQ(last[1].at("actor").at("name"), json::value("owner"));
  EXPECT_EQ(client.event("/client")[0], json::value("platform_update")) << "clients get none of it";
}

TEST_F(Messages, ATimeInARuleIsAnActivityWhenItComesAndAMinuteThatPassesIsNone) {
  create_feature("sale", R"({">=":[{"var":"$flagd.timestamp"},1700000020]})");
  const auto drifting = create_feature("mine", R"({"==":[{"var":"$flagd.timestamp"},{"var":"now"}]})");
  auto client = join_client("one");
  grant(last_client_, drifting);
  auto owner = join_admin();
  const auto revision = current()->revision();

  move_on(std::chrono::seconds(20), revision + 1);
  const auto told = owner.event("/admin");
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0], json::value("activity")) << "the feature itself is as it was";
  EXPECT_EQ(told[1].at("revision"), json::value(revision + 1));
  EXPECT_EQ(told[1].at("source"), json::value("timer"));
  EXPECT_EQ(told[1].at("summary"), json::value("a time in the rules of feature sale has come"));

  move_on(std::chrono::minutes(1), revision + 2);
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  const auto next = owner.next("/admin", "activity");
  ASSERT_EQ(next.size(), 2U);
  EXPECT_EQ(next[1].at("revision"), json::value(revision + 3));
  const auto feed = owner.ask("/admin", "request_activity_feed", R"({"limit":2})").at("items");
  EXPECT_EQ(feed.at(0).at("revision"), json::value(revision + 3));
  EXPECT_EQ(feed.at(1).at("revision"), json::value(revision + 1));
}

}  // namespace
}  // namespace togglecast::realtime::testing
