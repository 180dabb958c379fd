// A context that cannot be used, an option of a wrong type, and numbers by value: none costs the connection,
// and none opens anything.
#include <string>

#include "realtime_fixture.hpp"

namespace togglecast::realtime::testing {
namespace {

using service::testing::parse;
using service::testing::wait_for;

class Contexts : public RealtimeTest {
 protected:
  void SetUp() override {
    RealtimeTest::SetUp();
    std::string assigned;
    for (const auto& [key, rule] : kRules) {
      const auto made = wait_for<changes::Written>([&, key = key, rule = rule](changes::Done done) {
        application_->features().create(
            admin(),
            parse(R"({"key":")" + std::string(key) +
                  R"(","name":"F","variants":{"on":true,"off":false},"defaultVariant":"off","targeting":)" +
                  std::string(rule) + "}"),
            {}, done);
      });
      ASSERT_TRUE(made.has_value()) << made.error().message;
      assigned += (assigned.empty() ? "" : ",") + (R"({"feature_id":)" + std::to_string(made->id) + "}");
    }
    const auto package = wait_for<changes::Written>([&](changes::Done done) {
      application_->packages().create(
          admin(), parse(R"({"key":"all","name":"All","features":[)" + assigned + "]}"), {}, done);
    });
    ASSERT_TRUE(package.has_value()) << package.error().message;
    token_ = client_token("acme");
    ASSERT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
      application_->clients().update(
          admin(), last_client_, parse(R"({"package_id":)" + std::to_string(package->id) + "}"), {}, done);
    }));
  }
  std::string with_context(const std::string& context) const {
    return R"({"token":")" + token_ + R"(","context":)" + context + "}";
  }
  static json::value connected(EventClient& client) {
    const auto event = client.next("/client", "client_connected");
    return event.size() == 2 || event.size() == 3 ? event[1] : json::value(json::object{});
  }
  /// `reason` and `enabled` of a feature in a view.
  static std::string answer(const json::value& view, std::string_view key) {
    for (const auto& feature : view.at("features").as_array()) {
      if (feature.at("key") != json::value(key)) continue;
      return std::string(feature.at("reason").as_string()) +
             (feature.at("enabled").as_bool() ? " on" : " off");
    }
    return "(none)";
  }
  static std::string warned(const json::value& view) {
    const auto* warnings = json::find(view, "warnings");
    return warnings == nullptr || warnings->as_array().empty()
               ? std::string()
               : std::string(warnings->as_array()[0].at("pointer").as_string());
  }

  // Each is on for those who are not in Germany, in one way or another.
  static constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {"unless", R"({"if":[{"!":{"var":"region"}},"on","off"]})"},
      {"lacks", R"({"if":[{"missing":["region"]},"on","off"]})"},
      {"shared", R"({"fractional":[["on",1],["on",1]]})"},
      {"computed", R"({"if":[{"==":[{"var":{"cat":["reg","ion"]}},null]},"on","off"]})"},
      {"server", R"({"if":[{"!":{"var":"client.vip"}},"on","off"]})"},
      {"simple", "{}"},
  };
  std::string token_;
};

TEST_F(Contexts, OneThatCannotBeUsedIsDroppedAndOpensNothing) {
  for (const std::string& context : {std::string("7"), std::string("[]"), std::string(R"("text")"),
                                     R"({"a":{"b":{"c":{"d":{"e":{}}}}}})" + std::string(),
                                     R"({"a":")" + std::string(4'096, 'x') + "\"}"}) {
    auto client = connect("/client", with_context(context));
    const auto view = connected(client);

    EXPECT_EQ(warned(view), "/context") << context.substr(0, 40);
    for (const auto* key : {"unless", "lacks", "shared", "computed"})
      EXPECT_EQ(answer(view, key), "ERROR off") << key << " for " << context.substr(0, 40);
    EXPECT_EQ(answer(view, "server"), "TARGETING_MATCH on");
    EXPECT_EQ(answer(view, "simple"), "STATIC off");
  }
  auto wrong_key = connect("/client", with_context(R"({"targetingKey":true})"));
  EXPECT_EQ(warned(connected(wrong_key)), "/context/targetingKey");
}

TEST_F(Contexts, NoneAtAllIsNoMistake) {
  auto client = connect("/client", with_context("null"));
  const auto view = connected(client);

  EXPECT_EQ(warned(view), "");
  EXPECT_EQ(answer(view, "unless"), "TARGETING_MATCH on");
}

TEST_F(Contexts, AnUnusableOneIsToldApartFromNoneInPushes) {
  auto without = connect("/client", with_context("null"));
  auto unusable = connect("/client", with_context("7"));
  (void)connected(without);
  (void)connected(unusable);
  const auto feature = current()->find_by_key<domain::Feature>("unless")->id;

  ASSERT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
    application_->features().update(admin(), feature, parse(R"({"name":"G"})"), {}, done);
  }));

  const auto seen = [](EventClient& client) {
    return client.next("/client", "feature_update").at(1).at("data").at("reason");
  };
  EXPECT_EQ(seen(without), json::value("TARGETING_MATCH"));
  EXPECT_EQ(seen(unusable), json::value("ERROR"));
}

TEST_F(Contexts, AGoodOneReplacesTheDroppedOneAndABadOneReplacesNothing) {
  auto client = connect("/client", with_context("7"));
  (void)connected(client);

  const auto good = client.ask("/client", "client_connect", R"({"context":{"region":"de"}})");
  EXPECT_EQ(warned(good), "");
  EXPECT_EQ(answer(good, "unless"), "TARGETING_MATCH off");

  EXPECT_EQ(pointer_of(client.ask("/client", "client_connect", R"({"context":7})")), "/context");
  EXPECT_EQ(pointer_of(client.ask("/client", "feature_check", R"({"feature":"unless","context":7})")),
            "/context");
  EXPECT_EQ(client.ask("/client", "feature_check", R"({"feature":"unless"})").at("enabled"),
            json::value(false));
}

TEST_F(Contexts, ALoginByEventDropsABadOneToo) {
  auto client = connect("/client", "{}");

  const auto view = client.ask("/client", "client_connect", with_context("[1]"));

  EXPECT_EQ(warned(view), "/context");
  EXPECT_EQ(answer(view, "unless"), "ERROR off");
}

TEST_F(Contexts, ATargetingKeyIsTakenAsPeopleTypeIt) {
  for (const std::string& key :
       {std::string(R"("")"), std::string("null"), std::string("42"), std::string("42.0")}) {
    auto client = connect("/client", with_context(R"({"targetingKey":)" + key + "}"));
    const auto view = connected(client);
    EXPECT_EQ(warned(view), "") << key;
    EXPECT_EQ(answer(view, "shared"), "SPLIT on") << key;
  }
}

TEST_F(Contexts, OffsetsOfAWrongTypeAreAWarning) {
  auto client = connect("/client", R"({"offsets":"no","token":")" + token_ + R"("})");
  EXPECT_EQ(warned(connected(client)), "/offsets");

  auto owner = connect("/admin", R"({"offsets":0,"token":")" + admin_token() + R"("})");
  EXPECT_EQ(warned(owner.next("/admin", "admin_connected").at(1)), "/offsets");
}

TEST_F(Contexts, IntegersAreReadByTheirValue) {
  auto client = connect("/client", with_context("null"));
  (void)connected(client);
  const auto now = current()->revision();

  for (const std::string& revision : {std::to_string(now) + ".0", std::to_string(now) + "e0"}) {
    const std::string argument = R"({"revision":)" + revision + "}";
    EXPECT_TRUE(client.ask("/client", "config_check", argument).at("up_to_date").as_bool()) << revision;
    EXPECT_EQ(code_of(client.ask("/client", "heartbeat", argument)), "") << revision;
    EXPECT_EQ(client.ask("/client", "config_ack", argument).at("revision"), json::value(now)) << revision;
  }
  EXPECT_EQ(pointer_of(client.ask("/client", "config_check", R"({"revision":1.5})")), "/revision");
}

}  // namespace
}  // namespace togglecast::realtime::testing
