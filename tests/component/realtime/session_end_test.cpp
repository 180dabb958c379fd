// What a connection hears when its session is over for good, and what a lower role takes along.
#include <chrono>
#include <string>

#include "realtime_fixture.hpp"
#include "service/accounts/admin_patch.hpp"
#include "support/eventually.hpp"

namespace togglecast::realtime::testing {
namespace {

using domain::Role;
using service::testing::wait_for;

class SessionEnds : public RealtimeTest {
 protected:
  void SetUp() override {
    options_.sessions.per_admin = 2;
    RealtimeTest::SetUp();
  }
  domain::Id id_of(const std::string& username) const {
    return current("system")->find_by_key<domain::AdminUser>(username)->id;
  }
  void patch(const std::string& username, const service::AdminPatch& patch) {
    EXPECT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
      application_->admins().update(admin(), id_of(username), patch, {}, done);
    }));
  }
  /// The reason of `session_ended`, which the DISCONNECT follows.
  static std::string reason(EventClient& client, const std::string& nsp) {
    const json::array ended = client.next(nsp, "session_ended");
    if (ended.size() != 2) return "(none)";
    EXPECT_NE(json::string_or_empty(ended[1], "message"), "");
    EXPECT_NE(json::string_or_empty(ended[1], "timestamp"), "");
    EXPECT_EQ(client.packet(), "1" + nsp + ",");
    return std::string(json::string_or_empty(ended[1], "reason"));
  }
};

TEST_F(SessionEnds, OneLoginTooManyTellsTheOldestSession) {
  auto oldest = join_admin();
  auto second = join_admin();

  auto third = join_admin();

  EXPECT_EQ(reason(oldest, "/admin"), "too_many_sessions");
  EXPECT_EQ(code_of(second.ask("/admin", "request_system_metrics")), "");
  EXPECT_EQ(code_of(third.ask("/admin", "request_system_metrics")), "");
}

TEST_F(SessionEnds, ANewPasswordTellsAllSessions) {
  auto jo = join_admin(admin_token("jo", Role::editor));
  clock_.advance(std::chrono::seconds{1});

  EXPECT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
    application_->admins().set_password(admin(), "jo", Secret("battery staple"), {}, done);
  }));

  EXPECT_EQ(reason(jo, "/admin"), "password_changed");
}

TEST_F(SessionEnds, ARetiredKeyEndsTheConnectionsOfItsTokensAlone) {
  auto admin_of_old = join_admin();
  auto client_of_old = join_client("old");
  const std::string kid = application_->signing_keys().list(admin())->at(0).at("kid").as_string().c_str();
  ASSERT_TRUE(wait_for<changes::Written>(
      [&](changes::Done done) { application_->signing_keys().rotate(admin(), {}, done); }));
  clock_.advance(service::kAnnounced);
  ASSERT_TRUE(test::eventually([&] {
    const json::array keys = application_->signing_keys().list(admin()).value();
    for (const json::value& key : keys)
      if (key.at("signs").as_bool()) return key.at("kid") != json::value(kid);
    return false;
  }));
  auto client_of_new = join_client("new");

  service::WriteOptions force;
  force.force = true;
  ASSERT_TRUE(wait_for<changes::Written>(
      [&](changes::Done done) { application_->signing_keys().retire(admin(), kid, force, done); }));

  EXPECT_EQ(reason(client_of_old, "/client"), "revoked");
  EXPECT_EQ(reason(admin_of_old, "/admin"), "revoked");
  EXPECT_EQ(code_of(client_of_new.ask("/client", "config_check")), "");
}

TEST_F(SessionEnds, AnAccountThatIsOffOrGoneSaysSo) {
  auto off = join_admin(admin_token("off", Role::editor));
  auto gone = join_admin(admin_token("gone", Role::viewer));

  patch("off", {.role = {}, .active = false});
  EXPECT_TRUE(wait_for<changes::Written>(
      [&](changes::Done done) { application_->admins().remove(admin(), id_of("gone"), {}, done); }));

  EXPECT_EQ(reason(off, "/admin"), "account_deactivated");
  EXPECT_EQ(reason(gone, "/admin"), "account_deleted");
}

TEST_F(SessionEnds, AClientThatIsDeletedIsTold) {
  auto acme = join_client("acme");

  EXPECT_TRUE(wait_for<changes::Written>(
      [&](changes::Done done) { application_->clients().remove(admin(), last_client_, {}, done); }));

  EXPECT_EQ(reason(acme, "/client"), "client_deleted");
}

TEST_F(SessionEnds, ASettingThatAsksForASecondFactorEndsThoseWithout) {
  auto owner = join_admin();
  auto viewer = join_admin(admin_token("jo", Role::viewer));
  const auto set = [&](const char* rule) {
    EXPECT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
      application_->settings().update(
          admin(), service::testing::parse(std::string(R"({"require_second_factor":")") + rule + "\"}"), {},
          done);
    }));
  };

  set("owners");
  EXPECT_EQ(reason(owner, "/admin"), "second_factor_setup_required");
  EXPECT_EQ(code_of(viewer.ask("/admin", "request_system_metrics")), "");
  EXPECT_EQ(viewer.transcript().find("require_second_factor"), std::string::npos)
      << "owners alone see settings";

  set("all");
  EXPECT_EQ(reason(viewer, "/admin"), "second_factor_setup_required");
  EventClient again(port_);
  again.send("0/admin," + with_token(admin_token()));
  EXPECT_NE(again.packet().find("may only set up a second factor"), std::string::npos);
}

TEST_F(SessionEnds, ASettingReachesTheOwnersThatStay) {
  auto owner = join_admin();
  EXPECT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
    application_->settings().update(admin(), service::testing::parse(R"({"password_login":true})"), {}, done);
  }));

  const json::array update = owner.next("/admin", "entity_update");
  ASSERT_GE(update.size(), 2U);
  EXPECT_EQ(json::string_or_empty(update[1], "entity_type"), "settings");
  EXPECT_EQ(update[1].at("data").at("password_login"), json::value(true));
}

// The timer of its expiry comes a moment later. Until then a change of its client must not end it for good.
TEST_F(SessionEnds, ATokenThatHasJustExpiredEndsTheConnectionAndNotItsClient) {
  auto acme = connect("/client", with_token(client_token("acme", admin(), R"({"expires_in":60})")));
  EXPECT_EQ(acme.next("/client", "client_connected").size(), 3U);

  clock_.advance(std::chrono::seconds(61));
  ASSERT_TRUE(issue_token(last_client_).has_value());

  EXPECT_EQ(acme.packet(), "") << "closed, without session_ended and DISCONNECT";
  EXPECT_EQ(acme.transcript().find("session_ended"), std::string::npos);
  EXPECT_EQ(acme.transcript().find("41/client"), std::string::npos);
}

TEST_F(SessionEnds, ARoleThatIsTakenAwayEndsTheConnectionsOfItsEnvironment) {
  const std::string token = admin_token("jo", Role::editor);
  auto jo = join_admin(token);

  patch("jo", {.environments = service::EnvironmentRoles{{"production", Role::none}}});

  EXPECT_EQ(reason(jo, "/admin"), "role_removed");
  EventClient again(port_);
  again.send("0/admin," + with_token(token));
  const std::string refused = again.packet();
  EXPECT_NE(refused.find("forbidden"), std::string::npos) << refused;
  EXPECT_NE(refused.find("no role in the environment 'production'"), std::string::npos) << refused;
}

// The shard of the connection hears of the new role by a message. The next event does not wait for that.
TEST_F(SessionEnds, ANewRoleCountsFromTheNextEventOn) {
  auto jo = join_admin(admin_token("jo", Role::viewer));
  const std::string news = R"({"title":"T","message":"M"})";
  ASSERT_EQ(code_of(jo.ask("/admin", "broadcast_announcement", news)), "forbidden");

  patch("jo", {.environments = service::EnvironmentRoles{{"production", Role::editor}}});
  EXPECT_EQ(code_of(jo.ask("/admin", "broadcast_announcement", news)), "");

  patch("jo", {.environments = service::EnvironmentRoles{{"production", Role::viewer}}});
  const auto refused = jo.ask("/admin", "broadcast_announcement", news);
  EXPECT_EQ(code_of(refused), "forbidden");
  EXPECT_EQ(json::string_or_empty(refused.at("error"), "message"),
            "the role viewer may not send messages to connections; it takes editor");
  EXPECT_EQ(code_of(jo.ask("/admin", "request_activity_feed")), "") << "the connection stays";
}

// A list that was collected before the last follower came may be sent first.
std::vector<std::string> viewers_once(EventClient& admin, std::size_t count) {
  for (;;) {
    const auto told = admin.next("/admin", "entity_presence");
    if (told.size() < 2) return {};
    std::vector<std::string> names;
    for (const auto& viewer : told[1].at("viewers").as_array())
      names.emplace_back(json::string_or_empty(viewer, "username"));
    if (names.size() == count) return names;
  }
}

TEST_F(SessionEnds, ADemotedOwnerLeavesWhatTheRoleMayNotSee) {
  auto jo = join_admin(admin_token("jo", Role::owner));
  auto owner = join_admin();
  const std::string about_admin =
      R"({"entity_type":"admin","entity_id":)" + std::to_string(id_of("owner")) + "}";
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  const std::string about_platform =
      R"({"entity_type":"platform","entity_id":)" + std::to_string(platform->id) + "}";
  ASSERT_EQ(code_of(jo.ask("/admin", "subscribe_entity_updates", about_admin)), "");
  ASSERT_EQ(code_of(jo.ask("/admin", "subscribe_entity_updates", about_platform)), "");
  (void)jo.next("/admin", "entity_presence");
  ASSERT_EQ(code_of(owner.ask("/admin", "subscribe_entity_updates", about_admin)), "");
  EXPECT_EQ(viewers_once(owner, 2).size(), 2U);

  patch("jo", {.role = Role::editor, .active = {}});

  const auto left = jo.next("/admin", "entity_unsubscribed");
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[1].at("entity_type"), json::value("admin"));
  EXPECT_EQ(viewers_once(owner, 1), std::vector<std::string>{"owner"});
  ASSERT_EQ(code_of(owner.ask("/admin", "subscribe_entity_updates", about_platform)), "");
  EXPECT_EQ(viewers_once(owner, 2).size(), 2U) << "an editor still sees platforms";
}

}  // namespace
}  // namespace togglecast::realtime::testing
