#include "api_fixture.hpp"

namespace togglecast::testing {
namespace {

constexpr const char* kJo = R"({"username":"jo","role":"editor","password":"some-password"})";

class Admins : public ::testing::Test {
 protected:
  HttpReply create(const std::string& body = kJo, const HttpHeaders& more = {}) {
    HttpHeaders headers = owner_;
    headers.insert(headers.end(), more.begin(), more.end());
    return server_.send("POST", "/api/v1/admins", headers, body);
  }
  [[nodiscard]] HttpHeaders login_in(const std::string& environment) const {
    const auto reply =
        server_.send("POST", "/api/v1/auth/login", {},
                     R"({"username":"jo","password":"some-password","environment":")" + environment + "\"}");
    EXPECT_EQ(reply.status, 200U) << reply.body;
    return ApiServer::bearer(json::string_or_empty(reply.parsed(), "token"));
  }

  ApiServer server_;
  HttpHeaders owner_ = server_.owner();
};

TEST_F(Admins, AreCreatedReadListedChangedAndDeleted) {
  const auto made = create();
  EXPECT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(made.header("location"), "/api/v1/admins/2");
  EXPECT_EQ(made.header("togglecast-revision"), "0") << "of the environment the owner works in";
  EXPECT_EQ(made.body.find("some-password"), std::string::npos);
  const auto jo = server_.login("jo", "some-password");

  const auto read = server_.get("/api/v1/admins/2", owner_);
  EXPECT_EQ(read.body, made.body);
  EXPECT_EQ(read.header("etag"), made.header("etag"));
  EXPECT_EQ(server_.get("/api/v1/admins?role=editor&q=J", owner_).parsed().at("total"), json::value(1));
  EXPECT_EQ(server_.get("/api/v1/admins?role=king", owner_).status, 400U);
  const auto changed = server_.send("PATCH", "/api/v1/admins/2",
                                    with(owner_, "If-Match", read.header("etag")), R"({"role":"viewer"})");
  EXPECT_EQ(changed.status, 200U) << changed.body;
  EXPECT_EQ(changed.parsed().at("role"), json::value("viewer"));
  EXPECT_EQ(server_.send("POST", "/api/v1/platforms", jo, R"({"key":"web","name":"Web"})").status, 403U);
  EXPECT_EQ(server_.send("DELETE", "/api/v1/admins/2", owner_).status, 204U);
  EXPECT_EQ(code_of(server_.get("/api/v1/platforms", jo)), "revoked");
  EXPECT_EQ(code_of(server_.get("/api/v1/admins/2", owner_)), "not_found");
}

TEST_F(Admins, WhoChangedThemStandsInALogOfTheirOwn) {
  create();
  (void)server_.login("jo", "some-password");
  server_.send("PATCH", "/api/v1/admins/2", owner_, R"({"role":"viewer","password":"other-password"})");
  server_.send("DELETE", "/api/v1/admins/2", owner_);
  const auto editor = server_.admin("ed", domain::Role::editor);

  const auto reply = server_.get("/api/v1/activity?entity_type=admin&entity_id=2", owner_);
  const json::value feed = reply.parsed();

  const auto& items = feed.at("items").as_array();
  ASSERT_EQ(items.size(), 3U) << reply.body;
  EXPECT_EQ(items[0].at("changes").at(0).at("type"), json::value("delete"));
  EXPECT_EQ(items[1].at("changes").at(0).at("after").at("role"), json::value("viewer"));
  EXPECT_EQ(items[2].at("summary"), json::value("owner added admin jo as editor"));
  for (const auto& item : items) {
    EXPECT_EQ(item.at("environment"), json::value("system"));
    EXPECT_EQ(item.at("actor").at("name"), json::value("owner"));
    EXPECT_EQ(item.at("changes").as_array().size(), 1U) << "sessions are no news";
  }
  EXPECT_EQ(reply.body.find("other-password"), std::string::npos);
  EXPECT_EQ(reply.header("togglecast-revision"), "0") << "of the environment the owner works in";
  EXPECT_EQ(server_
                .get("/api/v1/activity?entity_type=admin&entity_id=2",
                     with(owner_, "If-None-Match", reply.header("etag")))
                .status,
            304U);
  EXPECT_EQ(server_.get("/api/v1/activity", owner_).parsed().at("items").as_array().size(), 0U);
  EXPECT_EQ(code_of(server_.get("/api/v1/activity?entity_type=admin", editor)), "forbidden");
}

TEST_F(Admins, ARoleInOneEnvironmentRaisesOrLowersThatOfTheInstallation) {
  ASSERT_EQ(server_.send("POST", "/api/v1/environments", owner_, R"({"key":"staging"})").status, 201U);
  ASSERT_EQ(
      create(
          R"({"username":"jo","role":"viewer","password":"some-password","environments":{"staging":"editor"}})")
          .status,
      201U);
  const auto here = server_.login("jo", "some-password");
  const auto there = login_in("staging");
  const std::string platform = R"({"key":"web","name":"Web"})";

  const auto refused = server_.send("POST", "/api/v1/platforms", here, platform);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(json::string_or_empty(refused.parsed(), "detail"),
            "the role viewer may not change platforms; it takes editor");
  EXPECT_EQ(server_.send("POST", "/api/v1/platforms", there, platform).status, 201U);
  EXPECT_EQ(server_.get("/api/v1/admins/2", owner_).parsed().at("environments").at("staging"),
            json::value("editor"));

  ASSERT_EQ(
      server_.send("PATCH", "/api/v1/admins/2", owner_, R"({"environments":{"staging":"owner"}})").status,
      200U);
  EXPECT_EQ(server_.send("POST", "/api/v1/clients", there, R"({"key":"acme","name":"Acme"})").status, 201U);
  EXPECT_EQ(server_.send("POST", "/api/v1/clients/1/tokens", there).status, 201U) << "an owner there";
  for (const char* path : {"/api/v1/admins", "/api/v1/activity?entity_type=admin"})
    EXPECT_EQ(code_of(server_.get(path, there)), "forbidden") << path;
  EXPECT_EQ(server_.send("POST", "/api/v1/signing-keys", there).status, 403U);
  EXPECT_EQ(server_.send("POST", "/api/v1/environments", there, R"({"key":"mine"})").status, 403U);
}

TEST_F(Admins, WhoHasARoleInOneEnvironmentAloneHasNothingElse) {
  ASSERT_EQ(server_.send("POST", "/api/v1/environments", owner_, R"({"key":"staging"})").status, 201U);
  ASSERT_EQ(
      create(
          R"({"username":"jo","role":"none","password":"some-password","environments":{"staging":"editor"}})")
          .status,
      201U);

  const auto refused =
      server_.send("POST", "/api/v1/auth/login", {}, R"({"username":"jo","password":"some-password"})");
  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(json::string_or_empty(refused.parsed(), "detail"),
            "'jo' has no role in the environment 'production', only in staging; an owner can give it one");
  const auto there = login_in("staging");
  const json::value seen = server_.get("/api/v1/environments", there).parsed();
  ASSERT_EQ(seen.at("items").as_array().size(), 1U);
  EXPECT_EQ(seen.at("items").at(0).at("key"), json::value("staging"));
  EXPECT_EQ(code_of(server_.get("/api/v1/environments/production", there)), "forbidden");

  const auto merged = http(server_.port, "PATCH", "/api/v1/admins/2",
                           with(owner_, "Content-Type", "application/merge-patch+json"),
                           R"({"environments":{"production":"viewer","staging":null}})");
  ASSERT_EQ(merged.status, 200U) << merged.body;
  EXPECT_EQ(json::serialize(merged.parsed().at("environments")), R"({"production":"viewer"})");
  EXPECT_EQ(code_of(server_.get("/api/v1/platforms", there)), "forbidden") << "at once";
  EXPECT_EQ(server_.get("/api/v1/platforms", server_.login("jo", "some-password")).status, 200U);
  const json::value feed = server_.get("/api/v1/activity?entity_type=admin&entity_id=2", owner_).parsed();
  const auto& change = feed.at("items").at(0).at("changes").at(0);
  EXPECT_EQ(json::serialize(change.at("fields").as_array().at(0)), "\"environments\"");
}

TEST_F(Admins, RolesInEnvironmentsAreChecked) {
  const auto errors = [&](const std::string& members) {
    const auto refused = create(R"({"username":"jo","password":"some-password",)" + members + "}").parsed();
    return json::serialize(*json::find(refused, "errors"));
  };

  EXPECT_NE(errors(R"("role":"viewer","environments":{"nowhere":"editor"})").find("/environments/nowhere"),
            std::string::npos);
  EXPECT_NE(errors(R"("role":"viewer","environments":{"system":"editor"})").find("/environments/system"),
            std::string::npos);
  EXPECT_NE(
      errors(R"("role":"viewer","environments":{"production":"king"})").find("/environments/production"),
      std::string::npos);
  EXPECT_NE(errors(R"("role":"viewer","environments":"production")").find("must be an object"),
            std::string::npos);
  EXPECT_NE(errors(R"("role":"owner","environments":{"production":"viewer"})").find("must be empty"),
            std::string::npos);
}

TEST_F(Admins, EveryRejectedFieldIsNamed) {
  const auto refused = create(R"({"username":"No Name","role":"king","password":"short","colour":1})");

  EXPECT_EQ(refused.status, 400U);
  std::string pointers;
  const json::value problem = refused.parsed();
  for (const auto& issue : problem.at("errors").as_array())
    pointers += std::string(json::string_or_empty(issue, "pointer")) + ' ';
  EXPECT_EQ(pointers, "/username /role /password /colour ");
  EXPECT_EQ(pointer_of(create(R"({"username":"jo","role":"viewer"})")), "/password");
  create();
  EXPECT_EQ(pointer_of(server_.send("PATCH", "/api/v1/admins/2", owner_, R"({"username":"x"})")),
            "/username");
  EXPECT_EQ(code_of(create()), "already_exists");
}

TEST_F(Admins, APatchMaySendBackWhatGetAnswered) {
  create();
  json::object body = server_.get("/api/v1/admins/2", owner_).parsed().as_object();
  const auto patch = [&](const json::object& sent) {
    return server_.send("PATCH", "/api/v1/admins/2", owner_, json::serialize(sent));
  };
  const auto changed = [&body](const char* name, json::value value) {
    json::object sent = body;
    sent[name] = std::move(value);
    return sent;
  };

  EXPECT_EQ(patch(body).status, 200U);
  const auto renamed = patch(changed("username", "joe"));
  EXPECT_EQ(renamed.status, 400U) << renamed.body;
  EXPECT_EQ(pointer_of(renamed), "/username");
  EXPECT_EQ(pointer_of(patch(changed("password_changed_at", "2020-01-01T00:00:00.000Z"))),
            "/password_changed_at");
  EXPECT_EQ(pointer_of(patch(changed("id", 3))), "/id");
  EXPECT_EQ(patch(changed("updated_at", "2020-01-01T00:00:00.000Z")).status, 200U);
  const auto demoted = patch(changed("role", "viewer"));
  EXPECT_EQ(demoted.status, 200U) << demoted.body;
  EXPECT_EQ(demoted.parsed().at("role"), json::value("viewer"));
  EXPECT_EQ(patch(changed("role", "owner")).status, 409U) << "its revision is old now";
  body = demoted.parsed().as_object();
  body["password"] = "another-password";
  EXPECT_EQ(patch(body).status, 200U);
  (void)server_.login("jo", "another-password");
}

TEST_F(Admins, ACopyIgnoresTheStampsOfItsOriginal) {
  create();
  json::object body = server_.get("/api/v1/admins/2", owner_).parsed().as_object();
  body["username"] = "al";
  body["password"] = "some-password";

  const auto made = create(json::serialize(body));

  EXPECT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(made.header("location"), "/api/v1/admins/3");
}

TEST_F(Admins, ALostUpdateShowsBothVersions) {
  create();
  server_.send("PATCH", "/api/v1/admins/2", owner_, R"({"role":"viewer"})");

  const std::string first_tag = create(kJo, {{"Idempotency-Key", "none"}}).header("etag");
  const auto stale =
      server_.send("PATCH", "/api/v1/admins/2", with(owner_, "If-Match", "\"1.1\""), R"({"role":"owner"})");

  EXPECT_EQ(first_tag, "");
  EXPECT_EQ(stale.status, 409U);
  EXPECT_EQ(stale.parsed().at("current").at("role"), json::value("viewer"));
  EXPECT_EQ(stale.parsed().at("expected_revision"), json::value(1));
}

TEST_F(Admins, AreMadeOnceHoweverOftenTheRequestIsRepeated) {
  const auto first = create(kJo, {{"Idempotency-Key", "k1"}});
  const auto second = create(kJo, {{"Idempotency-Key", "k1"}});
  const auto other =
      create(R"({"username":"al","role":"editor","password":"some-password"})", {{"Idempotency-Key", "k1"}});

  EXPECT_EQ(second.status, 201U) << second.body;
  EXPECT_EQ(second.header("idempotency-replayed"), "true");
  EXPECT_EQ(second.parsed(), first.parsed());
  EXPECT_EQ(other.status, 409U);
}

TEST_F(Admins, LoginsAreRepeatedWithTheSameToken) {
  const auto login = [&](const std::string& password) {
    return server_.send("POST", "/api/v1/auth/login", {{"Idempotency-Key", "k1"}},
                        R"({"username":"owner","password":")" + password + "\"}");
  };
  const auto first = login(kOwnerPassword);
  const auto second = login(kOwnerPassword);

  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.header("idempotency-replayed"), "true");
  EXPECT_EQ(login("something else").status, 401U);
}

TEST_F(Admins, AreTheBusinessOfOwners) {
  const auto editor = server_.admin("ed", domain::Role::editor);

  for (const auto& [method, path] :
       {std::pair{"GET", "/api/v1/admins"}, {"GET", "/api/v1/admins/1"}, {"DELETE", "/api/v1/admins/1"}})
    EXPECT_EQ(server_.send(method, path, editor).status, 403U) << method << path;
  EXPECT_EQ(server_.send("POST", "/api/v1/admins", editor, kJo).status, 403U);
}

TEST_F(Admins, OnesOwnAccountAndTheLastOwnerAreSafe) {
  EXPECT_EQ(server_.send("PATCH", "/api/v1/admins/1", owner_, R"({"role":"viewer"})").status, 409U);
  create(R"({"username":"jo","role":"owner","password":"some-password"})");
  EXPECT_EQ(server_.send("PATCH", "/api/v1/admins/1", owner_, R"({"role":"viewer"})").status, 403U);
  EXPECT_EQ(server_.send("PATCH", "/api/v1/admins/1", owner_, R"({"password":"another-one"})").status, 403U);
  EXPECT_EQ(server_.send("DELETE", "/api/v1/admins/1", owner_).status, 403U);
  const auto jo = server_.login("jo", "some-password");
  EXPECT_EQ(server_.send("DELETE", "/api/v1/admins/1", jo).status, 204U);
}

}  // namespace
}  // namespace togglecast::testing
