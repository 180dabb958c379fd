// POST /api/v1/broadcasts/{name}: what reaches the port, who may, and what is refused. How connections are
// told is tested in tests/component/realtime.
#include "service/messages/message_sender.hpp"

#include <atomic>
#include <stdexcept>
#include <utility>
#include <vector>

#include "api_fixture.hpp"
#include "support/eventually.hpp"

namespace togglecast::testing {
namespace {

// Writes down what is asked of it, and says that three connections were addressed.
class Recorder final : public service::MessageSender {
 public:
  using Who = const service::Principal&;
  using Done = service::SendDone;

  void broadcast_platform_update(Who, domain::Id id, Done done) override { note("platform", id, done); }
  void broadcast_feature_update(Who, domain::Id id, Done done) override { note("feature", id, done); }
  void broadcast_package_update(Who, domain::Id id, Done done) override { note("package", id, done); }
  void broadcast_config_sync(Who, const service::ConfigSync& sync, Done done) override {
    note("sync " + sync.reason, sync.audience.id, done);
  }
  void send_admin_notification(Who, const service::AdminNotification& what, Done done) override {
    note("admins " + what.message.title, what.admin, done);
  }
  void send_client_notification(Who, const service::ClientNotification& what, Done done) override {
    note("client " + what.message.title, what.client, done);
  }
  void broadcast_system_status(Who, service::SystemStatus status, Done done) override {
    note("status " + status.message, static_cast<domain::Id>(status.status), done);
  }
  void broadcast_announcement(Who, const service::Announcement& what, Done done) override {
    note("announcement " + what.message.title, what.audience.id, done);
  }

  void open_deliveries(const std::string&, const std::string&, OpenDone done) override { done({}); }

  std::vector<std::string> asked;
  std::atomic<bool> breaks{false};  ///< the next one does

 private:
  void note(const std::string& what, domain::Id id, const Done& done) {
    if (breaks.exchange(false)) throw std::runtime_error("no memory");
    asked.push_back(what + " " + std::to_string(id));
    if (id == 4'711) return done(fail(Errc::not_found, "there is no 4711"));
    done(service::SendResult{"message-1", 42, 3});
  }
};

class BroadcastRoutes : public ::testing::Test {
 protected:
  static HouseOptions with_port(Recorder& port) {
    HouseOptions options;
    options.api.messages = &port;
    return options;
  }
  [[nodiscard]] HttpReply post(const std::string& name, const std::string& body,
                               const std::string& key = {}) const {
    const HttpHeaders headers = key.empty() ? owner_ : with(owner_, "Idempotency-Key", key);
    return server_.send("POST", "/api/v1/broadcasts/" + name, headers, body);
  }

  Recorder port_;
  ApiServer server_{with_port(port_)};
  HttpHeaders owner_ = server_.owner();
};

TEST_F(BroadcastRoutes, EachNameReachesItsMethodAndTheAnswerCountsConnections) {
  const auto answer = post("broadcast_platform_update", R"({"platform_id":1})");
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(json::canonical(answer.parsed()), R"({"connections":3,"id":"message-1","revision":42})");

  (void)post("broadcast_feature_update", R"({"feature_id":2})");
  (void)post("broadcast_package_update", R"({"package_id":3})");
  (void)post("broadcast_config_sync", R"({"reason":"r","audience":{"client":4}})");
  (void)post("send_admin_notification", R"({"title":"t","message":"m","admin_id":5})");
  (void)post("send_client_notification", R"({"title":"t","message":"m","client_id":6})");
  (void)post("broadcast_system_status", R"({"status":"maintenance","message":"m"})");
  (void)post("broadcast_announcement", R"({"title":"t","message":"m","audience":{"package":7}})");

  const std::vector<std::string> expected{"platform 1", "feature 2",  "package 3",  "sync r 4",
                                          "admins t 5", "client t 6", "status m 2", "announcement t 7"};
  EXPECT_EQ(port_.asked, expected);
}

TEST_F(BroadcastRoutes, AnUnknownNameIsAnsweredWithTheKnownOnes) {
  const auto answer = post("broadcast_everything", "{}");

  EXPECT_EQ(answer.status, 404U);
  for (const auto* name : {"broadcast_platform_update", "broadcast_feature_update",
                           "broadcast_package_update", "broadcast_config_sync", "send_admin_notification",
                           "send_client_notification", "broadcast_system_status", "broadcast_announcement"})
    EXPECT_NE(answer.body.find(name), std::string::npos) << name;
}

TEST_F(BroadcastRoutes, WhatIsWrongIsNamed) {
  EXPECT_EQ(pointer_of(post("broadcast_platform_update", "{}")), "/platform_id");
  EXPECT_EQ(pointer_of(post("broadcast_platform_update", R"({"platform_id":"1"})")), "/platform_id");
  EXPECT_EQ(pointer_of(post("broadcast_feature_update", R"({"feature_id":1,"data":{}})")), "/data");
  EXPECT_EQ(pointer_of(post("send_client_notification", R"({"title":"t","message":"m"})")), "/client_id");
  EXPECT_EQ(post("broadcast_platform_update", R"({"platform_id":4711})").status, 404U);
  EXPECT_TRUE(port_.asked == std::vector<std::string>{"platform 4711"}) << "the others got nowhere";
}

TEST_F(BroadcastRoutes, UnderOneKeyEachIsSentOnce) {
  const std::pair<std::string, std::string> requests[] = {
      {"broadcast_platform_update", R"({"platform_id":1})"},
      {"broadcast_feature_update", R"({"feature_id":2})"},
      {"broadcast_package_update", R"({"package_id":3})"},
      {"broadcast_config_sync", R"({"reason":"r"})"},
      {"send_admin_notification", R"({"title":"t","message":"m"})"},
      {"send_client_notification", R"({"title":"t","message":"m","client_id":6})"},
      {"broadcast_announcement", R"({"title":"t","message":"m"})"},
      {"broadcast_system_status", R"({"status":"ok"})"}};
  for (const auto& [name, body] : requests) {
    const auto first = post(name, body, "once-" + name);
    const auto second = post(name, body, "once-" + name);
    EXPECT_EQ(first.status, 200U) << first.body;
    EXPECT_EQ(first.header("idempotency-replayed"), "");
    EXPECT_EQ(second.status, 200U) << second.body;
    EXPECT_EQ(second.header("idempotency-replayed"), "true");
    EXPECT_EQ(second.body, first.body);
  }

  EXPECT_EQ(port_.asked.size(), std::size(requests));
}

TEST_F(BroadcastRoutes, AKeyBelongsToOneRequestOfOneAdmin) {
  const std::string hello = R"({"title":"hello","message":"m"})";
  (void)post("send_admin_notification", hello, "k");

  EXPECT_EQ(code_of(post("send_admin_notification", R"({"title":"other","message":"m"})", "k")), "conflict");
  EXPECT_EQ(post("broadcast_platform_update", R"({"platform_id":1})", "k").status, 409U);
  EXPECT_EQ(code_of(post("send_admin_notification", hello, "with space")), "invalid_argument");
  EXPECT_EQ(port_.asked.size(), 1U);
  const auto editor = with(server_.admin("writer", domain::Role::editor), "Idempotency-Key", "k");
  EXPECT_EQ(server_.send("POST", "/api/v1/broadcasts/send_admin_notification", editor, hello).status, 200U);
  EXPECT_EQ(port_.asked.size(), 2U);
}

TEST_F(BroadcastRoutes, WhatWasRefusedMayBeSentAgainUnderItsKey) {
  const std::string unknown = R"({"platform_id":4711})";

  EXPECT_EQ(post("broadcast_platform_update", unknown, "k").status, 404U);
  EXPECT_EQ(post("broadcast_platform_update", unknown, "k").status, 404U);
  EXPECT_EQ(post("broadcast_platform_update", R"({"platform":1})", "k").status, 400U);
  EXPECT_EQ(post("broadcast_platform_update", R"({"platform_id":1})", "k").status, 200U);
  EXPECT_EQ(port_.asked.size(), 3U);
}

TEST_F(BroadcastRoutes, WhatBrokeIsAnsweredAndMayBeSentAgainUnderItsKey) {
  port_.breaks = true;

  EXPECT_EQ(code_of(post("broadcast_platform_update", R"({"platform_id":1})", "k")), "internal");
  EXPECT_EQ(post("broadcast_platform_update", R"({"platform_id":1})", "k").status, 200U);
  EXPECT_TRUE(test::eventually([this] { return server_.log().find("no memory") != std::string::npos; }));
}

TEST_F(BroadcastRoutes, ViewersAndClientsMayNotAndEditorsMay) {
  const auto post_as = [&](const HttpHeaders& who, const std::string& body) {
    return server_.send("POST", "/api/v1/broadcasts/broadcast_platform_update", who, body).status;
  };

  EXPECT_EQ(post_as(server_.admin("watcher", domain::Role::viewer), "{}"), 403U) << "whatever the body";
  EXPECT_EQ(post_as(server_.client(owner_), R"({"platform_id":1})"), 403U);
  EXPECT_EQ(post_as({}, R"({"platform_id":1})"), 401U);
  EXPECT_EQ(post_as(server_.admin("writer", domain::Role::editor), R"({"platform_id":1})"), 200U);
}

}  // namespace
}  // namespace togglecast::testing
