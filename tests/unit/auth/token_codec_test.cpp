#include "auth/token_codec.hpp"

#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "base/json.hpp"

namespace togglecast::auth {
namespace {

constexpr UnixMillis kNow{1'700'000'000'000};

// Made by an independent implementation, with the key 00 01 … 1f.
constexpr std::string_view kKnownToken =
    "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0."
    "eyJhdWQiOiJ0b2dnbGVjYXN0IiwiZW52IjoicHJvZHVjdGlvbiIsImV4cCI6MTcwMDAwMzYwMCwiaWF0IjoxNzAwMDAwMDAwLCJpc3Mi"
    "OiJ0b2dn"
    "bGVjYXN0IiwianRpIjoiYWJjIiwia2luZCI6ImNsaWVudCIsInN1YiI6IjcifQ."
    "lRg4HJjpoFtEJof-GAHIP4Az-bJy6ATgngEeDL2BNKg";

Secret counting_secret(int from = 0) {
  std::string bytes;
  for (int i = 0; i < 32; ++i) bytes += static_cast<char>(from + i);
  return Secret(bytes);
}

class TokenCodec : public ::testing::Test {
 protected:
  TokenCodec() { keys_.add(SigningKey::make("k1", counting_secret()).value()); }

  // Signs whatever header and claims a forger or an older version might have written.
  std::string token(std::string_view header, std::string_view claims) const {
    const std::string text = base64url_encode(header) + '.' + base64url_encode(claims);
    return text + '.' + base64url_encode(keys_.current({})->sign(text));
  }
  std::string with_claims(std::string_view claims) const {
    return token(R"({"alg":"HS256","kid":"k1","typ":"JWT"})", claims);
  }
  Errc refusal(std::string_view text, UnixMillis now = kNow) const {
    const auto claims = verify_token(keys_, text, now);
    EXPECT_FALSE(claims.has_value()) << text;
    return claims ? Errc::internal : claims.error().code;
  }

  KeyRing keys_;
  Claims claims_{domain::SubjectKind::client, 7, "production", "abc", 1'700'000'000, 1'700'003'600};
};

TEST_F(TokenCodec, SignsAsOthersDo) {
  EXPECT_EQ(sign_token(*keys_.current({}), claims_).reveal(), kKnownToken);
}

TEST_F(TokenCodec, ReadsBackWhatItSigned) {
  const auto claims = verify_token(keys_, kKnownToken, kNow);

  ASSERT_TRUE(claims.has_value()) << claims.error().message;
  EXPECT_EQ(claims->kind, domain::SubjectKind::client);
  EXPECT_EQ(claims->subject, 7);
  EXPECT_EQ(claims->environment, "production");
  EXPECT_EQ(claims->jti, "abc");
  EXPECT_EQ(claims->expires_at, 1'700'003'600);
}

TEST_F(TokenCodec, NoSingleCharacterMayBeChanged) {
  for (std::size_t i = 0; i < kKnownToken.size(); ++i) {
    std::string tampered(kKnownToken);
    tampered[i] = tampered[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(refusal(tampered), Errc::token_invalid) << i;
  }
}

TEST_F(TokenCodec, NoPrefixOrExtensionIsAccepted) {
  for (std::size_t length = 0; length < kKnownToken.size(); ++length)
    EXPECT_EQ(refusal(kKnownToken.substr(0, length)), Errc::token_invalid) << length;
  for (const char* tail : {"=", ".", " ", "A", ".AAAA"})
    EXPECT_EQ(refusal(std::string(kKnownToken) + tail), Errc::token_invalid) << tail;
  EXPECT_EQ(refusal(std::string(kMaxToken, 'a')), Errc::token_invalid);
  EXPECT_EQ(refusal(std::string(10'000'000, '.')), Errc::token_invalid);
}

TEST_F(TokenCodec, TheAlgorithmIsThatOfTheKey) {
  const std::string claims = base64url_decode(kKnownToken.substr(53, 168)).value_or("");
  for (const char* header :
       {R"({"alg":"none","kid":"k1"})", R"({"alg":"None","kid":"k1"})", R"({"alg":"hs256","kid":"k1"})",
        R"({"alg":"HS512","kid":"k1"})", R"({"alg":"RS256","kid":"k1"})", R"({"kid":"k1"})",
        R"({"alg":"HS256"})", R"({"alg":"HS256","kid":"other"})",
        R"({"alg":"HS256","kid":"k1","crit":["exp"]})", R"(["HS256"])", "x"})
    EXPECT_EQ(refusal(token(header, claims)), Errc::token_invalid) << header;
}

TEST_F(TokenCodec, WithoutASignatureNothingIsAccepted) {
  const std::string unsigned_token =
      base64url_encode(R"({"alg":"none"})") + std::string(kKnownToken.substr(52, 170));

  EXPECT_EQ(refusal(unsigned_token), Errc::token_invalid);
  EXPECT_EQ(refusal(std::string(kKnownToken.substr(0, kKnownToken.rfind('.') + 1))), Errc::token_invalid);
}

TEST_F(TokenCodec, AnotherInstallationsKeyOfTheSameNameDoesNotMatch) {
  KeyRing other;
  other.add(SigningKey::make("k1", counting_secret(1)).value());

  EXPECT_EQ(refusal(sign_token(*other.current({}), claims_).reveal()), Errc::token_invalid);
}

TEST_F(TokenCodec, EveryKeyVerifiesAndTheNewestSigns) {
  const std::string old_token = sign_token(*keys_.current({}), claims_).reveal();
  keys_.add(SigningKey::make("k2", counting_secret(1)).value());
  const std::string new_token = sign_token(*keys_.current({}), claims_).reveal();

  EXPECT_NE(old_token, new_token);
  EXPECT_TRUE(verify_token(keys_, old_token, kNow).has_value());
  EXPECT_TRUE(verify_token(keys_, new_token, kNow).has_value());
}

TEST_F(TokenCodec, ExpiresToTheSecond) {
  EXPECT_TRUE(verify_token(keys_, kKnownToken, {1'700'003'599'999}).has_value());
  EXPECT_EQ(refusal(kKnownToken, {1'700'003'600'000}), Errc::token_expired);
}

TEST_F(TokenCodec, IsValidThoughTheClockWasSetBackSinceItWasMade) {
  EXPECT_TRUE(verify_token(keys_, kKnownToken, {1'700'000'000'000 - 3'600'000}).has_value());
}

TEST_F(TokenCodec, IsNotValidBeforeItsTimeBeyondASmallSkew) {
  const std::string later = with_claims(
      R"({"aud":"togglecast","env":"e","exp":1800000000,"iat":1,"iss":"togglecast","jti":"a","kind":"admin","nbf":1700000061,"sub":"1"})");
  EXPECT_EQ(refusal(later), Errc::token_invalid);
}

TEST_F(TokenCodec, ReadsTimesAsNumbersByTheirValue) {
  const auto with_not_before = [&](const std::string& time) {
    return with_claims(R"({"aud":"togglecast","env":"e","exp":18e8,"iat":1.0,"nbf":)" + time +
                       R"(,"iss":"togglecast","jti":"a","kind":"admin","sub":"1"})");
  };
  EXPECT_TRUE(verify_token(keys_, with_not_before("170E000000000"), kNow).has_value());
  EXPECT_TRUE(verify_token(keys_, with_not_before("1.70000006e9"), kNow).has_value());
  EXPECT_EQ(refusal(with_not_before("1.700000061e9")), Errc::token_invalid);
  EXPECT_EQ(refusal(with_not_before("1.5")), Errc::token_invalid);
}

TEST_F(TokenCodec, EveryClaimIsNeededAndOfItsType) {
  const json::object whole{
      {"aud", "togglecast"}, {"env", "production"}, {"exp", 1'800'000'000}, {"iat", 1},
      {"iss", "togglecast"}, {"jti", "abc"},        {"kind", "admin"},      {"sub", "1"}};
  ASSERT_TRUE(verify_token(keys_, with_claims(json::serialize(whole)), kNow).has_value());

  for (const auto& member : whole) {
    json::object without = whole;
    without.erase(member.key());
    EXPECT_EQ(refusal(with_claims(json::serialize(without))), Errc::token_invalid) << member.key();
    json::object wrong = whole;
    wrong[member.key()] = json::array{"togglecast"};
    EXPECT_EQ(refusal(with_claims(json::serialize(wrong))), Errc::token_invalid) << member.key();
  }
  for (const char* number : {"-1", "1.5", "1e300", "9007199254740992", "99999999999999999999"}) {
    const std::string claims = std::string(R"({"aud":"togglecast","env":"e","exp":)") + number +
                               R"(,"iat":1,"iss":"togglecast","jti":"a","kind":"admin","sub":"1"})";
    EXPECT_EQ(refusal(with_claims(claims)), Errc::token_invalid) << number;
  }
}

TEST_F(TokenCodec, ClaimsThatAreNoObjectAreRefused) {
  for (const char* claims : {"", "[]", "null", "\"x\"", "{", "\xff", R"({"a":{"a":{"a":{"a":{}}}}})"})
    EXPECT_EQ(refusal(with_claims(claims)), Errc::token_invalid) << claims;
}

TEST(SigningKey, NeedsAWholeSecret) {
  EXPECT_FALSE(SigningKey::make("k1", Secret(std::string("short"))).has_value());
  SystemRandom random;
  EXPECT_TRUE(SigningKey::make("k1", random_signing_secret(random)).has_value());
}

}  // namespace
}  // namespace togglecast::auth
