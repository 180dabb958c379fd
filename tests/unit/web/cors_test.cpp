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

  EXPECT_TRUE(cors.allows(request(""), false));
  EXPECT_TRUE(cors.allows(request("http://api.example"), false));
  EXPECT_TRUE(cors.allows(request("https://API.example"), true));
  EXPECT_TRUE(cors.allows(request("http://api.example:5001", "api.example:5001"), false));
}

TEST(Cors, OtherSchemesPortsAndLookalikesAreForeign) {
  const Cors cors({.origins = {"https://app.example"}});

  for (const auto* origin : {"https://app.example.evil.example", "https://evilapp.example",
                             "http://app.example", "https://app.example:8443", "https://app.example/",
                             "https://APP.example", "null", "https://api.example", "http://api.example:81"})
    EXPECT_FALSE(cors.allows(request(origin), false)) << origin;
  EXPECT_TRUE(cors.allows(request("https://app.example"), false));
}

TEST(Cors, AnyOriginIsAStar) {
  const Cors cors({.any_origin = true});

  EXPECT_TRUE(cors.allows(request("https://whoever.example"), false));
  EXPECT_EQ(allowed_origin(cors, "https://whoever.example"), "*");
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

}  // namespace
}  // namespace togglecast::web
