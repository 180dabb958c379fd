// `feature_check`, features and packages sent again, and who is on which package.
#include <string>

#include "realtime/feature_check.hpp"
#include "realtime_fixture.hpp"

namespace togglecast::realtime::testing {
namespace {

using service::testing::parse;
using service::testing::wait_for;

class FeatureChecks : public RealtimeTest {
 protected:
  domain::Id feature(const std::string& body) {
    const auto made = wait_for<changes::Written>(
        [&](changes::Done done) { application_->features().create(admin(), parse(body), {}, done); });
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return made ? made->id : 0;
  }
  domain::Id package(const std::string& key, const std::vector<domain::Id>& features) {
    std::string list;
    for (const auto id : features)
      list += (list.empty() ? "" : ",") + (R"({"feature_id":)" + std::to_string(id) + "}");
    const auto made = wait_for<changes::Written>([&](changes::Done done) {
      application_->packages().create(
          admin(), parse(R"({"key":")" + key + R"(","name":"P","features":[)" + list + "]}"), {}, done);
    });
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return made ? made->id : 0;
  }
  /// A connected client on that package.
  EventClient join(const std::string& key, domain::Id package, const std::string& context = "null") {
    const std::string token = client_token(key);
    const auto moved = wait_for<changes::Written>([&](changes::Done done) {
      application_->clients().update(admin(), last_client_,
                                     parse(R"({"package_id":)" + std::to_string(package) + "}"), {}, done);
    });
    EXPECT_TRUE(moved.has_value()) << moved.error().message;
    auto client = connect("/client", R"({"token":")" + token + R"(","context":)" + context + "}");
    EXPECT_EQ(client.next("/client", "client_connected").size(), 3U);
    return client;
  }

  const std::string kTargeted =
      R"({"key":"checkout","name":"Checkout","variants":{"new":"n","old":"o"},"defaultVariant":"old",
          "targeting":{"if":[{"==":[{"var":"region"},"de"]},"new",null]},
          "sub_features":[{"key":"express","name":"Express"}]})";
};

TEST_F(FeatureChecks, TheAnswerIsThatOfTheConnectionsContextUnlessTheRequestBringsItsOwn) {
  const auto id = feature(kTargeted);
  auto client = join("acme", package("basic", {id}), R"({"region":"de"})");

  const auto answer = client.ask("/client", "feature_check", R"({"feature":"checkout"})");
  EXPECT_EQ(answer.at("value"), json::value("n")) << json::serialize(answer);
  EXPECT_EQ(answer.at("rule"), json::value("targeting"));
  EXPECT_EQ(answer.at("reason"), json::value("TARGETING_MATCH"));
  EXPECT_EQ(answer.at("id"), json::value(id));
  EXPECT_EQ(answer.at("sub_features").at("express").at("enabled"), json::value(true));
  EXPECT_EQ(answer.as_object().count("targeting") + answer.as_object().count("variants"), 0U);

  const auto flat = client.ask("/client", "feature_check", R"({"feature":"checkout/express"})");
  EXPECT_EQ(flat,
            client.ask("/client", "feature_check", R"({"feature":"checkout","sub_feature":"express"})"));
  EXPECT_EQ(flat.at("key"), json::value("express")) << json::serialize(flat);
  EXPECT_EQ(code_of(client.ask("/client", "feature_check", R"({"feature":"checkout/none"})")), "not_found");
  EXPECT_EQ(pointer_of(client.ask("/client", "feature_check",
                                  R"({"feature":"checkout/express","sub_feature":"express"})")),
            "/sub_feature");

  client.emit("/client", "feature_check",
              R"({"feature":)" + std::to_string(id) + R"(,"context":{"region":"fr"}})");
  const auto reply = client.next("/client", "feature_status");
  ASSERT_EQ(reply.size(), 2U);
  EXPECT_EQ(reply[1].at("value"), json::value("o"));

  EXPECT_EQ(client.ask("/client", "client_connect", R"({"context":{"region":"fr"}})")
                .at("features")
                .at(0)
                .at("value"),
            json::value("o"));
  EXPECT_EQ(client.ask("/client", "feature_check", R"({"feature":"checkout"})").at("value"),
            json::value("o"));
}

TEST_F(FeatureChecks, ASubFeatureHasItsOwnAnswer) {
  const auto id = feature(kTargeted);
  auto client = join("acme", package("basic", {id}));

  const auto answer =
      client.ask("/client", "feature_check", R"({"feature":"checkout","sub_feature":"express"})");
  EXPECT_EQ(answer.at("key"), json::value("express"));
  EXPECT_EQ(answer.at("id"), json::value(id));
  EXPECT_EQ(code_of(client.ask("/client", "feature_check", R"({"feature":"checkout","sub_feature":"nope"})")),
            "not_found");
}

TEST_F(FeatureChecks, WhatAClientDoesNotSeeIsAnsweredAsIfItDidNotExist) {
  const auto seen = feature(kTargeted);
  const auto hidden = feature(R"({"key":"secret","name":"Of others"})");
  ASSERT_NE(package("others", {hidden}), 0);
  auto client = join("acme", package("basic", {seen}));

  const auto by_key = [&](const std::string& key) {
    return client.ask("/client", "feature_check", R"({"feature":")" + key + "\"}");
  };
  EXPECT_EQ(json::serialize(by_key("secret")),
            R"({"error":{"code":"not_found","message":"there is no feature 'secret'"}})");
  EXPECT_EQ(json::serialize(by_key("absent")),
            R"({"error":{"code":"not_found","message":"there is no feature 'absent'"}})");
  const auto by_id = [&](domain::Id id) {
    return client.ask("/client", "feature_check", R"({"feature":)" + std::to_string(id) + "}");
  };
  EXPECT_EQ(code_of(by_id(hidden)), "not_found");
  EXPECT_EQ(code_of(by_id(4'711)), "not_found");
}

TEST_F(FeatureChecks, WhatIsWrongWithACheckIsNamed) {
  auto client = join_client("acme");
  const auto refused = [&](const std::string& body) {
    return pointer_of(client.ask("/client", "feature_check", body));
  };

  EXPECT_EQ(refused("{}"), "/feature");
  EXPECT_EQ(refused(R"({"feature":null})"), "/feature");
  EXPECT_EQ(refused(R"({"feature":{}})"), "/feature");
  EXPECT_EQ(refused(R"({"feature":1.5})"), "/feature");
  EXPECT_EQ(refused(R"({"feature":-1})"), "/feature");
  EXPECT_EQ(refused(R"({"feature":"a","sub_feature":7})"), "/sub_feature");
  EXPECT_EQ(refused(R"({"feature":"a","context":[]})"), "/context");
  EXPECT_EQ(refused(R"({"feature":"a","colour":"red"})"), "/colour");
}

TEST_F(FeatureChecks, AnsweredOrNotBeforeItTakesOneObjectInAnySpelling) {
  const auto id = feature(kTargeted);
  auto client = join("acme", package("basic", {id}));
  const std::string first =
      json::serialize(client.ask("/client", "feature_check", R"({"feature":"checkout"})"));
  for (const char* spelling :
       {R"({"feature":"checkout"})", R"( { "feature" : "checkout" })", R"({"feature":"check\u006fut"})",
        R"({"feature":"nothing","feature":"checkout"})"})
    EXPECT_EQ(json::serialize(client.ask("/client", "feature_check", spelling)), first) << spelling;
  for (const char* other :
       {R"({"feature":"checkout"},{})", R"({"feature":"checkout"},null)", R"(["checkout"])", R"("checkout")"})
    EXPECT_EQ(client.ask("/client", "feature_check", other).at("error").at("message"),
              json::value("feature_check takes one object as its argument"))
        << other;
}

TEST(FeatureCheckText, NamesTheFlagOfARequestForNothingElse) {
  EXPECT_EQ(FeatureCheck::sole_name(R"({"feature":"dark mode"})"), "dark mode");
  for (const char* other :
       {"", "{}", R"({"feature":7})", R"({"feature":"a","context":{}})", R"({"feature":"a"},1)",
        R"({"features":"a"})", R"({"feature":"a\"b"})", R"(["feature","a"])"})
    EXPECT_EQ(FeatureCheck::sole_name(other), "") << other;
}

TEST_F(FeatureChecks, AFeatureIsSentAgainToThoseWhoSeeItEachInItsContext) {
  const auto id = feature(kTargeted);
  const auto basic = package("basic", {id});
  auto german = join("one", basic, R"({"region":"de"})");
  auto other = join("two", basic);
  auto outsider = join_client("three");

  const auto told = wait_for<service::SendResult>([&](service::SendDone done) {
    realtime_->messages().broadcast_feature_update(admin(), id, std::move(done));
  });

  ASSERT_TRUE(told.has_value()) << told.error().message;
  EXPECT_EQ(told->connections, 2U);
  const auto at_german = german.next("/client", "feature_update");
  ASSERT_EQ(at_german.size(), 3U);
  EXPECT_EQ(at_german[1].at("feature_id"), json::value(id));
  EXPECT_EQ(at_german[1].at("type"), json::value("update"));
  EXPECT_EQ(at_german[1].at("data").at("value"), json::value("n"));
  EXPECT_EQ(other.next("/client", "feature_update")[1].at("data").at("value"), json::value("o"));
  outsider.emit("/client", "heartbeat");
  EXPECT_EQ(outsider.event("/client")[0], json::value("heartbeat_ack")) << "and nothing before it";
}

TEST_F(FeatureChecks, APackageIsAnAudienceAndCanBeSentAgain) {
  const auto id = feature(kTargeted);
  const auto basic = package("basic", {id});
  const auto plus = package("plus", {});
  auto one = join("one", basic);
  auto two = join("two", plus);
  auto owner = join_admin();

  const auto sent =
      owner.ask("/admin", "broadcast_announcement",
                R"({"title":"t","message":"m","audience":"package:)" + std::to_string(basic) + "\"}");
  EXPECT_EQ(sent.at("recipients"), json::value(1)) << json::serialize(sent);
  EXPECT_EQ(one.next("/client", "announcement").size(), 2U);
  const auto told = wait_for<service::SendResult>([&](service::SendDone done) {
    realtime_->messages().broadcast_package_update(admin(), plus, std::move(done));
  });
  EXPECT_EQ(told->connections, 2U) << "the client on it, and the admin";
  const auto update = two.next("/client", "package_update");
  ASSERT_EQ(update.size(), 2U) << "it has the offset of its own state, which says the same";
  EXPECT_EQ(update[1].at("package_id"), json::value(plus));
  EXPECT_EQ(owner.next("/admin", "package_update")[1].at("data").at("key"), json::value("plus"));
  EXPECT_EQ(pointer_of(owner.ask("/admin", "broadcast_announcement",
                                 R"({"title":"t","message":"m","audience":{"package":"x"}})")),
            "/audience");
  EXPECT_EQ(code_of(owner.ask("/admin", "broadcast_announcement",
                              R"({"title":"t","message":"m","audience":{"package":4711}})")),
            "not_found");
}

}  // namespace
}  // namespace togglecast::realtime::testing
