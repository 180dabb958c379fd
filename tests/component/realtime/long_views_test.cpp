// Clients whose views take far longer than a turn of the shard.
#include <string>

#include "realtime_fixture.hpp"

namespace togglecast::realtime::testing {
namespace {

class LongGreetings : public RealtimeTest {
 protected:
  // `features` with many sub-features, whose rules use almost all of their allowance, in package 1.
  void fill(int features) {
    const json::value rule = json::object{
        {"if",
         json::array{
             json::object{
                 {"none", json::array{json::array(2'300, json::value(1)),
                                      json::object{{"==", json::array{json::object{{"var", ""}}, 2}}}}}},
             "on", "off"}}};
    json::array assigned;
    for (int i = 1; i <= features; ++i) {
      json::array subs;
      for (int k = 0; k < 60; ++k) {
        const std::string key = "s" + std::to_string(k);
        subs.push_back(json::object{{"key", key}, {"name", key}, {"targeting", rule}});
      }
      const std::string key = "f" + std::to_string(i);
      make(application_->features(),
           json::object{{"key", key}, {"name", key}, {"sub_features", std::move(subs)}});
      assigned.push_back(json::object{{"feature_id", i}});
    }
    make(application_->packages(), json::object{{"key", "pro"},
                                                {"name", "Pro"},
                                                {"price", {{"amount", 0}, {"currency", "EUR"}}},
                                                {"features", std::move(assigned)}});
  }
  template <typename Service>
  void make(Service& entities, const json::value& body) {
    const auto made = service::testing::wait_for<changes::Written>(
        [&](changes::Done done) { entities.create(admin(), body, {}, std::move(done)); });
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
  void rename(domain::Id feature, const std::string& name) {
    const auto changed = service::testing::wait_for<changes::Written>([&](changes::Done done) {
      application_->features().update(admin(), feature, json::object{{"name", name}}, {}, std::move(done));
    });
    ASSERT_TRUE(changed.has_value()) << changed.error().message;
  }
  std::string subscribed(const std::string& key) {
    const auto token = client_token(key);
    const auto moved = service::testing::wait_for<changes::Written>([&](changes::Done done) {
      application_->clients().update(admin(), last_client_, json::object{{"package_id", 1}}, {},
                                     std::move(done));
    });
    EXPECT_TRUE(moved.has_value());
    return token;
  }
};

TEST_F(LongGreetings, AreCompleteAndBroughtToTheNewestState) {
  fill(4);
  const auto token = subscribed("acme");
  EventClient client(port_);
  client.send("0/client," + with_token(token));

  rename(2, "Renamed");

  EXPECT_EQ(client.packet().substr(0, 10), "0/client,{");
  const auto connected = client.event("/client");
  ASSERT_EQ(connected.size(), 3U);
  EXPECT_EQ(connected[0], "client_connected");
  const auto& features = connected[1].at("features").as_array();
  ASSERT_EQ(features.size(), 4U);
  const json::value* on = json::find(features[0].at("sub_features").at("s59"), "enabled");
  EXPECT_EQ(*on, json::value(true));
  std::string name(json::string_or_empty(features[1], "name"));
  while (name != "Renamed") {  // the change came meanwhile: it follows
    const auto update = client.event("/client");
    ASSERT_GE(update.size(), 2U);
    EXPECT_EQ(update[0], "feature_update");
    EXPECT_EQ(update[1].at("feature_id"), json::value(2));
    name = json::string_or_empty(update[1].at("data"), "name");
  }
  EXPECT_EQ(client.ask("/client", "config_check").at("up_to_date"), json::value(true));
}

TEST_F(LongGreetings, OfOtherConnectionsLetHeartbeatsThrough) {
  fill(8);
  auto quick = join_client("quick");
  const auto token = subscribed("acme");
  std::vector<EventClient> slow;
  for (int i = 0; i < 6; ++i) {
    slow.emplace_back(port_);
    slow.back().send("0/client," + with_token(token));
  }

  EXPECT_EQ(quick.ask("/client", "heartbeat").at("revision").is_int64(), true);

  for (auto& client : slow) EXPECT_EQ(client.next("/client", "client_connected").size(), 3U);
}

TEST_F(LongGreetings, AnswerOneFeatureAndAnotherContext) {
  fill(2);
  auto client = connect("/client", with_token(subscribed("acme")));
  ASSERT_EQ(client.next("/client", "client_connected").size(), 3U);

  const auto status = client.ask("/client", "feature_check", R"({"feature":"f2","sub_feature":"s7"})");
  const auto again = client.ask("/client", "client_connect", R"({"context":{"region":"eu"}})");

  EXPECT_EQ(status.at("key"), json::value("s7"));
  EXPECT_EQ(status.at("enabled"), json::value(true));
  EXPECT_EQ(again.at("features").as_array().size(), 2U);
  rename(1, "Renamed");
  EXPECT_EQ(client.next("/client", "feature_update").at(1).at("data").at("name"), json::value("Renamed"));
}

TEST_F(LongGreetings, AreSentAgainFeatureByFeatureAsTheyAreByThen) {
  fill(1);
  const auto token = subscribed("acme");
  std::vector<EventClient> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(
        connect("/client", R"({"token":")" + token + R"(","context":{"n":)" + std::to_string(i) + "}}"));
    ASSERT_EQ(clients.back().next("/client", "client_connected").size(), 3U);
  }
  for (const char* name : {"First", "Second"}) {
    const auto sent = service::testing::wait_for<service::SendResult>([&](service::SendDone done) {
      realtime_->messages().broadcast_feature_update(admin(), 1, std::move(done));
    });
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(sent->connections, 4U);
    rename(1, name);
  }

  for (auto& client : clients) {
    std::string name;
    for (int updates = 0; name != "Second"; ++updates) {
      ASSERT_LT(updates, 5);
      name = json::string_or_empty(client.next("/client", "feature_update").at(1).at("data"), "name");
    }
    EXPECT_EQ(client.ask("/client", "config_check").at("up_to_date"), json::value(true));
  }
}

// Each waits for the view of the one before, and none takes its place.
TEST_F(LongGreetings, AreAskedForAgainAndAgain) {
  fill(4);
  auto client = connect("/client", with_token(subscribed("acme")));
  ASSERT_EQ(client.next("/client", "client_connected").size(), 3U);

  for (const int id : {101, 102, 103})
    client.send("2/client," + std::to_string(id) + R"(["client_connect",{"context":{"region":"eu"}}])");

  for (const int id : {101, 102, 103}) {
    const json::value answer = client.answer("/client", id);
    ASSERT_TRUE(answer.is_object()) << id;
    EXPECT_NE(json::find(answer, "features"), nullptr) << id << ' ' << json::serialize(answer);
  }
}

}  // namespace
}  // namespace togglecast::realtime::testing
