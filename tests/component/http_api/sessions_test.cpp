#include <tuple>

#include "house.hpp"

namespace togglecast::testing {
namespace {

std::string credentials(const std::string& password) {
  return R"({"username":"owner","password":")" + password + "\"}";
}

TEST(Sessions, BeginWithNameAndPassword) {
  const House house;

  const auto reply = house.send("POST", "/api/v1/auth/login", {}, credentials(kOwnerPassword));

  ASSERT_EQ(reply.status, 200U) << reply.body;
  const json::value body = reply.parsed();
  EXPECT_EQ(body.at("admin").at("username"), json::value("owner"));
  EXPECT_EQ(body.at("environment"), json::value("production"));
  EXPECT_FALSE(json::string_or_empty(body, "expires_at").empty());
  EXPECT_EQ(reply.header("togglecast-revision"), "0");
  EXPECT_EQ(reply.header("cache-control"), "no-store");
}

TEST(Sessions, DoNotTellAWrongNameFromAWrongPassword) {
  const House house;

  const auto wrong = house.send("POST", "/api/v1/auth/login", {}, credentials("something-else"));
  const auto nobody =
      house.send("POST", "/api/v1/auth/login", {}, R"({"username":"nobody","password":"something-else"})");

  EXPECT_EQ(wrong.status, 401U);
  EXPECT_EQ(code_of(wrong), "unauthenticated");
  EXPECT_EQ(wrong.header("www-authenticate"), "Bearer realm=\"togglecast\"");
  EXPECT_EQ(wrong.parsed().at("detail"), nobody.parsed().at("detail"));
}

TEST(Sessions, SlowGuessingDown) {
  const House house;
  HttpReply reply;

  for (int i = 0; i < 10 && reply.status != 429; ++i)
    reply = house.send("POST", "/api/v1/auth/login", {}, credentials("something-else"));

  EXPECT_EQ(reply.status, 429U);
  EXPECT_EQ(code_of(reply), "rate_limited");
  EXPECT_GE(std::stoi(reply.header("retry-after")), 1);
}

TEST(Sessions, WorkInAnEnvironmentThatExists) {
  const House house;

  const auto reply = house.send("POST", "/api/v1/auth/login", {},
                                R"({"username":"owner","password":"owner-password","environment":"moon"})");

  EXPECT_EQ(reply.status, 400U);
  EXPECT_EQ(pointer_of(reply), "/environment");
}

TEST(Sessions, EndWithALogout) {
  const House house;
  const auto owner = house.owner();

  const auto out = house.send("POST", "/api/v1/auth/logout", owner);

  EXPECT_EQ(out.status, 204U);
  const auto after = house.get("/api/v1/platforms", owner);
  EXPECT_EQ(after.status, 401U);
  EXPECT_EQ(code_of(after), "revoked");
  EXPECT_EQ(after.header("www-authenticate"), "Bearer realm=\"togglecast\", error=\"invalid_token\"");
}

TEST(Sessions, OfOthersEndWithAnotherPassword) {
  const House house;
  const auto mine = house.owner();
  const auto other = house.owner();

  const auto changed = house.send("POST", "/api/v1/auth/password", mine,
                                  R"({"current":"owner-password","new":"another-password"})");

  EXPECT_EQ(changed.status, 204U) << changed.body;
  EXPECT_EQ(house.get("/api/v1/platforms", mine).status, 200U);
  EXPECT_EQ(house.get("/api/v1/platforms", other).status, 401U);
  std::ignore = house.login("owner", "another-password");
}

TEST(Sessions, KeepThePasswordUnlessTheOldOneIsKnownAndTheNewOneGood) {
  const House house;
  const auto owner = house.owner();
  const auto change = [&](const char* body) {
    return house.send("POST", "/api/v1/auth/password", owner, body);
  };

  EXPECT_EQ(code_of(change(R"({"current":"wrong","new":"another-password"})")), "unauthenticated");
  EXPECT_EQ(pointer_of(change(R"({"current":"owner-password","new":"short"})")), "/new");
  EXPECT_EQ(pointer_of(change(R"({"new":"another-password"})")), "/current");
  std::ignore = house.owner();
}

TEST(Sessions, NeverShowInTheLog) {
  const House house;
  const auto owner = house.owner();
  house.send("POST", "/api/v1/auth/login?token=query-secret", {}, credentials("guessed-password"));

  const std::string log = house.log();

  EXPECT_NE(log.find("\"path\":\"/api/v1/auth/login\""), std::string::npos) << log;
  EXPECT_EQ(log.find(kOwnerPassword), std::string::npos);
  EXPECT_EQ(log.find("guessed-password"), std::string::npos);
  EXPECT_EQ(log.find("query-secret"), std::string::npos);
  EXPECT_EQ(log.find(owner.front().second.substr(7)), std::string::npos);
}

TEST(Tokens, AreNeededAndChecked) {
  const House house;

  EXPECT_EQ(code_of(house.get("/api/v1/platforms")), "unauthenticated");
  EXPECT_EQ(code_of(house.get("/api/v1/platforms", {{"Authorization", "Basic b3duZXI6"}})),
            "unauthenticated");
  EXPECT_EQ(code_of(house.get("/api/v1/platforms", House::bearer("a.b.c"))), "token_invalid");
}

}  // namespace
}  // namespace togglecast::testing
