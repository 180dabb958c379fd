#include "http_api/request/access.hpp"

#include <gtest/gtest.h>

namespace togglecast::http_api {
namespace {

wire::http::Request with(std::initializer_list<std::pair<const char*, const char*>> headers) {
  wire::http::Request request;
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  return request;
}

const web::Peer kHere{.address = "127.0.0.1", .secure = false, .loopback = true};
const web::Peer kElsewhere{.address = "192.0.2.7", .secure = false, .loopback = false};

TEST(BearerToken, IsWhatStandsBehindTheScheme) {
  EXPECT_EQ(bearer_token(with({{"Authorization", "Bearer a.b.c"}})).value(), "a.b.c");
  EXPECT_EQ(bearer_token(with({{"authorization", "bearer  a.b.c "}})).value(), "a.b.c");
}

TEST(BearerToken, OfAnotherSchemeOrMissingIsNoCredential) {
  EXPECT_EQ(bearer_token(with({})).error().code, Errc::unauthenticated);
  EXPECT_EQ(bearer_token(with({{"Authorization", "Basic abc"}})).error().code, Errc::unauthenticated);
  EXPECT_EQ(bearer_token(with({{"Authorization", "Bearerabc"}})).error().code, Errc::unauthenticated);
}

TEST(ThisMachine, IsALoopbackPeerThatAsksForALoopbackHost) {
  for (const char* host : {"localhost:5001", "LOCALHOST", "127.0.0.1:5001", "[::1]:5001"})
    EXPECT_TRUE(comes_from_this_machine(with({{"Host", host}}), kHere)) << host;
  EXPECT_FALSE(comes_from_this_machine(with({{"Host", "localhost"}}), kElsewhere));
}

TEST(ThisMachine, IsNotWhomAProxyHereSpeaksFor) {
  for (const char* header : {"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"})
    EXPECT_FALSE(comes_from_this_machine(with({{"Host", "localhost"}, {header, "127.0.0.1"}}), kHere))
        << header;
}

TEST(ThisMachine, IsNotAPageWhoseOwnNameLeadsHere) {
  EXPECT_FALSE(comes_from_this_machine(with({{"Host", "evil.example:5001"}}), kHere));
  EXPECT_FALSE(comes_from_this_machine(with({{"Host", "127.evil.example"}}), kHere));
}

TEST(ForeignOrigin, NamesTheOriginAndTheOption) {
  const Error error = foreign_origin(with({{"Origin", "https://app.example"}}), "--cors-origin");

  EXPECT_EQ(error.code, Errc::forbidden);
  EXPECT_NE(error.message.find("--cors-origin https://app.example"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace togglecast::http_api
