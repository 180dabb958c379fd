// Pages of other origins: which may ask, and what they are told.
#include <string>

#include "api_fixture.hpp"

namespace togglecast::testing {
namespace {

HouseOptions with_origin(const std::string& origin) {
  HouseOptions options;
  options.api.cors.origins = {origin};
  return options;
}

TEST(Origins, AreRefusedByDefaultBeforeAnythingHappens) {
  ApiServer server;
  const auto owner = server.owner();

  const auto refused = server.send("POST", "/api/v1/platforms", with(owner, "Origin", "https://app.example"),
                                   R"({"key":"web","name":"Web"})");

  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(code_of(refused), "forbidden");
  EXPECT_NE(refused.body.find("--cors-origin https://app.example"), std::string::npos) << refused.body;
  EXPECT_EQ(refused.header("access-control-allow-origin"), "");
  EXPECT_EQ(server.get("/api/v1/platforms", owner).parsed().at("items").as_array().size(), 0U);
  const auto login = server.send("POST", "/api/v1/auth/login", {{"Origin", "https://app.example"}},
                                 R"({"username":"owner","password":"owner-password"})");
  EXPECT_EQ(login.status, 403U);
}

TEST(Origins, OfThisServerItselfAreAtHome) {
  const ApiServer server;
  const std::string own = "http://localhost:" + std::to_string(server.port);

  const auto reply = server.send("POST", "/api/v1/platforms", with(server.owner(), "Origin", own),
                                 R"({"key":"web","name":"Web"})");

  EXPECT_EQ(reply.status, 201U);
}

TEST(Origins, ThatAreAllowedMayReadWhatTheyNeed) {
  const ApiServer server(with_origin("https://app.example"));
  const HttpHeaders page{{"Origin", "https://app.example"},
                         {"Access-Control-Request-Method", "PATCH"},
                         {"Access-Control-Request-Headers", "authorization,content-type"}};

  const auto preflight = server.send("OPTIONS", "/api/v1/platforms/1", page);
  const auto read = server.get("/api/v1/platforms", with(server.owner(), "Origin", "https://app.example"));
  const auto refused = server.get("/api/v1/platforms", {{"Origin", "https://app.example"}});

  EXPECT_EQ(preflight.status, 204U);
  EXPECT_EQ(preflight.header("access-control-allow-origin"), "https://app.example");
  EXPECT_NE(preflight.header("access-control-allow-methods").find("PATCH"), std::string::npos);
  EXPECT_NE(preflight.header("access-control-allow-headers").find("Idempotency-Key"), std::string::npos);
  EXPECT_EQ(read.header("access-control-allow-origin"), "https://app.example");
  for (const char* name : {"ETag", "Retry-After", "Togglecast-Revision"})
    EXPECT_NE(read.header("access-control-expose-headers").find(name), std::string::npos) << name;
  EXPECT_EQ(refused.status, 401U);
  EXPECT_EQ(refused.header("access-control-allow-origin"), "https://app.example")
      << "a page must be able to read why";
}

TEST(Origins, ThatAreAllowedMayTraceTheirRequestsAndSendWhatTheOperatorAdds) {
  HouseOptions options = with_origin("https://app.example");
  options.api.cors.allowed_headers = {"x-tenant"};
  options.api.cors.max_age = std::chrono::seconds{600};
  const ApiServer server(options);

  for (const char* path : {"/api/v1/platforms", "/api/v1/auth/login", "/api/v1/openapi.json"}) {
    const auto preflight = server.send("OPTIONS", path, {{"Origin", "https://app.example"}});
    EXPECT_EQ(preflight.status, 204U) << path;
    EXPECT_EQ(preflight.header("access-control-max-age"), "600") << path;
    for (const char* name : {"Authorization", "traceparent", "tracestate", "baggage", "sentry-trace",
                             "x-request-id", "x-tenant"})
      EXPECT_NE(preflight.header("access-control-allow-headers").find(name), std::string::npos) << name;
  }
}

TEST(Origins, ThatAreForeignLearnSoFromThePreflight) {
  const ApiServer server(with_origin("https://app.example"));

  const auto preflight = server.send("OPTIONS", "/api/v1/platforms", {{"Origin", "https://evil.example"}});

  EXPECT_EQ(preflight.status, 403U);
  EXPECT_EQ(preflight.header("access-control-allow-methods"), "");
}

}  // namespace
}  // namespace togglecast::testing
