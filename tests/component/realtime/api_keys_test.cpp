// Machines on `/admin`: what an API key opens there, and when that ends.
#include <string>

#include "realtime_fixture.hpp"
#include "service/api_keys/api_key_service.hpp"

namespace togglecast::realtime::testing {
namespace {

using service::testing::parse;
using service::testing::wait_for;

class MachineConnections : public RealtimeTest {
 protected:
  service::MadeApiKey make(const std::string& members) {
    auto made = wait_for<service::MadeApiKey>([&](service::MadeApiKeyDone done) {
      application_->api_keys().create(admin(), parse(R"({"name":"mirror",)" + members + "}"), {}, done);
    });
    EXPECT_TRUE(made.has_value());
    return made.value();
  }
  void patch(const service::MadeApiKey& key, const std::string& body) {
    EXPECT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
      application_->api_keys().update(admin(), id_of(key), parse(body), {}, done);
    }));
  }
  static domain::Id id_of(const service::MadeApiKey& key) { return key.record.at("id").as_int64(); }
  static std::string auth(const service::MadeApiKey& key) { return with_token(key.key.reveal()); }
  EventClient join(const service::MadeApiKey& key) { return join_admin(key.key.reveal()); }
  static std::string reason(EventClient& client) {
    const json::array ended = client.next("/admin", "session_ended");
    return ended.size() == 2 ? std::string(json::string_or_empty(ended[1], "reason")) : "(none)";
  }
  std::string refusal(std::string_view nsp, const std::string& with) {
    EventClient client(port_);
    client.send("0" + std::string(nsp) + "," + with);
    return client.packet();
  }
};

TEST_F(MachineConnections, HearOfChangesAndAskForWhatTheirScopesName) {
  auto machine = connect("/admin", auth(make(R"("scopes":["stream"])")));
  const auto greeting = machine.next("/admin", "admin_connected");
  ASSERT_EQ(greeting.size(), 3U);
  EXPECT_EQ(json::serialize(greeting[1].at("machine").at("scopes")), R"(["stream"])");
  EXPECT_EQ(json::find(greeting[1], "admin"), nullptr);

  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  EXPECT_EQ(machine.next("/admin", "platform_update").at(1).at("platform_id"), json::value(platform->id));
  EXPECT_EQ(code_of(machine.ask("/admin", "config_check")), "");
  for (const char* event : {"request_activity_feed", "request_dashboard_update", "request_system_metrics",
                            "subscribe_entity_updates", "asset_get", "broadcast_announcement", "message_ack"})
    EXPECT_EQ(code_of(machine.ask("/admin", event)), "forbidden") << event;

  auto reader = join(make(R"("scopes":["stream","read"])"));
  EXPECT_EQ(code_of(reader.ask("/admin", "request_activity_feed")), "");
  EXPECT_EQ(code_of(reader.ask("/admin", "broadcast_announcement")), "forbidden");
}

TEST_F(MachineConnections, NeedTheScopeStreamAndNeverOpenTheClientsNamespace) {
  EXPECT_NE(refusal("/admin", auth(make(R"("scopes":["read"])"))).find("it takes the scope stream"),
            std::string::npos);
  EXPECT_NE(
      refusal("/client", auth(make(R"("scopes":["stream"])"))).find("API keys do not open this namespace"),
      std::string::npos);
  EXPECT_NE(refusal("/admin", with_token("tck_unknown")).find("token_invalid"), std::string::npos);
  EXPECT_NE(refusal("/admin", auth(make(R"("scopes":["stream"],"addresses":["192.0.2.1"])")))
                .find("may not be used from the address"),
            std::string::npos);
}

TEST_F(MachineConnections, EndWhenTheirKeyDoes) {
  const auto revoked = make(R"("scopes":["stream"])");
  const auto off = make(R"("scopes":["stream"])");
  const auto moved = make(R"("scopes":["stream"],"addresses":["127.0.0.0/8"])");
  const auto narrowed = make(R"("scopes":["stream","read"])");
  const auto kept = make(R"("scopes":["stream"],"addresses":["127.0.0.0/8"])");
  auto on_revoked = join(revoked);
  auto on_off = join(off);
  auto on_moved = join(moved);
  auto on_narrowed = join(narrowed);
  auto on_kept = join(kept);

  EXPECT_TRUE(wait_for<changes::Written>(
      [&](changes::Done done) { application_->api_keys().remove(admin(), id_of(revoked), {}, done); }));
  patch(off, R"({"active":false})");
  patch(moved, R"({"addresses":["192.0.2.0/24"]})");
  patch(narrowed, R"({"scopes":["read"]})");
  patch(kept, R"({"name":"another name"})");

  EXPECT_EQ(reason(on_revoked), "api_key_revoked");
  EXPECT_EQ(reason(on_off), "api_key_deactivated");
  EXPECT_EQ(reason(on_moved), "api_key_changed");
  EXPECT_EQ(reason(on_narrowed), "api_key_changed");
  EXPECT_EQ(code_of(on_kept.ask("/admin", "config_check")), "");
}

TEST_F(MachineConnections, AScopeThatIsTakenAwayCountsFromTheNextEventOn) {
  const auto key = make(R"("scopes":["stream","read"])");
  auto machine = join(key);
  ASSERT_EQ(code_of(machine.ask("/admin", "request_activity_feed")), "");

  patch(key, R"({"scopes":["stream"]})");

  EXPECT_EQ(code_of(machine.ask("/admin", "request_activity_feed")), "forbidden");
  EXPECT_EQ(code_of(machine.ask("/admin", "config_check")), "");
}

// The account of the owner and the first key have the same id.
TEST_F(MachineConnections, AreNobodysAccount) {
  const auto key = make(R"("scopes":["stream","read"])");
  ASSERT_EQ(id_of(key), 1);
  auto machine = join(key);
  auto owner = join_admin();
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  const std::string about = R"({"entity_type":"platform","entity_id":)" + std::to_string(platform->id) + "}";

  ASSERT_EQ(code_of(machine.ask("/admin", "subscribe_entity_updates", about)), "");
  ASSERT_EQ(code_of(owner.ask("/admin", "subscribe_entity_updates", about)), "");
  const auto viewers = owner.next("/admin", "entity_presence").at(1).at("viewers").as_array();
  ASSERT_EQ(viewers.size(), 1U);
  EXPECT_EQ(viewers[0].at("username"), json::value("owner"));
  EXPECT_EQ(code_of(owner.ask("/admin", "admin_connect", auth(key))), "forbidden") << "somebody else";
  EXPECT_EQ(code_of(machine.ask("/admin", "admin_connect", with_token(admin_token()))), "forbidden");
}

TEST_F(MachineConnections, AreToldBeforeTheirKeyExpiresAndThenClosed) {
  auto machine = join(make(R"("scopes":["stream"],"expires_in":600)"));
  auto kept = join(make(R"("scopes":["stream"])"));

  clock_.advance(std::chrono::seconds(601));
  shard_clock_.leap(std::chrono::seconds(601), *shards_);

  EXPECT_EQ(code_of(kept.ask("/admin", "config_check")), "");
  EXPECT_EQ(machine.next("/admin", "session_ended").size(), 0U) << "closed, so that it may come back";
}

}  // namespace
}  // namespace togglecast::realtime::testing
