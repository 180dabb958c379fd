// Environments over REST: an owner makes one, fills it from another, and logs in to it.
#include <string>

#include "api_fixture.hpp"

namespace togglecast::testing {
namespace {

class EnvironmentRoutes : public ::testing::Test {
 protected:
  void SetUp() override { owner_ = api_.owner(); }

  HttpReply make(const std::string& key, HttpHeaders headers) {
    return api_.send("POST", "/api/v1/environments", std::move(headers), R"({"key":")" + key + "\"}");
  }
  HttpReply copy(const std::string& to, const std::string& body) {
    return api_.send("POST", "/api/v1/environments/" + to + "/copy", owner_, body);
  }
  HttpHeaders login_to(const std::string& environment) {
    const auto reply = api_.send("POST", "/api/v1/auth/login", {},
                                 R"({"username":"owner","password":")" + std::string(kOwnerPassword) +
                                     R"(","environment":")" + environment + "\"}");
    EXPECT_EQ(reply.status, 200U) << reply.body;
    EXPECT_EQ(json::string_or_empty(reply.parsed(), "environment"), environment);
    return ApiServer::bearer(json::string_or_empty(reply.parsed(), "token"));
  }
  void create(const std::string& path, const std::string& body) {
    const auto reply = api_.send("POST", "/api/v1/" + path, owner_, body);
    ASSERT_EQ(reply.status, 201U) << reply.body;
  }
  void fill_production() {
    create("platforms", R"({"key":"gone","name":"Gone"})");
    ASSERT_EQ(api_.send("DELETE", "/api/v1/platforms/1", owner_).status, 204U);
    create("platforms", R"({"key":"web","name":"Web"})");
    create("segments", R"({"key":"berlin","name":"Berlin","rule":{"==":[{"var":"city"},"berlin"]}})");
    create("features", R"({"key":"base","name":"Base","platforms":[2]})");
    create(
        "features",
        R"({"key":"chat","name":"Chat","requires":[1],"targeting":{"if":[{"$ref":"berlin"},"on","off"]}})");
    create("packages",
           R"({"key":"pro","name":"Pro","features":[{"feature_id":2,"limit":5}],"platforms":[2]})");
    create(
        "clients",
        R"({"key":"acme","name":"Acme","package_id":1,"overrides":[{"feature_id":1,"value":true,"reason":"x"}]})");
    ASSERT_EQ(api_.send("POST", "/api/v1/clients/1/tokens", owner_).status, 201U);
  }
  json::value body_of(const std::string& path, const HttpHeaders& who) {
    json::value body = api_.get("/api/v1/" + path, who).parsed();
    for (const char* stamp : {"revision", "created_at", "updated_at", "etag"}) body.as_object().erase(stamp);
    return body;
  }

  static HouseOptions without_rate() {
    HouseOptions options;
    options.api.writes = {.per_second = 1'000, .burst = 1'000};
    return options;
  }

  ApiServer api_{without_rate()};
  HttpHeaders owner_;
};

TEST_F(EnvironmentRoutes, AnOwnerMakesOneAndLogsInToIt) {
  const auto made = make("staging", owner_);

  ASSERT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(made.header("location"), "/api/v1/environments/staging");
  EXPECT_EQ(made.parsed().at("revision"), json::value(0));
  const auto list = api_.get("/api/v1/environments", owner_).parsed();
  EXPECT_EQ(list.at("total"), json::value(2));
  EXPECT_EQ(list.at("items").at(0).at("key"), json::value("production"));
  EXPECT_EQ(list.at("items").at(1).at("key"), json::value("staging"));

  const auto there = login_to("staging");
  EXPECT_EQ(api_.send("POST", "/api/v1/platforms", there, R"({"key":"web","name":"Web"})").status, 201U);
  EXPECT_EQ(api_.get("/api/v1/platforms", owner_).parsed().at("total"), json::value(0));
  EXPECT_EQ(api_.get("/api/v1/environments/staging", owner_).parsed().at("counts").at("platforms"),
            json::value(1));
  EXPECT_EQ(api_.get("/api/v1/environments", owner_).header("togglecast-revision"), "0")
      << "the revision of the caller's environment";
  EXPECT_NE(api_.get("/metrics", owner_).body.find(R"(togglecast_revision{environment="staging"} 1)"),
            std::string::npos);
}

TEST_F(EnvironmentRoutes, ATokenOfAClientWorksInItsEnvironmentAlone) {
  ASSERT_EQ(make("staging", owner_).status, 201U);
  const auto there = login_to("staging");
  const auto client = api_.client(there, "acme");

  EXPECT_EQ(api_.get("/api/v1/clients", owner_).parsed().at("total"), json::value(0));
  EXPECT_EQ(api_.get("/api/v1/clients/1/tokens", there).parsed().at("items").at(0).at("environment"),
            json::value("staging"));
  EXPECT_EQ(api_.get("/api/v1/environments", client).status, 403U);
}

TEST_F(EnvironmentRoutes, TheActivityFeedShowsWhoMadeAndCopiedThem) {
  fill_production();
  const auto keyed = with(owner_, "Idempotency-Key", "once");
  ASSERT_EQ(make("staging", keyed).status, 201U);
  ASSERT_EQ(make("staging", keyed).status, 201U);
  ASSERT_EQ(make("empty", owner_).status, 201U);
  ASSERT_EQ(copy("staging", R"({"from":"production","clients":true})").status, 200U);
  ASSERT_EQ(copy("staging", R"({"from":"production"})").status, 409U);
  const auto viewer = api_.admin("vera", domain::Role::viewer);

  const auto reply = api_.get("/api/v1/activity?entity_type=environment", viewer);

  ASSERT_EQ(reply.status, 200U) << reply.body;
  const json::value feed = reply.parsed();
  const auto& items = feed.at("items").as_array();
  ASSERT_EQ(items.size(), 3U) << reply.body;
  EXPECT_EQ(items[0].at("summary"),
            json::value("owner copied environment production, clients included, to environment staging"));
  EXPECT_EQ(items[1].at("summary"), json::value("owner made environment empty"));
  EXPECT_EQ(items[2].at("summary"), json::value("owner made environment staging"));
  for (const auto& item : items) EXPECT_EQ(item.at("environment"), json::value("system"));
  EXPECT_EQ(items[2].at("changes").at(0).at("entity_type"), json::value("environment"));
  EXPECT_EQ(items[2].at("changes").at(0).at("key"), json::value("staging"));
  EXPECT_EQ(reply.body.find("vera"), std::string::npos) << "a viewer reads nothing of admins";
}

TEST_F(EnvironmentRoutes, OnlyOwnersMakeAndCopy) {
  ASSERT_EQ(make("staging", owner_).status, 201U);
  const auto editor = api_.admin("eddy", domain::Role::editor);

  EXPECT_EQ(api_.get("/api/v1/environments", editor).status, 200U);
  EXPECT_EQ(make("other", editor).status, 403U);
  EXPECT_EQ(api_.send("POST", "/api/v1/environments/staging/copy", editor, R"({"from":"production"})").status,
            403U);
}

TEST_F(EnvironmentRoutes, AKeyIsTakenInAnyCaseAndFollowsTheRuleOfKeys) {
  ASSERT_EQ(make("staging", owner_).status, 201U);

  for (const char* taken : {"staging", "Staging", "system", "SYSTEM", "Production"}) {
    const auto again = make(taken, owner_);
    EXPECT_EQ(again.status, 409U) << taken << again.body;
    EXPECT_EQ(code_of(again), "already_exists");
  }
  const auto bad = make("a/b", owner_);
  EXPECT_EQ(bad.status, 400U);
  EXPECT_EQ(pointer_of(bad), "/key");
  EXPECT_EQ(api_.get("/api/v1/environments/system", owner_).status, 404U);
}

TEST_F(EnvironmentRoutes, ThereAreAtMostAHundred) {
  for (int i = 1; i < 100; ++i) {
    const auto made = make("e" + std::to_string(i), owner_);
    ASSERT_EQ(made.status, 201U) << made.body;
  }

  const auto refused = make("e100", owner_);

  EXPECT_EQ(refused.status, 409U);
  EXPECT_NE(refused.body.find("there are 100 environments"), std::string::npos) << refused.body;
}

TEST_F(EnvironmentRoutes, ARepeatedRequestGetsTheSameAnswer) {
  const auto keyed = with(owner_, "Idempotency-Key", "make-it-once");

  const auto first = make("staging", keyed);
  const auto again = make("staging", keyed);
  const auto other = make("staging", with(owner_, "Idempotency-Key", "another"));

  EXPECT_EQ(first.status, 201U) << first.body;
  EXPECT_EQ(again.status, 201U) << again.body;
  EXPECT_EQ(again.header("idempotency-replayed"), "true");
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(other.status, 409U);
  EXPECT_EQ(make("preview", keyed).status, 409U) << "another request with the same key";
  EXPECT_EQ(api_.get("/api/v1/environments/preview", owner_).status, 404U);
}

TEST_F(EnvironmentRoutes, ACopyIsOneRevisionWithTheSameKeysAndIds) {
  fill_production();
  ASSERT_EQ(make("staging", owner_).status, 201U);

  const auto copied = copy("staging", R"({"from":"production"})");

  ASSERT_EQ(copied.status, 200U) << copied.body;
  EXPECT_EQ(copied.parsed().at("revision"), json::value(1));
  EXPECT_EQ(
      copied.parsed().at("counts"),
      json::value({{"platforms", 1}, {"segments", 1}, {"features", 2}, {"packages", 1}, {"clients", 0}}));
  const auto there = login_to("staging");
  for (const char* path : {"platforms/2", "segments/1", "features/1", "features/2", "packages/1"})
    EXPECT_EQ(body_of(path, there), body_of(path, owner_)) << path;
  const auto activity = api_.get("/api/v1/activity", there).parsed();
  EXPECT_EQ(activity.at("items").as_array().size(), 1U);
  EXPECT_EQ(json::string_or_empty(activity.at("items").at(0).at("actor"), "name"), "owner");

  const auto next = api_.send("POST", "/api/v1/platforms", there, R"({"key":"ios","name":"iOS"})");
  EXPECT_EQ(next.parsed().at("id"), json::value(3)) << "ids go on after those of the source";
  EXPECT_EQ(api_.get("/api/v1/platforms", owner_).parsed().at("total"), json::value(1));
}

TEST_F(EnvironmentRoutes, ClientsFollowWhenAskedForAndTheirTokensDoNot) {
  fill_production();
  ASSERT_EQ(make("staging", owner_).status, 201U);

  ASSERT_EQ(copy("staging", R"({"from":"production","clients":true})").status, 200U);

  const auto there = login_to("staging");
  EXPECT_EQ(body_of("clients/1", there), body_of("clients/1", owner_));
  EXPECT_EQ(api_.get("/api/v1/clients/1/tokens", there).parsed().at("total"), json::value(0));
}

TEST_F(EnvironmentRoutes, ACopyNeedsANewTargetAndAKnownSource) {
  fill_production();
  ASSERT_EQ(make("staging", owner_).status, 201U);
  const auto there = login_to("staging");
  ASSERT_EQ(api_.send("POST", "/api/v1/platforms", there, R"({"key":"web","name":"Web"})").status, 201U);

  const auto used = copy("staging", R"({"from":"production"})");
  const auto no_source = copy("staging", R"({"from":"nowhere"})");

  EXPECT_EQ(used.status, 409U);
  EXPECT_NE(used.body.find("at revision 1"), std::string::npos) << used.body;
  EXPECT_EQ(no_source.status, 400U);
  EXPECT_EQ(pointer_of(no_source), "/from");
  EXPECT_EQ(copy("staging", R"({"from":"system"})").status, 400U);
  EXPECT_EQ(copy("nowhere", R"({"from":"production"})").status, 404U);
  EXPECT_EQ(copy("system", R"({"from":"production"})").status, 404U);
}

}  // namespace
}  // namespace togglecast::testing
