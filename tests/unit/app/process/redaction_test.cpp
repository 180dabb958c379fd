#include "app/process/redaction.hpp"

#include <gtest/gtest.h>

namespace togglecast::app {
namespace {

constexpr const char* kToken = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

std::string redacted(std::string_view text) {
  json::value value = json::parse(text).value();
  redact(value);
  return json::serialize(value);
}

TEST(Redaction, KnowsSecretNamesHoweverTheyAreWritten) {
  for (const char* name : {"token", "adminToken", "access_token", "Authorization", "proxy-authorization",
                           "password", "new_password", "passwd", "client_secret", "API-Key", "apiKey",
                           "Cookie", "set-cookie", "credentials", "jwt"})
    EXPECT_TRUE(is_secret_name(name)) << name;
  for (const char* name : {"key", "name", "context", "offset", "pid", "platform_id", "pass", "data"})
    EXPECT_FALSE(is_secret_name(name)) << name;
}

TEST(Redaction, ReplacesSecretMembersAtEveryLevelAndOfEveryKind) {
  EXPECT_EQ(redacted(R"({"token":"a","name":"b"})"), R"({"token":"[redacted]","name":"b"})");
  EXPECT_EQ(redacted(R"(["e",{"a":[{"secret":{"deep":1}}]},{"password":7}])"),
            R"(["e",{"a":[{"secret":"[redacted]"}]},{"password":"[redacted]"}])");
  EXPECT_EQ(redacted(R"({"\u0074oken":"a"})"), R"({"token":"[redacted]"})") << "escapes hide no name";
}

TEST(Redaction, ReplacesTokensWhereverTheyStand) {
  EXPECT_EQ(redacted(std::string(R"(["admin_connect",")") + kToken + R"("])"),
            R"(["admin_connect","[redacted]"])");
  EXPECT_EQ(without_tokens(std::string("Bearer ") + kToken + " rest"), "Bearer [redacted] rest");
  EXPECT_EQ(without_tokens(std::string("x") + kToken), "x[redacted]") << "within a word";
  EXPECT_EQ(without_tokens("eyJhbGciOiJIUzI1NiJ9.eyJzdW"), "[redacted]") << "a cut token";
  EXPECT_EQ(without_tokens("keyJar and an eye"), "keyJar and an eye");
}

TEST(Redaction, OfAQueryShowsTheNames) {
  EXPECT_EQ(redacted_query("EIO=4&transport=polling&sid=abc&token=secret&t=1"),
            "EIO=4&transport=polling&sid=[redacted]&token=[redacted]&t=1");
  EXPECT_EQ(redacted_query("%74oken=secret&flag"), "%74oken=[redacted]&flag");
  EXPECT_EQ(redacted_query(std::string("x=") + kToken), "x=[redacted]");
  EXPECT_EQ(redacted_query("x=%65yJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"), "x=[redacted]");
  EXPECT_EQ(redacted_query(""), "");
}

}  // namespace
}  // namespace togglecast::app
