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

std::string refresh_body(const std::string& token) { return R"({"refresh_token":")" + token + "\"}"; }

const HttpHeaders kOwnPage{{"Sec-Fetch-Site", "same-origin"}};
constexpr const char* kLoginWithCookie = R"({"username":"owner","password":"owner-password","cookie":true})";

// What a browser would send back.
std::string cookie_in(const HttpReply& reply) {
  const std::string field = reply.header("set-cookie");
  return field.substr(0, field.find(';'));
}

TEST(RefreshRequests, AreExchangedForTheNextToken) {
  const ApiServer server;
  const auto in = server.send("POST", "/api/v1/auth/login", {}, credentials(kOwnerPassword)).parsed();

  const auto reply = server.send("POST", "/api/v1/auth/refresh", {},
                                 refresh_body(std::string(json::string_or_empty(in, "refresh_token"))));

  ASSERT_EQ(reply.status, 200U) << reply.body;
  const json::value next = reply.parsed();
  EXPECT_EQ(next.at("session").at("id"), in.at("session").at("id"));
  EXPECT_NE(next.at("refresh_token"), in.at("refresh_token"));
  EXPECT_EQ(next.at("environment"), json::value("production"));
  EXPECT_EQ(reply.header("cache-control"), "no-store");
  EXPECT_EQ(reply.header("set-cookie"), "");
  const auto bearer = ApiServer::bearer(json::string_or_empty(next, "token"));
  EXPECT_EQ(server.get("/api/v1/platforms", bearer).status, 200U);
}

TEST(RefreshRequests, MayNameAnotherEnvironment) {
  const ApiServer server;
  const auto made = server.send("POST", "/api/v1/environments", server.owner(), R"({"key":"staging"})");
  ASSERT_EQ(made.status, 201U) << made.body;
  const auto in = server.send("POST", "/api/v1/auth/login", {}, credentials(kOwnerPassword)).parsed();
  const std::string token(json::string_or_empty(in, "refresh_token"));
  const auto ask = [&](const std::string& environment) {
    return server.send("POST", "/api/v1/auth/refresh", {},
                       R"({"refresh_token":")" + token + R"(","environment":")" + environment + "\"}");
  };

  EXPECT_EQ(pointer_of(ask("moon")), "/environment");
  EXPECT_EQ(pointer_of(ask("not a key")), "/environment");
  const auto reply = ask("staging");

  ASSERT_EQ(reply.status, 200U) << reply.body;
  EXPECT_EQ(reply.parsed().at("environment"), json::value("staging"));
  const auto bearer = ApiServer::bearer(json::string_or_empty(reply.parsed(), "token"));
  ASSERT_EQ(server.send("POST", "/api/v1/platforms", bearer, R"({"key":"web","name":"Web"})").status, 201U);
  EXPECT_EQ(server.get("/api/v1/platforms", server.owner()).parsed().at("items").as_array().size(), 0U);
}

TEST(RefreshRequests, AreNoTokensAndTokensAreNoRefreshTokens) {
  const ApiServer server;
  const auto in = server.send("POST", "/api/v1/auth/login", {}, credentials(kOwnerPassword)).parsed();
  const std::string token(json::string_or_empty(in, "token"));
  const std::string refresh(json::string_or_empty(in, "refresh_token"));

  EXPECT_EQ(code_of(server.get("/api/v1/platforms", ApiServer::bearer(refresh))), "token_invalid");
  EXPECT_EQ(code_of(server.send("POST", "/api/v1/auth/refresh", {}, refresh_body(token))), "token_invalid");
  EXPECT_EQ(code_of(server.send("POST", "/api/v1/auth/refresh", {}, "{}")), "unauthenticated");
  EXPECT_EQ(server.log().find(refresh), std::string::npos);
}

TEST(RefreshCookies, AreForPagesOfThisServerAlone) {
  const ApiServer server;

  const auto in = server.send("POST", "/api/v1/auth/login", kOwnPage, kLoginWithCookie);

  ASSERT_EQ(in.status, 200U) << in.body;
  EXPECT_EQ(json::find(in.parsed(), "refresh_token"), nullptr);
  const std::string field = in.header("set-cookie");
  EXPECT_EQ(field.rfind("togglecast_refresh_" + std::to_string(server.port) + "=tcr_", 0), 0U) << field;
  for (const char* part : {"; Path=/api/v1/auth;", "; HttpOnly", "; SameSite=Strict", "; Max-Age=77759"})
    EXPECT_NE((field + ';').find(part), std::string::npos) << part << " in " << field;
  EXPECT_EQ(field.find("Secure"), std::string::npos) << "this is no https";
}

TEST(RefreshCookies, RefreshOnlyWithTheProofThatAPageOfThisServerAsks) {
  const ApiServer server;
  const std::string cookie = cookie_in(server.send("POST", "/api/v1/auth/login", kOwnPage, kLoginWithCookie));
  const std::string own = "http://localhost:" + std::to_string(server.port);
  const auto ask = [&](HttpHeaders headers, const char* body = "{}") {
    headers.emplace_back("Cookie", cookie);
    return server.send("POST", "/api/v1/auth/refresh", headers, body);
  };

  EXPECT_EQ(code_of(ask({})), "forbidden") << "no proof at all";
  EXPECT_EQ(pointer_of(ask(kOwnPage, R"({"environment":"moon"})")), "/environment");
  EXPECT_EQ(code_of(ask({{"Sec-Fetch-Site", "same-site"}})), "forbidden");
  EXPECT_EQ(code_of(ask({{"Sec-Fetch-Site", "none"}})), "forbidden");
  EXPECT_EQ(code_of(ask({{"Sec-Fetch-Site", "cross-site"}, {"Origin", own}})), "forbidden");
  EXPECT_EQ(code_of(ask({{"Origin", "https://evil.example"}})), "forbidden");
  EXPECT_EQ(code_of(ask({{"Origin", "null"}})), "forbidden");
  EXPECT_EQ(code_of(ask(kOwnPage, "")), "forbidden") << "a form could send that";
  const auto by_origin = ask({{"Origin", own}});
  ASSERT_EQ(by_origin.status, 200U) << by_origin.body;
  EXPECT_EQ(json::find(by_origin.parsed(), "refresh_token"), nullptr);
  EXPECT_NE(cookie_in(by_origin), cookie);
  EXPECT_EQ(ask(kOwnPage).status, 200U) << "within the leeway";
}

TEST(RefreshCookies, AreSetForPagesOfThisServerOnly) {
  const ApiServer server;

  EXPECT_EQ(code_of(server.send("POST", "/api/v1/auth/login", {}, kLoginWithCookie)), "forbidden");
  EXPECT_EQ(code_of(server.send("POST", "/api/v1/auth/login", {{"Sec-Fetch-Site", "cross-site"}},
                                kLoginWithCookie)),
            "forbidden");
}

TEST(RefreshCookies, GoWithALogout) {
  const ApiServer server;
  const auto in = server.send("POST", "/api/v1/auth/login", kOwnPage, kLoginWithCookie);
  const auto bearer = ApiServer::bearer(json::string_or_empty(in.parsed(), "token"));

  const auto out = server.send("POST", "/api/v1/auth/logout", bearer);

  EXPECT_EQ(out.status, 204U);
  EXPECT_NE(out.header("set-cookie").find("=; Path=/api/v1/auth; Max-Age=0"), std::string::npos)
      << out.header("set-cookie");
  const auto late =
      server.send("POST", "/api/v1/auth/refresh", with(kOwnPage, "Cookie", cookie_in(in)), "{}");
  EXPECT_EQ(code_of(late), "revoked");
}

TEST(RefreshCookies, BehindAProxyWithTlsAreSecure) {
  HouseOptions options;
  options.proxies = web::TrustedProxies::parse({"127.0.0.1"}).value();
  const ApiServer server(std::move(options));

  const auto in = server.send("POST", "/api/v1/auth/login",
                              {{"Sec-Fetch-Site", "same-origin"},
                               {"X-Forwarded-For", "192.0.2.1"},
                               {"X-Forwarded-Proto", "https"},
                               {"X-Forwarded-Host", "flags.example"}},
                              kLoginWithCookie);

  ASSERT_EQ(in.status, 200U) << in.body;
  const std::string field = in.header("set-cookie");
  EXPECT_EQ(field.rfind("__Secure-togglecast_refresh=tcr_", 0), 0U) << field;
  EXPECT_NE((field + ';').find("; Secure;"), std::string::npos) << field;
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
