// One tenant's connection, watched byte by byte through everything that can happen: nothing about another
// tenant and nothing of a rule may come.
#include <string>

#include "realtime_fixture.hpp"

namespace togglecast::realtime::testing {
namespace {

using service::testing::parse;
using service::testing::wait_for;

class Isolation : public RealtimeTest {
 protected:
  template <typename Service>
  domain::Id make(Service& service, const std::string& body) {
    const auto made = wait_for<changes::Written>(
        [&](changes::Done done) { service.create(admin(), parse(body), {}, done); });
    EXPECT_TRUE(made.has_value()) << made.error().message << body;
    return made ? made->id : 0;
  }
  template <typename Service>
  void change(Service& service, domain::Id id, const std::string& body) {
    const auto made = wait_for<changes::Written>(
        [&](changes::Done done) { service.update(admin(), id, parse(body), {}, done); });
    EXPECT_TRUE(made.has_value()) << made.error().message << body;
  }
  static std::string text(domain::Id id) { return std::to_string(id); }
};

// Whatever a tenant must not see is called by a word that begins with "zz~", which no random id
// contains.
TEST_F(Isolation, NoByteAboutAnotherTenantOrARuleReachesAClient) {
  auto& application = *application_;
  make(application.segments(),
       R"({"key":"zz~segment","name":"zz~","rule":{"==":[{"var":"zz~var"},"zz~rule"]}})");
  const std::string rule =
      R"("description":"zz~words","metadata":{"zz~meta":"zz~"},
         "targeting":{"if":[{"or":[{"$ref":"zz~segment"},{"in":[{"var":"client.zz~attribute"},["zz~a","zz~b"]]}]},"on","off"]})";
  const auto shared =
      make(application.features(), R"({"key":"shared","name":"Shared",)" + rule +
                                       R"(,"sub_features":[{"key":"part","name":"Part",)" + rule + "}]}");
  const auto secret = make(application.features(), R"({"key":"zz~feature","name":"zz~",)" + rule + "}");
  const auto granted = make(application.features(), R"({"key":"granted","name":"Granted",)" + rule + "}");
  const auto platform = make(application.platforms(), R"({"key":"web","name":"Web","description":"zz~words",
                                                      "maintenance_note":"zz~note"})");
  const auto basic =
      make(application.packages(),
           R"({"key":"basic","name":"Basic","features":[{"feature_id":)" + text(shared) + "}]}");
  const auto others =
      make(application.packages(), R"({"key":"zz~package","name":"zz~","features":[{"feature_id":)" +
                                       text(secret) + "},{\"feature_id\":" + text(shared) + "}]}");

  const std::string token = client_token("acme");
  const auto mine = last_client_;
  change(application.clients(), mine,
         R"({"package_id":)" + text(basic) + R"(,"attributes":{"zz~attribute":"zz~own"}})");
  auto rival = connect("/client", with_token(client_token("zz~rival")));
  const auto theirs = last_client_;
  auto owner = join_admin();
  auto client = connect("/client", with_token(token));
  ASSERT_EQ(client.next("/client", "client_connected").size(), 3U);

  // What happens to others, and to what is shared.
  change(application.clients(), theirs, R"({"name":"zz~renamed","package_id":)" + text(others) + "}");
  change(application.features(), secret, R"({"name":"zz~2"})");
  change(application.features(), shared, R"({"name":"Shared 2","description":"zz~more"})");
  change(application.platforms(), platform, R"({"config":{"theme":"dark"},"maintenance_note":"zz~later"})");
  change(application.packages(), others, R"({"name":"zz~plus"})");
  change(application.packages(), basic, R"({"price":{"amount":900,"currency":"EUR"}})");
  const auto override_for = [&](domain::Id who, domain::Id feature, const std::string& body) {
    const auto set = wait_for<changes::Written>([&](changes::Done done) {
      application.clients().set_override(admin(), who, feature, parse(body), {}, done);
    });
    EXPECT_TRUE(set.has_value()) << set.error().message;
  };
  override_for(theirs, shared, R"({"value":true,"reason":"zz~reason"})");
  override_for(mine, granted, R"({"value":true,"reason":"zz~reason"})");

  // Messages that are for others, stored state once more, whole views.
  const auto announce = [&](const std::string& audience) {
    return owner.ask("/admin", "broadcast_announcement",
                     R"({"title":"zz~title","message":"zz~","audience":)" + audience + "}");
  };
  EXPECT_EQ(announce("\"admins\"").at("recipients"), json::value(1));
  EXPECT_EQ(announce("\"package:" + text(others) + "\"").at("recipients"), json::value(1));
  EXPECT_EQ(announce("{\"client\":" + text(theirs) + "}").at("recipients"), json::value(1));
  auto& by_hand = realtime_->messages();
  const auto told = [&](auto&& send) {
    const auto outcome =
        wait_for<service::SendResult>([&](service::SendDone done) { send(std::move(done)); });
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
  };
  told([&](auto done) { by_hand.broadcast_feature_update(admin(), secret, done); });
  told([&](auto done) { by_hand.broadcast_feature_update(admin(), shared, done); });
  told([&](auto done) { by_hand.broadcast_package_update(admin(), others, done); });
  told([&](auto done) { by_hand.broadcast_package_update(admin(), basic, done); });
  told([&](auto done) { by_hand.broadcast_platform_update(admin(), platform, done); });
  told([&](auto done) { by_hand.broadcast_config_sync(admin(), {}, done); });
  (void)rival.ask("/client", "report_metrics", R"({"metrics":[{"name":"other.metric","value":1}]})");

  // What it asks itself: also for what it has no business to know.
  for (const std::string& asked : {std::string("\"shared\""), text(shared), text(secret), text(4'711)})
    (void)client.ask("/client", "feature_check", "{\"feature\":" + asked + "}");
  (void)client.ask("/client", "feature_check", R"({"feature":"shared","sub_feature":"part"})");
  for (const auto* event : {"config_check", "report_metrics", "request_dashboard_update", "client_connect",
                            "subscribe_entity_updates", "broadcast_announcement", "heartbeat", "config_ack"})
    (void)client.ask("/client", event, R"({"entity_type":"client","entity_id":)" + text(theirs) + "}");
  (void)client.ask("/client", "config_check", R"({"revision":1})");

  // Moved to the others' package and back: gains and losses, and still no rule.
  const auto end = client.ask("/client", "heartbeat");
  EXPECT_GT(end.at("revision").as_int64(), 0);
  const std::string& seen = client.transcript();
  EXPECT_EQ(seen.find("zz~"), std::string::npos)
      << seen.substr(std::max(seen.find("zz~"), std::size_t{200}) - 200, 400);
  for (const auto* leak :
       {"other.metric", "targeting\":", "variants\":", "defaultVariant", "$ref", "\"overrides\"", "actor"})
    EXPECT_EQ(seen.find(leak), std::string::npos) << leak;
  for (const auto* own :
       {"Shared 2", "dark", "granted", "config_sync", "feature_update", "package_update", "900"})
    EXPECT_NE(seen.find(own), std::string::npos) << "it does see " << own << "\n" << seen;
}

}  // namespace
}  // namespace togglecast::realtime::testing
