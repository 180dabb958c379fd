#include <tuple>

#include "api_fixture.hpp"

namespace togglecast::testing {
namespace {

class Clients : public ::testing::Test {
 protected:
  HttpReply create() {
    return server_.send("POST", "/api/v1/clients", owner_,
                        R"({"key":"shop","name":"Shop","attributes":{"eu":true}})");
  }

  ApiServer server_;
  HttpHeaders owner_ = server_.owner();
};

TEST_F(Clients, AreCreatedReadListedChangedAndDeleted) {
  const auto made = create();
  EXPECT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(made.header("location"), "/api/v1/clients/1");

  EXPECT_EQ(server_.get("/api/v1/clients/1", owner_).parsed().at("attributes").at("eu"), json::value(true));
  EXPECT_EQ(server_.get("/api/v1/clients", owner_).parsed().at("items").as_array().size(), 1U);
  const auto off = server_.send("PATCH", "/api/v1/clients/1", owner_, R"({"active":false})");
  EXPECT_EQ(off.parsed().at("active"), json::value(false));
  EXPECT_EQ(pointer_of(server_.send("PATCH", "/api/v1/clients/1", owner_, R"({"key":"other"})")), "/key");
  EXPECT_EQ(server_.send("DELETE", "/api/v1/clients/1", owner_).status, 204U);
  EXPECT_EQ(server_.get("/api/v1/clients/1", owner_).status, 404U);
  EXPECT_EQ(server_.send("PATCH", "/api/v1/clients/1", owner_, R"({"active":true})").status, 404U);
}

TEST_F(Clients, GetTokensThatAreShownOnce) {
  create();

  const auto issued =
      server_.send("POST", "/api/v1/clients/1/tokens", owner_, R"({"label":"checkout","expires_in":3600})");

  ASSERT_EQ(issued.status, 201U) << issued.body;
  const json::value record = issued.parsed();
  const std::string token(json::string_or_empty(record, "token"));
  EXPECT_TRUE(server_.application().authenticator().authenticate(token));
  EXPECT_EQ(issued.header("location"), "/api/v1/clients/1/tokens/" + json::serialize(record.at("id")));
  EXPECT_FALSE(json::string_or_empty(record, "expires_at").empty());
  const auto list = server_.get("/api/v1/clients/1/tokens", owner_);
  EXPECT_EQ(list.parsed().at("items").as_array().size(), 1U);
  EXPECT_EQ(list.body.find(token), std::string::npos);
  EXPECT_EQ(server_.log().find(token), std::string::npos);
}

TEST_F(Clients, ListTokensInPages) {
  create();
  for (const char* label : {"shop", "checkout", "admin", "shop again"})
    ASSERT_EQ(
        server_.send("POST", "/api/v1/clients/1/tokens", owner_, R"({"label":")" + std::string(label) + "\"}")
            .status,
        201U);
  const std::string path = "/api/v1/clients/1/tokens?limit=3";
  const auto labels = [](const json::value& page) {
    std::string text;
    for (const auto& item : page.at("items").as_array())
      text += std::string(json::string_or_empty(item, "label")) + ' ';
    return text;
  };

  const auto reply = server_.get(path, owner_);
  const auto first = reply.parsed();
  ASSERT_EQ(reply.status, 200U) << reply.body;
  EXPECT_EQ(first.at("total"), json::value(4));
  EXPECT_EQ(labels(first), "shop checkout admin ");
  const std::string cursor(json::string_or_empty(first, "next_cursor"));
  const auto second = server_.get(path + "&cursor=" + cursor, owner_).parsed();
  EXPECT_EQ(labels(second), "shop again ");
  EXPECT_FALSE(second.as_object().contains("next_cursor"));
  EXPECT_EQ(labels(server_.get("/api/v1/clients/1/tokens?q=SHOP&sort=-id", owner_).parsed()),
            "shop again shop ");
  EXPECT_EQ(
      server_.get("/api/v1/clients/1/tokens", with(owner_, "If-None-Match", reply.header("etag"))).status,
      304U);
  ASSERT_EQ(server_.send("POST", "/api/v1/clients", owner_, R"({"key":"other","name":"O"})").status, 201U);
  EXPECT_EQ(server_.get("/api/v1/clients/2/tokens?cursor=" + cursor, owner_).status, 400U)
      << "a cursor belongs to its list";
}

TEST_F(Clients, ARepeatedRequestGetsTheSameToken) {
  create();
  const auto headers = with(owner_, "Idempotency-Key", "t1");

  const auto first = server_.send("POST", "/api/v1/clients/1/tokens", headers);
  const auto second = server_.send("POST", "/api/v1/clients/1/tokens", headers);

  EXPECT_EQ(json::string_or_empty(first.parsed(), "token"), json::string_or_empty(second.parsed(), "token"));
  EXPECT_EQ(second.header("idempotency-replayed"), "true");
}

TEST_F(Clients, TokensAreRevoked) {
  create();
  const auto issued = server_.send("POST", "/api/v1/clients/1/tokens", owner_);
  const std::string token(json::string_or_empty(issued.parsed(), "token"));

  EXPECT_EQ(server_.send("DELETE", issued.header("location"), owner_).status, 204U);

  EXPECT_EQ(server_.application().authenticator().authenticate(token).error().code, Errc::revoked);
  EXPECT_EQ(code_of(server_.get("/api/v1/platforms", ApiServer::bearer(token))), "revoked");
}

TEST_F(Clients, TokensAreThoseOfTheClientInThePath) {
  create();
  std::ignore = server_.client(owner_, "other");
  const auto issued = server_.send("POST", "/api/v1/clients/1/tokens", owner_);
  const std::string id = json::serialize(issued.parsed().at("id"));

  EXPECT_EQ(code_of(server_.send("DELETE", "/api/v1/clients/2/tokens/" + id, owner_)), "not_found");
  EXPECT_EQ(server_.send("DELETE", "/api/v1/clients/9/tokens/" + id, owner_).status, 404U);
  EXPECT_EQ(server_.send("POST", "/api/v1/clients/9/tokens", owner_).status, 404U);
  EXPECT_EQ(server_.get("/api/v1/clients/9/tokens", owner_).status, 404U);
}

TEST_F(Clients, TokensWithABadLifetimeAreRefused) {
  create();
  const auto issue = [&](const char* body) {
    return server_.send("POST", "/api/v1/clients/1/tokens", owner_, body);
  };

  EXPECT_EQ(pointer_of(issue(R"({"expires_in":0})")), "/expires_in");
  EXPECT_EQ(pointer_of(issue(R"({"expires_at":"2001-01-01T00:00:00Z"})")), "/expires_at");
  EXPECT_EQ(pointer_of(issue(R"({"expires_in":60,"expires_at":"2999-01-01T00:00:00Z"})")), "/expires_at");
  EXPECT_EQ(pointer_of(issue(R"({"lifetime":60})")), "/lifetime");
}

TEST_F(Clients, TokensAreForOwners) {
  create();
  const auto editor = server_.admin("ed", domain::Role::editor);

  EXPECT_EQ(server_.send("PATCH", "/api/v1/clients/1", editor, R"({"name":"The shop"})").status, 200U);
  EXPECT_EQ(server_.send("POST", "/api/v1/clients/1/tokens", editor).status, 403U);
  EXPECT_EQ(server_.get("/api/v1/clients/1/tokens", editor).status, 403U);
  EXPECT_EQ(server_.send("DELETE", "/api/v1/clients/1/tokens/1", editor).status, 403U);
}

TEST_F(Clients, ActivityTellsWhatHappenedNewestFirst) {
  create();
  server_.send("PATCH", "/api/v1/clients/1", owner_, R"({"name":"The shop"})");

  const json::value first = server_.get("/api/v1/activity?limit=1", owner_).parsed();
  const json::value second = server_.get("/api/v1/activity?limit=1&before=2", owner_).parsed();

  EXPECT_EQ(first.at("items").at(0).at("revision"), json::value(2));
  EXPECT_EQ(first.at("items").at(0).at("changes").at(0).at("type"), json::value("update"));
  EXPECT_EQ(first.at("next"), json::value(2));
  EXPECT_EQ(second.at("items").at(0).at("changes").at(0).at("type"), json::value("create"));
  EXPECT_EQ(json::find(second, "next"), nullptr);
}

TEST_F(Clients, ActivityIsNarrowedToAnEntity) {
  create();
  server_.send("POST", "/api/v1/platforms", owner_, R"({"key":"web","name":"Web"})");

  const auto about = [&](const std::string& query) {
    return server_.get("/api/v1/activity?" + query, owner_);
  };

  EXPECT_EQ(about("entity_type=client&entity_id=1").parsed().at("items").as_array().size(), 1U);
  EXPECT_EQ(about("entity_type=client&entity_id=2").parsed().at("items").as_array().size(), 0U);
  EXPECT_EQ(about("entity_type=planet").status, 400U);
  EXPECT_EQ(about("entity_id=1").status, 400U);
  EXPECT_EQ(about("limit=201").status, 400U);
  EXPECT_EQ(about("source=nowhere").status, 400U);
  EXPECT_EQ(about("source=rest").status, 200U);
}

TEST(Activity, ATimeThatHasComeInARuleIsFoundByItsFeatureAndItsSource) {
  ManualClock clock;
  ApiServer server({.clock = &clock});
  const auto owner = server.owner();
  const auto create = [&](const std::string& path, const std::string& body) {
    const auto reply = server.send("POST", "/api/v1/" + path, owner, body);
    EXPECT_EQ(reply.status, 201U) << reply.body;
  };
  const auto about = [&](const std::string& query) {
    return server.get("/api/v1/activity?" + query, owner).parsed().at("items").as_array();
  };
  create("features", R"({"key":"sale","name":"Winter sale","targeting":)"
                     R"({"if":[{">=":[{"var":"$flagd.timestamp"},1700000020]},"on","off"]}})");
  create("features", R"({"key":"search","name":"Search"})");
  EXPECT_EQ(about("source=timer").size(), 0U);

  clock.advance(std::chrono::seconds(20));
  create("platforms", R"({"key":"web","name":"Web"})");  // which comes behind what is due

  const auto turns = about("source=timer");
  ASSERT_EQ(turns.size(), 1U);
  EXPECT_EQ(turns.at(0).at("summary"), json::value("a time in the rules of feature Winter sale has come"));
  EXPECT_EQ(turns.at(0).at("changes").at(0).at("entity_id"), json::value(1));
  EXPECT_EQ(about("entity_type=feature&entity_id=1").size(), 2U);
  EXPECT_EQ(about("entity_type=feature&entity_id=2").size(), 1U);
  EXPECT_EQ(about("q=winter&source=timer"), turns);
  EXPECT_EQ(server.send("POST", "/api/v1/activity/1.3/undo", owner).status, 409U);
}

}  // namespace
}  // namespace togglecast::testing
