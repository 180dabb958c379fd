// Stored state once more, and whole views: by hand, to those concerned.
#include <atomic>
#include <string>
#include <thread>

#include "realtime_fixture.hpp"

namespace togglecast::realtime::testing {
namespace {

class BroadcastsByHand : public RealtimeTest {
 protected:
  BroadcastsByHand() {
    realtime_options_.sync_at_once = 1;
    realtime_options_.sync_window = Milliseconds{100};
  }

  template <typename Send>
  Result<service::SendResult> told(Send&& send) {
    return service::testing::wait_for<service::SendResult>(
        [&](service::SendDone done) { send(realtime_->messages(), std::move(done)); });
  }
  Result<service::SendResult> platform_again(domain::Id id, const service::Principal& who = admin()) {
    return told([&](service::MessageSender& to, service::SendDone done) {
      to.broadcast_platform_update(who, id, std::move(done));
    });
  }
  Result<service::SendResult> sync(std::string_view body, const service::Principal& who = admin()) {
    return told([&](service::MessageSender& to, service::SendDone done) {
      to.broadcast_config_sync(who, *service::read_config_sync(service::testing::parse(body)),
                               std::move(done));
    });
  }
};

TEST_F(BroadcastsByHand, APlatformIsSentAgainAsItStands) {
  const auto platform = create_platform(R"({"key":"web","name":"Web","description":"For admins"})");
  auto client = join_client("one");
  auto owner = join_admin();
  ASSERT_TRUE(create_platform(R"({"key":"ios","name":"iOS"})").has_value());
  ASSERT_EQ(client.event("/client").size(), 3U);

  const auto sent = platform_again(platform->id);

  ASSERT_TRUE(sent.has_value()) << sent.error().message;
  EXPECT_EQ(sent->connections, 2U);
  EXPECT_EQ(sent->revision, current()->revision());
  const auto heard = client.event("/client");
  ASSERT_EQ(heard.size(), 3U);
  EXPECT_EQ(heard[0], json::value("platform_update"));
  EXPECT_EQ(heard[1].at("type"), json::value("update"));
  EXPECT_EQ(heard[1].at("platform_id"), json::value(platform->id));
  EXPECT_EQ(heard[1].at("revision"), json::value(current()->revision())) << "of the state that is sent";
  EXPECT_EQ(heard[1].at("more"), json::value(false));
  EXPECT_EQ(heard[1].as_object().count("actor"), 0U);
  EXPECT_EQ(heard[1].at("data").as_object().count("description"), 0U) << "its own view";
  EXPECT_EQ(heard[2], json::value(domain::to_string(current()->offset())));
  json::array at_admin;
  do at_admin = owner.next("/admin", "platform_update");
  while (!at_admin.empty() && at_admin[1].at("platform_id") != json::value(platform->id));
  EXPECT_EQ(at_admin[1].at("data").at("description"), json::value("For admins"));
}

TEST_F(BroadcastsByHand, ABusyConnectionGetsItOnceItReads) {
  const auto quiet = create_platform(R"({"key":"quiet","name":"Quiet"})");
  const auto busy = create_platform(R"({"key":"busy","name":"Busy"})");
  EventClient slow(port_, {}, 4'096);
  slow.send("0/client," + with_token(client_token("acme")));
  ASSERT_EQ(slow.next("/client", "client_connected").size(), 3U);
  const std::string big(30'000, 'x');
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(
        update_platform(busy->id, R"({"config":{"big":")" + big + R"(","n":)" + std::to_string(i) + "}}")
            .has_value());

  ASSERT_EQ(platform_again(quiet->id)->connections, 1U);

  json::array heard;
  do heard = slow.next("/client", "platform_update");
  while (!heard.empty() && heard[1].at("platform_id") != json::value(quiet->id));
  EXPECT_EQ(heard.size(), 3U) << "with the offset: it has been told everything by now";
}

TEST_F(BroadcastsByHand, WhatIsNotThereIsNotSent) {
  EXPECT_EQ(platform_again(4'711).error().code, Errc::not_found);
  EXPECT_EQ(platform_again(1, admin(domain::Role::viewer)).error().code, Errc::forbidden);
  EXPECT_EQ(platform_again(1, admin(domain::Role::owner, "staging")).error().code, Errc::not_found);
  EXPECT_EQ(sync(R"({"audience":{"client":4711}})").error().code, Errc::not_found);
}

TEST_F(BroadcastsByHand, AConfigSyncBringsEachClientItsWholeView) {
  ASSERT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  auto one = join_client("one");
  auto two = join_client("two");
  auto plain = connect("/client", R"({"offsets":false,"token":")" + client_token("three") + "\"}");
  ASSERT_EQ(plain.event("/client").size(), 2U);

  const auto sent = sync(R"({"reason":"restored"})");

  EXPECT_EQ(sent->connections, 3U) << "spread over a while, and all of them in the end";
  for (auto* client : {&one, &two}) {
    const auto heard = client->next("/client", "config_sync");
    ASSERT_EQ(heard.size(), 3U);
    EXPECT_EQ(heard[1].at("reason"), json::value("restored"));
    EXPECT_EQ(heard[1].at("revision"), json::value(current()->revision()));
    EXPECT_EQ(heard[1].at("snapshot").at("platforms").at(0).at("key"), json::value("web"));
    EXPECT_EQ(domain::parse_offset(heard[2].as_string()), current()->offset());
  }
  EXPECT_EQ(plain.next("/client", "config_sync").size(), 2U);
}

class SpreadSyncs : public BroadcastsByHand {
 protected:
  void SetUp() override {
    realtime_options_.sync_at_once = 0;
    realtime_options_.sync_window = std::chrono::minutes{10};
    BroadcastsByHand::SetUp();
  }
};

// Else each round would begin with the same clients, and the last ones would wait for the end of a window.
TEST_F(SpreadSyncs, OfOneAudienceGoOnWhereTheOneBeforeWas) {
  std::vector<EventClient> clients;
  for (const char* key : {"a", "b", "c", "d"}) clients.push_back(join_client(key));
  std::atomic<bool> enough{false};
  std::thread asks([&] {
    while (!enough) {
      EXPECT_TRUE(service::testing::wait_for<service::SendResult>([&](service::SendDone done) {
                    realtime_->messages().broadcast_config_sync(admin(), {}, std::move(done));
                  }).has_value());
    }
  });

  for (auto& client : clients) EXPECT_EQ(client.next("/client", "config_sync").size(), 3U);
  enough = true;
  asks.join();
}

TEST_F(BroadcastsByHand, AConfigSyncMayBeForOneClient) {
  auto one = join_client("one");
  const auto id = last_client_;
  auto two = join_client("two");

  EXPECT_EQ(sync(R"({"audience":{"client":)" + std::to_string(id) + "}}")->connections, 1U);

  EXPECT_EQ(one.event("/client")[0], json::value("config_sync"));
  EXPECT_EQ(code_of(two.ask("/client", "heartbeat")), "");
}

}  // namespace
}  // namespace togglecast::realtime::testing
