#include <tuple>

#include "api_fixture.hpp"

namespace togglecast::testing {
namespace {

std::string credentials(const std::string& password) {
  return R"({"username":"owner","password":")" + password + "\"}";
}

TEST(Sessions, BeginWithNameAndPassword) {
  const ApiServer server;

  const auto reply = server.send("POST", "/api/v1/auth/login", {}, credentials(kOwnerPassword));

  ASSERT_EQ(reply.status, 200U) << reply.body;
  const json::value body = reply.parsed();
  EXPECT_EQ(body.at("admin").at("username"), json::value("owner"));
  EXPECT_EQ(body.at("environment"), json::value("production"));
  EXPECT_FALSE(json::string_or_empty(body, "expires_at").empty());
  EXPECT_EQ(reply.header("togglecast-revision"), "0");
  EXPECT_EQ(reply.header("cache-control"), "no-store");
}

TEST(Sessions, DoNotTellAWrongNameFromAWrongPassword) {
  const ApiServer server;

  const auto wrong = server.send("POST", "/api/v1/auth/login", {}, credentials("something-else"));
  const auto nobody =
      server.send("POST", "/api/v1/auth/login", {}, R"({"username":"nobody","password":"something-else"})");

  EXPECT_EQ(wrong.status, 401U);
  EXPECT_EQ(code_of(wrong), "unauthenticated");
  EXPECT_EQ(wrong.header("www-authenticate"), "Bearer realm=\"togglecast\"");
  EXPECT_EQ(wrong.parsed().at("detail"), nobody.parsed().at("detail"));
}

TEST(Sessions, SlowGuessingDown) {
  const ApiServer server;
  HttpReply reply;

  for (int i = 0; i < 10 && reply.status != 429; ++i)
    reply = server.send("POST", "/api/v1/auth/login", {}, credentials("something-else"));

  EXPECT_EQ(reply.status, 429U);
  EXPECT_EQ(code_of(reply), "rate_limited");
  EXPECT_GE(std::stoi(reply.header("retry-after")), 1);
}

TEST(Sessions, WorkInAnEnvironmentThatExists) {
  const ApiServer server;

  const auto reply = server.send("POST", "/api/v1/auth/login", {},
                                 R"({"username":"owner","password":"owner-password","environment":"moon"})");

  EXPECT_EQ(reply.status, 400U);
  EXPECT_EQ(pointer_of(reply), "/environment");
}

TEST(Sessions, EndWithALogout) {
  const ApiServer server;
  const auto owner = server.owner();

  const auto out = server.send("POST", "/api/v1/auth/logout", owner);

  EXPECT_EQ(out.status, 204U);
  const auto after = server.get("/api/v1/platforms", owner);
  EXPECT_EQ(after.status, 401U);
  EXPECT_EQ(code_of(after), "revoked");
  EXPECT_EQ(after.header("www-authenticate"), "Bearer realm=\"togglecast\", error=\"invalid_token\"");
}

TEST(Sessions, OfOthersEndWithAnotherPassword) {
  const ApiServer server;
  const auto mine = server.owner();
  const auto other = server.owner();

  const auto changed = server.send("POST", "/api/v1/auth/password", mine,
                                   R"({"current":"owner-password","new":"another-password"})");

  EXPECT_EQ(changed.status, 204U) << changed.body;
  EXPECT_EQ(server.get("/api/v1/platforms", mine).status, 200U);
  EXPECT_EQ(server.get("/api/v1/platforms", other).status, 401U);
  std::ignore = server.login("owner", "another-password");
}

TEST(Sessions, KeepThePasswordUnlessTheOldOneIsKnownAndTheNewOneGood) {
  const ApiServer server;
  const auto owner = server.owner();
  const auto change = [&](const char* body) {
    return server.send("POST", "/api/v1/auth/password", owner, body);
  };

  EXPECT_EQ(code_of(change(R"({"current":"wrong","new":"another-password"})")), "unauthenticated");
  EXPECT_EQ(pointer_of(change(R"({"current":"owner-password","new":"short"})")), "/new");
  EXPECT_EQ(pointer_of(change(R"({"new":"another-password"})")), "/current");
  std::ignore = server.owner();
}

TEST(Sessions, NeverShowInTheLog) {
  const ApiServer server;
  const auto owner = server.owner();
  server.send("POST", "/api/v1/auth/login?token=query-secret", {}, credentials("guessed-password"));

  const std::string log = server.log();

  EXPECT_NE(log.find("\"path\":\"/api/v1/auth/login\""), std::string::npos) << log;
  EXPECT_EQ(log.find(kOwnerPassword), std::string::npos);
  EXPECT_EQ(log.find("guessed-password"), std::string::npos);
  EXPECT_EQ(log.find("query-secret"), std::string::npos);
  EXPECT_EQ(log.find(owner.front().second.substr(7)), std::string::npos);
}

TEST(Tokens, AreNeededAndChecked) {
  const ApiServer server;

  EXPECT_EQ(code_of(server.get("/api/v1/platforms")), "unauthenticated");
  EXPECT_EQ(code_of(server.get("/api/v1/platforms", {{"Authorization", "Basic b3duZXI6"}})),
            "unauthenticated");
  EXPECT_EQ(code_of(server.get("/api/v1/platforms", ApiServer::bearer("a.b.c"))), "token_invalid");
}

}  // namespace
}  // namespace togglecast::testing
