// Health, metrics and the page at `/`.
#include <array>
#include <string>

#include "api_fixture.hpp"
#include "http_api/console/console.hpp"

namespace togglecast::testing {
namespace {

TEST(Health, SaysLittleToEverybody) {
  ApiServer server;

  EXPECT_EQ(server.get("/healthz").body, R"({"status":"ok"})");
  EXPECT_EQ(server.get("/readyz").body, R"({"status":"ready"})");
  server.api().enter(http_api::Phase::draining);
  const auto draining = server.get("/readyz");
  EXPECT_EQ(draining.status, 503U);
  EXPECT_EQ(draining.body, R"({"status":"draining"})");
  EXPECT_EQ(server.get("/healthz").status, 200U);
}

TEST(Health, SaysMoreToAdminsAndOnTheListenerOfItsOwn) {
  ApiServer server;
  const auto owner = server.owner();
  const auto client = server.client(owner);
  for (const std::string path : {"/metrics", "/healthz/details"}) {
    EXPECT_EQ(code_of(server.get(path)), "unauthenticated") << "this machine is no credential: " << path;
    EXPECT_EQ(code_of(server.get(path, client)), "forbidden") << path;
    EXPECT_EQ(server.get(path, owner).status, 200U) << path;
    EXPECT_EQ(http(server.metrics_port, "GET", path, {{"X-Forwarded-For", "192.0.2.7"}}).status, 200U)
        << path;
  }
  EXPECT_EQ(server.get("/healthz/details", owner).parsed().at("store").at("status"), json::value("ok"));
  EXPECT_EQ(http(server.metrics_port, "GET", "/api/v1/platforms", owner).status, 404U);
}

TEST(Health, MetricsCountRequestsByRoute) {
  ApiServer server;
  const auto owner = server.owner();
  server.get("/api/v1/platforms/1", owner);

  const auto reply = server.get("/metrics", owner);

  EXPECT_EQ(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(reply.body.find("togglecast_http_requests_total{method=\"GET\",route=\"/api/v1/platforms/{id}\","
                            "status=\"4xx\"} 1"),
            std::string::npos)
      << reply.body;
}

TEST(FrontPage, ShowsCommandsForTheAddressItWasReachedAt) {
  HouseOptions options;
  options.api.version = "1.2.3";
  const ApiServer server(options);

  const auto page = server.get("/", {{"Host", "toggles.example:8080"}});
  const auto odd = server.get("/", {{"Host", "a'$(x)"}});

  EXPECT_EQ(page.status, 200U);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(page.header("content-security-policy").find("default-src 'none'; style-src 'sha256-"),
            std::string::npos);
  EXPECT_NE(page.body.find("http://toggles.example:8080/api/v1/auth/login"), std::string::npos);
  EXPECT_NE(page.body.find("version 1.2.3 · environment production"), std::string::npos);
  EXPECT_EQ(page.body.find('@'), page.body.find("@media")) << "nothing is left to fill in";
  EXPECT_NE(odd.body.find("http://localhost/api/v1/auth/login"), std::string::npos);
}

TEST(FrontPage, SaysHowToGetTheConsoleIfTheProgramHasNone) {
  const ApiServer server;

  const auto page = server.get("/");

  EXPECT_NE(page.body.find("built without the web console"), std::string::npos);
  EXPECT_NE(page.body.find("console/build"), std::string::npos);
}

TEST(FrontPage, IsTheConsoleIfTheProgramHasOne) {
  static constexpr std::array kFiles{http_api::ConsoleFile{"/index.html", "<title>console</title>", {}, {}}};
  static const http_api::Console console(kFiles);
  HouseOptions options;
  options.api.console = &console;
  const ApiServer server(options);

  const auto page = server.get("/");
  const auto again = server.get("/", {{"If-None-Match", page.header("etag")}});

  EXPECT_EQ(page.body, "<title>console</title>");
  EXPECT_EQ(page.header("x-content-type-options"), "nosniff");
  EXPECT_NE(page.header("content-security-policy").find("script-src 'self'"), std::string::npos);
  EXPECT_EQ(again.status, 304U);
}

TEST(FrontPage, KnowsTheSchemeFromATrustedProxy) {
  HouseOptions options;
  options.proxies = web::TrustedProxies::parse({"127.0.0.1"}).value();
  const ApiServer server(options);

  const auto page = server.get(
      "/", {{"Host", "toggles.example"}, {"X-Forwarded-For", "192.0.2.7"}, {"X-Forwarded-Proto", "https"}});

  EXPECT_NE(page.body.find("https://toggles.example/client"), std::string::npos);
}

}  // namespace
}  // namespace togglecast::testing
