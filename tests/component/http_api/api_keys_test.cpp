#include "api_fixture.hpp"

namespace togglecast::testing {
namespace {

class ApiKeys : public ::testing::Test {
 protected:
  json::value make(const std::string& members, const HttpHeaders& more = {}) {
    HttpHeaders headers = owner_;
    headers.insert(headers.end(), more.begin(), more.end());
    const auto made = server_.send("POST", "/api/v1/api-keys", headers, R"({"name":"CI",)" + members + "}");
    EXPECT_EQ(made.status, 201U) << made.body;
    return made.parsed();
  }
  static HttpHeaders as(const json::value& key) {
    return ApiServer::bearer(json::string_or_empty(key, "key"));
  }

  ApiServer server_;
  HttpHeaders owner_ = server_.owner();
  const std::string platform_ = R"({"key":"web","name":"Web"})";
};

TEST_F(ApiKeys, OpenWhatTheirScopesNameAndActAsMachines) {
  const auto key = make(R"("scopes":["write:platforms"])");

  ASSERT_EQ(server_.send("POST", "/api/v1/platforms", as(key), platform_).status, 201U);
  const auto refused = server_.get("/api/v1/platforms", as(key));
  EXPECT_EQ(code_of(refused), "forbidden");
  EXPECT_EQ(json::string_or_empty(refused.parsed(), "detail"),
            "this API key may not read the catalogue; it takes the scope read");
  const auto entry = server_.get("/api/v1/activity", owner_).parsed().at("items").at(0);
  EXPECT_EQ(entry.at("actor").at("kind"), json::value("machine"));
  EXPECT_EQ(entry.at("summary"), json::value("CI created platform Web"));
  EXPECT_EQ(server_.send("POST", "/api/v1/activity/1.1/undo", as(key)).status, 200U);
  EXPECT_EQ(server_.get("/metrics", as(make(R"("scopes":["read"])"))).status, 200U);
}

TEST_F(ApiKeys, AreShownOnceAndStoredAsDigests) {
  const auto key = make(R"("scopes":["read","stream"],"expires_in":60)");

  const std::string text(json::string_or_empty(key, "key"));
  EXPECT_EQ(text.size(), domain::kApiKeySize);
  EXPECT_TRUE(text.starts_with(domain::kApiKeyMark));
  const std::string id = json::serialize(key.at("id"));
  for (const std::string& path : {"/api/v1/api-keys/" + id, std::string("/api/v1/api-keys"),
                                  "/api/v1/api-keys?q=" + std::string(json::string_or_empty(key, "sha256")),
                                  std::string("/api/v1/activity?entity_type=api_key")}) {
    const auto read = server_.get(path, owner_);
    EXPECT_EQ(read.status, 200U) << read.body;
    EXPECT_NE(read.body.find("CI"), std::string::npos) << path;
    EXPECT_EQ(read.body.find(text), std::string::npos) << path;
  }
  EXPECT_EQ(server_.log().find(text), std::string::npos);
}

TEST_F(ApiKeys, ARepeatedRequestMakesNoSecondOne) {
  const auto keyed = with(owner_, "Idempotency-Key", "once");
  const std::string body = R"({"name":"CI","scopes":["read"]})";
  ASSERT_EQ(server_.send("POST", "/api/v1/api-keys", keyed, body).status, 201U);

  const auto again = server_.send("POST", "/api/v1/api-keys", keyed, body);

  EXPECT_EQ(again.status, 409U);
  EXPECT_NE(again.body.find("made the API key 1"), std::string::npos) << again.body;
  EXPECT_EQ(server_.get("/api/v1/api-keys", owner_).parsed().at("total"), json::value(1));
}

TEST_F(ApiKeys, EndAsTheirOwnersSay) {
  const auto key = make(R"("scopes":["read"])");
  const auto patch = [&](const std::string& body) {
    const auto changed = server_.send("PATCH", "/api/v1/api-keys/1", owner_, body);
    EXPECT_EQ(changed.status, 200U) << changed.body;
  };
  const auto read = [&] { return server_.get("/api/v1/platforms", as(key)); };
  ASSERT_EQ(read().status, 200U);

  patch(R"({"active":false})");
  EXPECT_EQ(code_of(read()), "revoked");
  patch(R"({"active":true,"addresses":["192.0.2.0/24","2001:db8::/32"]})");
  EXPECT_EQ(code_of(read()), "forbidden");
  patch(R"({"addresses":["127.0.0.0/8","::1"]})");
  EXPECT_EQ(read().status, 200U);
  patch(R"({"scopes":["evaluate"]})");
  EXPECT_EQ(code_of(read()), "forbidden");
  EXPECT_EQ(
      server_.send("PATCH", "/api/v1/api-keys/1", owner_, R"({"expires_at":"2020-01-01T00:00:00Z"})").status,
      400U);
  EXPECT_EQ(server_.send("PATCH", "/api/v1/api-keys/1", owner_, R"({"environment":"staging"})").status, 400U);
  EXPECT_EQ(server_.send("DELETE", "/api/v1/api-keys/1", owner_).status, 204U);
  EXPECT_EQ(code_of(read()), "token_invalid");
  EXPECT_EQ(server_.get("/api/v1/api-keys/1", owner_).status, 404U);
}

TEST_F(ApiKeys, ABodyThatWasReadMayComeBack) {
  make(R"("scopes":["read"],"addresses":["10.0.0.0/8"],"expires_in":60)");
  const auto read = server_.get("/api/v1/api-keys/1", owner_);

  const auto again = server_.send("PATCH", "/api/v1/api-keys/1", owner_, read.body);

  EXPECT_EQ(again.status, 200U) << again.body;
  EXPECT_EQ(again.parsed().at("revision"), read.parsed().at("revision"));
  EXPECT_EQ(read.parsed().at("last_used_at"), json::value());
  const auto endless = server_.send("PATCH", "/api/v1/api-keys/1", owner_, R"({"expires_at":null})");
  EXPECT_EQ(endless.status, 200U) << endless.body;
  EXPECT_EQ(endless.parsed().at("expires_at"), json::value());
}

TEST_F(ApiKeys, OnlyAnOwnerOfTheInstallationKeepsThem) {
  const auto editor = server_.admin("ed", domain::Role::editor);
  const auto key = make(R"("scopes":["read","write:platforms","stream","evaluate"])");

  for (const HttpHeaders& who : {editor, as(key), server_.client(owner_)}) {
    EXPECT_EQ(server_.get("/api/v1/api-keys", who).status, 403U);
    EXPECT_EQ(server_.send("POST", "/api/v1/api-keys", who, R"({"name":"x","scopes":["read"]})").status,
              403U);
    EXPECT_EQ(server_.send("DELETE", "/api/v1/api-keys/1", who).status, 403U);
  }
}

TEST_F(ApiKeys, EachHasLimitsOfItsOwn) {
  const auto one = make(R"("scopes":["write:platforms"])");  // its id is that of the owner's account
  unsigned limited = 0;
  for (int i = 0; i < 200 && limited == 0; ++i)
    if (server_.send("POST", "/api/v1/platforms/9/toggle", as(one)).status == 429) ++limited;

  EXPECT_EQ(limited, 1U);
  EXPECT_EQ(server_.send("POST", "/api/v1/platforms/9/toggle", owner_).status, 404U);
}

TEST_F(ApiKeys, AForcedDeletionNeedsTheScopesOfAllThatItChanges) {
  ASSERT_EQ(server_.send("POST", "/api/v1/features", owner_, R"({"key":"chat","name":"Chat"})").status, 201U);
  ASSERT_EQ(server_
                .send("POST", "/api/v1/packages", owner_,
                      R"({"key":"pro","name":"Pro","features":[{"feature_id":1}]})")
                .status,
            201U);
  const auto one = make(R"("scopes":["write:features"])");

  const auto refused = server_.send("DELETE", "/api/v1/features/1?force=true", as(one));

  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(
      json::string_or_empty(refused.parsed(), "detail"),
      "this API key may not change packages; it takes the scope write:packages, because this request also "
      "changes package 1");
  EXPECT_EQ(server_
                .send("DELETE", "/api/v1/features/1?force=true",
                      as(make(R"("scopes":["write:features","write:packages"])")))
                .status,
            204U);
}

}  // namespace
}  // namespace togglecast::testing
