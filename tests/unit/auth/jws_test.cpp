#include "auth/jws.hpp"

#include <gtest/gtest.h>

#include "auth/public_key.hpp"
#include "base/base64.hpp"

namespace togglecast::auth {
namespace {

std::string token_of(std::string_view header, std::string_view claims = R"({"sub":"a"})",
                     std::string_view signature = "signature") {
  return base64url_encode(header) + '.' + base64url_encode(claims) + '.' + base64url_encode(signature);
}

Errc refusal_of_token(const std::string& token) {
  const auto read = read_jws(token);
  EXPECT_FALSE(read.has_value()) << token;
  return read ? Errc::internal : read.error().code;
}

TEST(Jws, ReadsItsParts) {
  const std::string token = token_of(R"({"alg":"ES256","kid":"k","typ":"JWT"})");

  const auto read = read_jws(token);

  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->alg, "ES256");
  EXPECT_EQ(read->kid, "k");
  EXPECT_EQ(json::string_or_empty(read->claims, "sub"), "a");
  EXPECT_EQ(read->signature, "signature");
  EXPECT_EQ(read->signing_input, token.substr(0, token.rfind('.')));
}

TEST(Jws, AKidIsANameAndNothingElse) {
  for (const std::string& kid : {std::string("../../../dev/null"), std::string("' OR 1=1 --"),
                                 std::string("|sh"), std::string(kMaxKid, 'k')}) {
    const json::object header{{"alg", "RS256"}, {"kid", kid}};
    const auto read = read_jws(token_of(json::serialize(header)));
    ASSERT_TRUE(read.has_value()) << kid;
    EXPECT_EQ(read->kid, kid);
  }
  EXPECT_EQ(refusal_of_token(token_of(R"({"alg":"RS256","kid":")" + std::string(kMaxKid + 1, 'k') + "\"}")),
            Errc::token_invalid);
  EXPECT_EQ(refusal_of_token(token_of(R"({"alg":"RS256","kid":["k"]})")), Errc::token_invalid);
}

TEST(Jws, IgnoresKeysAndAddressesInTheHeader) {
  const auto read = read_jws(token_of(
      R"({"alg":"RS256","kid":"k","jku":"https://evil.example/","x5u":"https://evil.example/","jwk":{"kty":"RSA"},"x5c":["AA"]})"));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->kid, "k");
}

TEST(Jws, RefusesWhatItDoesNotUnderstand) {
  for (const auto* header :
       {R"({"alg":"none"})", R"({"alg":"None","kid":"k"})", R"({"alg":"HS256","kid":"k"})", R"({"kid":"k"})",
        R"({"alg":["RS256"]})", R"({"alg":"RS256","crit":["exp"],"exp":1})", R"({"alg":"RS256","crit":[]})",
        R"({"alg":"RS256","b64":false})", R"({"alg":"RS256","b64":true})",
        R"({"alg":"RS256","typ":"dpop+jwt"})", R"({"alg":"RS256","typ":"logout+jwt"})",
        R"({"alg":"RS256","typ":7})", R"({"alg":"none","alg":"RS256"})",
        R"({"alg":"RS256","kid":"a","kid":"b"})", R"(["RS256"])", R"("RS256")", "", "{"})
    EXPECT_EQ(refusal_of_token(token_of(header)), Errc::token_invalid) << header;
}

TEST(Jws, TakesTheTypesOfAccessTokens) {
  for (const auto* type : {"JWT", "jwt", "at+jwt", "application/at+jwt", "application/JWT"})
    EXPECT_TRUE(read_jws(token_of(R"({"alg":"RS256","typ":")" + std::string(type) + "\"}")).has_value())
        << type;
}

TEST(Jws, RefusesClaimsThatCanBeReadInTwoWays) {
  const auto* const header = R"({"alg":"RS256"})";
  for (const auto* claims :
       {R"({"sub":"a","sub":"b"})", R"({"sub":"a","s\u0075b":"b"})", R"({"a":{"b":1,"b":2}})", R"(["a"])", "",
        "null", "{\"a\":\"\xff\"}", R"({"a":"\ud800"})"})
    EXPECT_EQ(refusal_of_token(token_of(header, claims)), Errc::token_invalid) << claims;
}

TEST(Jws, RefusesOtherForms) {
  const std::string good = token_of(R"({"alg":"RS256"})");
  for (const std::string& token :
       {std::string(), std::string("."), std::string(".."), good + ".more", good.substr(0, good.rfind('.')),
        good.substr(0, good.rfind('.') + 1), good + "=", ' ' + good, good + '\n', '.' + good,
        std::string(kMaxJws + 1, 'a')})
    EXPECT_EQ(refusal_of_token(token), Errc::token_invalid) << token;
}

}  // namespace
}  // namespace togglecast::auth
