// Two environments in one server, with the same keys and ids in both: not a byte of one reaches a connection
// of the other.
#include <string>
#include <vector>

#include "realtime_fixture.hpp"

namespace togglecast::realtime::testing {
namespace {

using service::testing::parse;
using service::testing::wait_for;

// Every text of an environment carries its mark, such as "prod-mark".
class Environments : public RealtimeTest {
 protected:
  struct Side {
    std::string environment, mark;
    domain::Id platform = 0, feature = 0, package = 0, client = 0;
    std::vector<EventClient> connections{};  // a client, one without a package, an admin
  };

  void SetUp() override {
    options_.environments = {"production", "staging"};
    RealtimeTest::SetUp();
  }

  template <typename Service>
  domain::Id make(Service& service, const Side& side, const std::string& body) {
    const auto made = wait_for<changes::Written>([&](changes::Done done) {
      service.create(admin(domain::Role::owner, side.environment), parse(body), {}, done);
    });
    EXPECT_TRUE(made.has_value()) << made.error().message << body;
    return made ? made->id : 0;
  }
  template <typename Service>
  void alter(Service& service, const Side& side, domain::Id id, const std::string& body) {
    const auto made = wait_for<changes::Written>([&](changes::Done done) {
      service.update(admin(domain::Role::owner, side.environment), id, parse(body), {}, done);
    });
    EXPECT_TRUE(made.has_value()) << made.error().message << body;
  }
  std::string admin_token_of(const Side& side) {
    service::Login request;
    request.username = "owner";
    request.password = Secret(std::string(kPassword));
    request.throttled_as = "192.0.2.1";
    request.session.environment = side.environment;
    auto answer = wait_for<service::LoggedIn>(
        [&](service::LoginDone done) { application_->admins().login(request, {}, done); });
    EXPECT_TRUE(answer.has_value()) << answer.error().message;
    return std::string(answer->token.reveal());
  }
  std::string text(const Side& side, const std::string& words = "") {
    return "\"" + side.mark + words + "\"";
  }

  void fill(Side& side) {
    auto& application = *application_;
    side.platform = make(application.platforms(), side, R"({"key":"web","name":)" + text(side) + "}");
    side.feature = make(application.features(), side,
                        R"({"key":"chat","name":)" + text(side) + R"(,"variants":{"on":)" + text(side) +
                            R"(,"off":"none"},"defaultVariant":"on"})");
    side.package = make(application.packages(), side,
                        R"({"key":"pro","name":)" + text(side) + R"(,"features":[{"feature_id":)" +
                            std::to_string(side.feature) + "}]}");
    const auto who = admin(domain::Role::owner, side.environment);
    const std::string token = client_token("acme", who);
    side.client = last_client_;
    alter(application.clients(), side, side.client,
          R"({"name":)" + text(side) + R"(,"package_id":)" + std::to_string(side.package) + "}");
    const std::string other = client_token("basic", who);
    for (const std::string& one : {token, other})
      side.connections.push_back(connect("/client", with_token(one)));
    side.connections.push_back(connect("/admin", with_token(admin_token_of(side))));
  }
  void change_everything(Side& side) {
    auto& application = *application_;
    alter(application.platforms(), side, side.platform, R"({"name":)" + text(side, " 2") + "}");
    alter(application.features(), side, side.feature, R"({"name":)" + text(side, " 2") + "}");
    alter(application.packages(), side, side.package, R"({"name":)" + text(side, " 2") + "}");
    alter(application.clients(), side, side.client,
          R"({"attributes":{"tier":)" + text(side) + R"(},"name":)" + text(side, " 2") + "}");
    make(application.platforms(), side, R"({"key":"ios","name":)" + text(side) + "}");
  }
  // Messages, stored entities and full states, to all of the environment.
  void send_everything(const Side& side) {
    auto& messages = realtime_->messages();
    const auto who = admin(domain::Role::owner, side.environment);
    const auto sent = [](auto&& send) {
      const auto outcome =
          wait_for<service::SendResult>([&](service::SendDone done) { send(std::move(done)); });
      ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
      EXPECT_GT(outcome->connections, 0U);
      EXPECT_LE(outcome->connections, 3U);
    };
    service::Message message;
    message.title = message.message = side.mark;
    sent(
        [&](auto done) { messages.broadcast_announcement(who, {.message = message, .audience = {}}, done); });
    sent([&](auto done) {
      messages.send_admin_notification(
          who, service::AdminNotification{.message = message, .admin = 0, .role = {}}, done);
    });
    sent([&](auto done) {
      messages.send_client_notification(who, {.message = message, .client = side.client}, done);
    });
    sent([&](auto done) { messages.broadcast_platform_update(who, side.platform, done); });
    sent([&](auto done) { messages.broadcast_feature_update(who, side.feature, done); });
    sent([&](auto done) { messages.broadcast_package_update(who, side.package, done); });
    sent([&](auto done) { messages.broadcast_config_sync(who, {}, done); });
    service::SystemStatus status;
    status.status = service::SystemStatus::Value::degraded;
    status.message = side.mark;
    sent([&](auto done) { messages.broadcast_system_status(who, status, done); });
  }
  void ask_everything(Side& side) {
    auto& admin = side.connections.back();
    const std::string entity =
        R"({"entity_type":"feature","entity_id":)" + std::to_string(side.feature) + "}";
    for (const char* event : {"request_dashboard_update", "request_activity_feed", "request_system_metrics"})
      EXPECT_EQ(code_of(admin.ask("/admin", event)), "") << event;
    EXPECT_EQ(code_of(admin.ask("/admin", "subscribe_entity_updates", entity)), "");
    auto& client = side.connections.front();
    EXPECT_EQ(code_of(client.ask("/client", "feature_check", R"({"feature":"chat"})")), "");
    EXPECT_EQ(code_of(client.ask("/client", "config_check", R"({"revision":3})")), "");
    EXPECT_EQ(code_of(client.ask("/client", "report_metrics",
                                 R"({"metrics":[{"name":)" + text(side) + R"(,"value":1}]})")),
              "");
  }
  // Everything sent so far has come when the last change has.
  void read_to_the_end(Side& side) {
    const auto last = make(application_->platforms(), side, R"({"key":"last","name":)" + text(side) + "}");
    for (auto& connection : side.connections) {
      const std::string_view nsp = &connection == &side.connections.back() ? "/admin" : "/client";
      while (true) {
        const auto update = connection.next(nsp, "platform_update");
        ASSERT_GE(update.size(), 2U) << "the connection ended";
        if (update[1].at("platform_id").as_int64() == last) break;
      }
    }
  }
  static void expect_no_byte_of(const Side& other, const Side& side) {
    for (const auto& connection : side.connections) {
      const std::string& seen = connection.transcript();
      const auto leak = seen.find(other.mark);
      EXPECT_EQ(leak, std::string::npos)
          << "to " << side.environment << ": "
          << (leak == std::string::npos ? "" : seen.substr(leak < 300 ? 0 : leak - 300, 400));
      EXPECT_NE(seen.find(side.mark), std::string::npos) << "it does hear of its own";
      // Admins belong to the installation: their sessions name environments.
      const bool is_client = &connection != &side.connections.back();
      EXPECT_TRUE(!is_client || seen.find(other.environment) == std::string::npos);
    }
  }
  // Everything that can happen in both.
  void expect_apart(Side& one, Side& other) {
    ASSERT_EQ(one.feature, other.feature) << "the same ids mean different things";
    ASSERT_EQ(one.client, other.client);
    ASSERT_EQ(one.package, other.package);
    for (Side* side : {&one, &other}) {
      ask_everything(*side);
      change_everything(*side);
      send_everything(*side);
    }
    for (Side* side : {&one, &other}) read_to_the_end(*side);

    expect_no_byte_of(other, one);
    expect_no_byte_of(one, other);
    for (const Side* side : {&one, &other}) {
      const std::string& client = side->connections.front().transcript();
      for (const char* event : {"platform_update", "feature_update", "package_update", "announcement",
                                "client_notification", "config_sync", "system_status"})
        EXPECT_NE(client.find(event), std::string::npos) << side->environment << " heard no " << event;
    }
  }
};

TEST_F(Environments, NoByteCrossesBetweenThem) {
  Side production{.environment = "production", .mark = "prod-mark"};
  Side staging{.environment = "staging", .mark = "stag-mark"};
  fill(production);
  fill(staging);

  expect_apart(production, staging);
}

TEST_F(Environments, OneThatBeginsWhileTheServerRunsIsServedAndApartToo) {
  Side production{.environment = "production", .mark = "prod-mark"};
  fill(production);
  const auto added = wait_for<bool>([&](std::function<void(Result<bool>)> done) {
    application_->add_environment("preview", [done = std::move(done)](const Result<void>& outcome) {
      done(outcome.map([] { return true; }));
    });
  });
  ASSERT_TRUE(added.has_value()) << added.error().message;
  Side preview{.environment = "preview", .mark = "prev-mark"};
  fill(preview);

  expect_apart(production, preview);
}

TEST_F(Environments, ATokenOpensItsOwnEnvironmentAndShowsItsRevisions) {
  Side production{.environment = "production", .mark = "prod-mark"};
  Side staging{.environment = "staging", .mark = "stag-mark"};
  fill(production);
  for (int i = 0; i < 3; ++i)
    alter(application_->platforms(), production, production.platform,
          R"({"config":{"n":)" + std::to_string(i) + "}}");
  fill(staging);

  for (Side* side : {&production, &staging}) {
    auto& client = side->connections.front();
    EXPECT_EQ(client.ask("/client", "heartbeat").at("revision"),
              json::value(current(side->environment)->revision()));
  }
  EXPECT_NE(current("production")->revision(), current("staging")->revision());
}

}  // namespace
}  // namespace togglecast::realtime::testing
