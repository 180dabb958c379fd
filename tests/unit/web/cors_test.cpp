#include "web/cors.hpp"

#include <gtest/gtest.h>

namespace togglecast::web {
namespace {

wire::http::Request request(std::string origin, std::string host = "api.example") {
  wire::http::Request made;
  made.headers.add("Host", std::move(host));
  if (!origin.empty()) made.headers.add("Origin", std::move(origin));
  return made;
}

Peer plain() { return {.address = "192.0.2.1"}; }
Peer secure() { return {.address = "192.0.2.1", .secure = true}; }

std::string allowed_origin(const Cors& cors, const std::string& origin) {
  wire::http::Headers headers;
  cors.decorate(request(origin), headers);
  return std::string(headers.value("Access-Control-Allow-Origin"));
}

TEST(Cors, SaysNothingWhenOff) {
  const Cors cors;
  wire::http::Headers headers;

  cors.decorate(request("https://a.example"), headers);

  EXPECT_FALSE(cors.enabled());
  EXPECT_TRUE(headers.fields().empty());
}

TEST(Cors, ClientsWithoutOriginAndPagesOfThisServerMayAlways) {
  const Cors cors;

  EXPECT_TRUE(cors.allows(request(""), plain()));
  EXPECT_TRUE(cors.allows(request("http://api.example"), plain()));
  EXPECT_TRUE(cors.allows(request("https://API.example"), secure()));
  EXPECT_TRUE(cors.allows(request("http://api.example:5001", "api.example:5001"), plain()));
}

TEST(Cors, OtherSchemesPortsAndLookalikesAreForeign) {
  const Cors cors({.origins = {"https://app.example"}});

  for (const auto* origin : {"https://app.example.evil.example", "https://evilapp.example",
                             "http://app.example", "https://app.example:8443", "https://app.example/", "null",
                             "https://api.example", "http://api.example:81"})
    EXPECT_FALSE(cors.allows(request(origin), plain())) << origin;
  EXPECT_TRUE(cors.allows(request("https://app.example"), plain()));
  EXPECT_TRUE(cors.allows(request("https://APP.example:443"), plain()))
      << "the same origin, written otherwise";
  EXPECT_TRUE(cors.allows(request("wss://app.example"), plain()));
}

TEST(Cors, TheOriginOfAWebSocketClientIsThatOfThePage) {
  const Cors cors;

  EXPECT_TRUE(cors.allows(request("ws://api.example:5001", "api.example:5001"), plain()));
  EXPECT_TRUE(cors.allows(request("wss://api.example"), secure()));
  EXPECT_FALSE(cors.allows(request("wss://api.example"), plain()));
  EXPECT_FALSE(cors.allows(request("ws://api.example"), secure()));
}

TEST(Cors, DefaultPortsAreAbsent) {
  const Cors cors;

  EXPECT_TRUE(cors.allows(request("http://api.example", "api.example:80"), plain()));
  EXPECT_TRUE(cors.allows(request("http://api.example:80", "api.example"), plain()));
  EXPECT_TRUE(cors.allows(request("https://api.example", "api.example:443"), secure()));
  EXPECT_TRUE(cors.allows(request("http://api.example", "API.example."), plain()));
  EXPECT_TRUE(cors.allows(request("http://[2001:db8::1]", "[2001:DB8:0::1]:80"), plain()));
  EXPECT_FALSE(cors.allows(request("http://api.example", "api.example:443"), plain()));
}

TEST(Cors, TheHostThatAProxyNamesCounts) {
  const Cors cors;
  Peer proxied = secure();
  proxied.host = "flags.example";

  EXPECT_TRUE(cors.allows(request("https://flags.example", "127.0.0.1:5001"), proxied));
  EXPECT_FALSE(cors.allows(request("https://127.0.0.1:5001", "127.0.0.1:5001"), proxied));
}

TEST(Cors, OnlyOwnHostsHavePagesOfThisServer) {
  const Cors cors({.own_hosts = OwnHosts::parse({"https://flags.example:8443"}).value()});

  EXPECT_TRUE(cors.allows(request("http://192.0.2.1:5001", "192.0.2.1:5001"), plain()));
  EXPECT_TRUE(cors.allows(request("http://localhost:5001", "localhost:5001"), plain()));
  EXPECT_TRUE(cors.allows(request("http://flags.example:5001", "flags.example:5001"), plain()));
  EXPECT_TRUE(cors.allows(request("https://flags.example:8443", "127.0.0.1:5001"), plain()))
      << "a listed URL, whatever a proxy makes of the Host header";
  EXPECT_FALSE(cors.allows(request("http://evil.example:5001", "evil.example:5001"), plain()));
}

TEST(Cors, NullIsNeverAnOriginOfThisServer) {
  EXPECT_FALSE(Cors{}.allows(request("null", "null"), plain()));
  EXPECT_FALSE(Cors{}.allows(request("null", ""), plain()));
  EXPECT_TRUE(Cors({.origins = {"null"}}).allows(request("null"), plain())) << "the operator said so";
}

TEST(Cors, AppsWithoutAHostMayBeAllowed) {
  const Cors cors({.origins = {"file://", "https://app.example"}});

  EXPECT_TRUE(cors.allows(request("file://"), plain()));
  EXPECT_EQ(allowed_origin(cors, "file://"), "file://");
}

TEST(Cors, AnyOriginIsAStar) {
  const Cors cors({.any_origin = true});

  EXPECT_TRUE(cors.allows(request("https://any.example"), plain()));
  EXPECT_EQ(allowed_origin(cors, "https://any.example"), "*");
}

TEST(Cors, BrowsersMayKeepTheAnswerToAPreflight) {
  const Cors kept({.any_origin = true, .max_age = std::chrono::seconds{600}});
  const Cors unsaid({.any_origin = true});

  EXPECT_EQ(kept.preflight(request("https://a.example")).headers.value("Access-Control-Max-Age"), "600");
  EXPECT_FALSE(unsaid.preflight(request("https://a.example")).headers.contains("Access-Control-Max-Age"));
}

TEST(Cors, OneOriginIsNamedToEveryone) {
  const Cors cors({.origins = {"https://app.example"}});

  EXPECT_EQ(allowed_origin(cors, "https://evil.example"), "https://app.example");
}

TEST(Cors, OfSeveralOriginsOnlyTheMatchingOneIsNamed) {
  const Cors cors({.origins = {"https://a.example", "https://b.example"}, .credentials = true});
  wire::http::Headers headers;
  cors.decorate(request("https://b.example"), headers);

  EXPECT_EQ(headers.value("Access-Control-Allow-Origin"), "https://b.example");
  EXPECT_EQ(headers.value("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(headers.value("Vary"), "Origin");
  EXPECT_EQ(allowed_origin(cors, "https://evil.example"), "");
}

TEST(Cors, PreflightsListMethodsAndHeaders) {
  auto asking = request("https://a.example");
  asking.headers.add("Access-Control-Request-Headers", "x-one, x-two");

  const auto reflected = Cors({.any_origin = true}).preflight(asking);
  const auto fixed = Cors({.any_origin = true, .allowed_headers = {"x-mine"}}).preflight(asking);

  EXPECT_EQ(reflected.status, 204U);
  EXPECT_EQ(reflected.headers.value("Access-Control-Allow-Headers"), "x-one, x-two");
  EXPECT_EQ(fixed.headers.value("Access-Control-Allow-Headers"), "x-mine");
  EXPECT_TRUE(fixed.headers.lists("Access-Control-Allow-Methods", "POST"));
}

TEST(Cors, OriginsHaveNoSpacesOrControlsOrMarkup) {
  EXPECT_FALSE(is_well_formed_origin("<script>alert(1)</script>"));
  EXPECT_TRUE(is_well_formed_origin("http://[::1]:8080"));
  EXPECT_TRUE(is_well_formed_origin("null"));
  EXPECT_TRUE(is_well_formed_origin("https://a.example:81"));
  EXPECT_TRUE(is_well_formed_origin(""));
  EXPECT_FALSE(is_well_formed_origin("https://a.example evil"));
  EXPECT_FALSE(is_well_formed_origin("https://a\x01"));
  EXPECT_FALSE(is_well_formed_origin("https://\xc3\xa4"));
}

TEST(Cors, AnErrorQuotesTheBeginningOfALongOrigin) {
  EXPECT_EQ(quoted_origin("https://a.example"), "https://a.example");
  EXPECT_EQ(quoted_origin("https://" + std::string(15'000, 'x')), "https://" + std::string(192, 'x') + "…");
}

}  // namespace
}  // namespace togglecast::web
