#include "http_api/request/access.hpp"

#include <gtest/gtest.h>

namespace togglecast::http_api {
namespace {

wire::http::Request with(std::initializer_list<std::pair<const char*, const char*>> headers) {
  wire::http::Request request;
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  return request;
}

TEST(BearerToken, IsWhatStandsBehindTheScheme) {
  EXPECT_EQ(bearer_token(with({{"Authorization", "Bearer a.b.c"}})).value(), "a.b.c");
  EXPECT_EQ(bearer_token(with({{"authorization", "bearer  a.b.c "}})).value(), "a.b.c");
}

TEST(BearerToken, OfAnotherSchemeOrMissingIsNoCredential) {
  EXPECT_EQ(bearer_token(with({})).error().code, Errc::unauthenticated);
  EXPECT_EQ(bearer_token(with({{"Authorization", "Basic abc"}})).error().code, Errc::unauthenticated);
  EXPECT_EQ(bearer_token(with({{"Authorization", "Bearerabc"}})).error().code, Errc::unauthenticated);
}

TEST(ForeignOrigin, NamesTheOriginAndTheOption) {
  const Error error = foreign_origin(with({{"Origin", "https://app.example"}}), "--cors-origin");

  EXPECT_EQ(error.code, Errc::forbidden);
  EXPECT_NE(error.message.find("--cors-origin https://app.example"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace togglecast::http_api
