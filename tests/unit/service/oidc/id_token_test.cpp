#include "service/oidc/id_token.hpp"

#include <gmock/gmock.h>

#include "base/digest.hpp"
#include "support/foreign_signer.hpp"

namespace togglecast::service::oidc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr UnixMillis kNow{1'700'000'000'000};
constexpr std::int64_t kSeconds = kNow.value / 1'000;
constexpr std::string_view kIssuer = "https://sso.example/realms/main";
constexpr std::string_view kAccess = "an access token";
constexpr Expected kExpected{kIssuer, "togglecast", auth::PublicAlgorithm::rs256};

const test::ForeignKey& signer() {
  static const test::ForeignKey one("k1", "RS256");
  return one;
}

const auth::KeySet& keys() {
  static const auth::KeySet one = auth::KeySet::parse_jwks(test::jwks_of({&signer()})).value();
  return one;
}

json::object header() { return {{"alg", "RS256"}, {"kid", "k1"}, {"typ", "JWT"}}; }

json::string hash_of(std::string_view access_token) {
  const Sha256 digest = sha256(access_token);
  return json::string(base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size() / 2}));
}

json::object good_claims() {
  return {{"iss", kIssuer},  {"aud", "togglecast"},   {"sub", "person-1"},          {"nonce", "the nonce"},
          {"iat", kSeconds}, {"exp", kSeconds + 300}, {"at_hash", hash_of(kAccess)}};
}

Result<IdToken> read(const std::string& token, UnixMillis now = kNow) {
  return verify_id_token(keys(), token, kExpected, "the nonce", kAccess, now);
}

// The reason for which a token is refused that has `value` in the place of a claim; without one, none.
std::string refusal_with(std::string_view claim, const json::value& value) {
  json::object claims = good_claims();
  claims[claim] = value;
  const auto token = read(signer().token(claims));
  return token ? std::string() : token.error().message;
}

std::string refusal_without(std::string_view claim) {
  json::object claims = good_claims();
  claims.erase(claim);
  const auto token = read(signer().token(claims));
  return token ? std::string() : token.error().message;
}

TEST(IdToken, NamesItsSubject) {
  const auto token = read(signer().token(good_claims()));

  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->subject, "person-1");
  EXPECT_EQ(json::string_or_empty(token->claims, "nonce"), "the nonce");
}

TEST(IdToken, MayNameSeveralAudiencesAndItsParty) {
  json::object claims = good_claims();
  claims["aud"] = json::array{"other", "togglecast"};
  claims["azp"] = "togglecast";

  EXPECT_TRUE(read(signer().token(claims)));
}

TEST(IdToken, IsRefusedWithAnotherClaimThanItsLoginHas) {
  EXPECT_THAT(refusal_with("iss", "https://sso.example/realms/main/"), HasSubstr("(iss)"));
  EXPECT_THAT(refusal_with("iss", nullptr), HasSubstr("(iss)"));
  EXPECT_THAT(refusal_with("aud", "another"), HasSubstr("(aud)"));
  EXPECT_THAT(refusal_with("aud", json::array{}), HasSubstr("(aud)"));
  EXPECT_THAT(refusal_with("aud", json::array{"togglecast", "another"}), HasSubstr("(azp)"));
  EXPECT_THAT(refusal_with("azp", "another"), HasSubstr("(azp)"));
  EXPECT_THAT(refusal_with("azp", 1), HasSubstr("(azp)"));
  EXPECT_THAT(refusal_with("nonce", "that of another login"), HasSubstr("(nonce)"));
  EXPECT_THAT(refusal_with("at_hash", hash_of("another token")), HasSubstr("(at_hash)"));
  EXPECT_THAT(refusal_with("sub", ""), HasSubstr("(sub)"));
  EXPECT_THAT(refusal_with("sub", 7), HasSubstr("(sub)"));
  EXPECT_THAT(refusal_with("sub", json::string(256, 'x')), HasSubstr("(sub)"));
  EXPECT_THAT(refusal_with("sub", "line\nend"), HasSubstr("(sub)"));
}

TEST(IdToken, IsRefusedWithoutAClaimThatItNeeds) {
  for (const char* claim : {"iss", "aud", "sub", "nonce", "iat", "exp"})
    EXPECT_THAT(refusal_without(claim), HasSubstr('(' + std::string(claim) + ')')) << claim;
  EXPECT_THAT(refusal_without("at_hash"), IsEmpty());
}

TEST(IdToken, HasItsTime) {
  EXPECT_THAT(refusal_with("exp", kSeconds - 60), HasSubstr("(exp)"));
  EXPECT_THAT(refusal_with("exp", kSeconds - 59), IsEmpty()) << "clocks may differ by a minute";
  EXPECT_THAT(refusal_with("exp", "tomorrow"), HasSubstr("(exp)"));
  EXPECT_THAT(refusal_with("exp", 1e300), HasSubstr("(exp)"));
  EXPECT_THAT(refusal_with("iat", kSeconds + 61), HasSubstr("(iat)"));
  EXPECT_THAT(refusal_with("iat", kSeconds - 601), HasSubstr("(iat)"));
  EXPECT_THAT(refusal_with("iat", static_cast<double>(kSeconds) + 0.5), IsEmpty());
  EXPECT_THAT(refusal_with("nbf", kSeconds + 61), HasSubstr("(nbf)"));
  EXPECT_THAT(refusal_with("nbf", kSeconds), IsEmpty());
}

TEST(IdToken, IsRefusedUnlessTheKeyOfTheProviderSignedIt) {
  const test::ForeignKey other("k1", "RS256");
  EXPECT_THAT(read(other.token(good_claims())).error().message, HasSubstr("signature"));

  std::string changed = signer().token(good_claims());
  changed.replace(changed.find('.') + 5, 1, changed[changed.find('.') + 5] == 'A' ? "B" : "A");
  EXPECT_FALSE(read(changed));
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("a.b"));
  EXPECT_FALSE(read("a.b.c.d"));
  EXPECT_FALSE(read(std::string(kLongestIdToken + 1, 'a')));
}

TEST(IdToken, CannotChooseItsAlgorithm) {
  for (const char* algorithm : {"none", "HS256", "ES256", "RS512", "rs256", ""}) {
    json::object changed = header();
    changed["alg"] = algorithm;
    const auto token = read(signer().token(changed, good_claims()));
    ASSERT_FALSE(token) << algorithm;
    EXPECT_EQ(token.error().code, Errc::token_invalid) << algorithm;
  }
  const std::string unsigned_token =
      base64url_encode(R"({"alg":"none"})") + '.' + base64url_encode(json::serialize(good_claims())) + '.';
  EXPECT_FALSE(read(unsigned_token));
}

TEST(IdToken, WithAnUnknownKeyIsNotFoundSoThatTheKeysAreReadAgain) {
  const test::ForeignKey newer("k2", "RS256");

  EXPECT_EQ(read(newer.token(good_claims())).error().code, Errc::not_found);
}

TEST(IdToken, MayLeaveOutTheNameOfTheOnlyKey) {
  json::object changed = header();
  changed.erase("kid");

  EXPECT_TRUE(read(signer().token(changed, good_claims())));
}

json::object logout_claims() {
  return {{"iss", kIssuer},
          {"aud", "togglecast"},
          {"sub", "person-1"},
          {"jti", "one"},
          {"iat", kSeconds},
          {"events", json::object{{"http://schemas.openid.net/event/backchannel-logout", json::object{}}}}};
}

Result<LogoutToken> read_logout(const json::object& claims) {
  json::object changed = header();
  changed["typ"] = "logout+jwt";
  return verify_logout_token(keys(), signer().token(changed, claims), kExpected, kNow);
}

TEST(LogoutToken, NamesSubjectAndTime) {
  const auto token = read_logout(logout_claims());

  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->subject, "person-1");
  EXPECT_EQ(token->issued_at, kSeconds);
}

TEST(LogoutToken, IsNoIdTokenAndNoIdTokenIsOne) {
  EXPECT_FALSE(read(signer().token(logout_claims())));
  json::object claims = good_claims();
  claims["jti"] = "one";
  EXPECT_THAT(read_logout(claims).error().message, HasSubstr("(events)"));
  claims = logout_claims();
  claims["nonce"] = "x";
  EXPECT_THAT(read_logout(claims).error().message, HasSubstr("nonce"));
}

TEST(LogoutToken, NeedsItsClaims) {
  for (const char* claim : {"iss", "aud", "iat", "events", "jti", "sub"}) {
    json::object claims = logout_claims();
    claims.erase(claim);
    EXPECT_FALSE(read_logout(claims)) << claim;
  }
  json::object old = logout_claims();
  old["iat"] = kSeconds - 601;
  EXPECT_FALSE(read_logout(old));
  json::object of_session = logout_claims();
  of_session.erase("sub");
  of_session["sid"] = "session";
  EXPECT_THAT(read_logout(of_session).error().message, HasSubstr("(sub)"));
}

TEST(Claims, AreFoundByNameOrPath) {
  const json::value claims =
      json::parse(
          R"({"groups":["a",1,"b"],"realm_access":{"roles":["c"]},"https://app.example/groups":["d"],"one":"e"})")
          .value();

  EXPECT_THAT(strings_in(find_claim(claims, "groups")), ElementsAre("a", "b"));
  EXPECT_THAT(strings_in(find_claim(claims, "realm_access.roles")), ElementsAre("c"));
  EXPECT_THAT(strings_in(find_claim(claims, "https://app.example/groups")), ElementsAre("d"));
  EXPECT_THAT(strings_in(find_claim(claims, "one")), ElementsAre("e"));
  for (const char* missing : {"", ".", "none", "groups.a", "realm_access.", "realm_access.roles.x"})
    EXPECT_EQ(find_claim(claims, missing), nullptr) << missing;
}

TEST(Claims, ProposeAUsername) {
  const auto of = [](const char* claims, std::string_view claim = "preferred_username") {
    return username_in(json::parse(claims).value(), claim);
  };

  EXPECT_EQ(of(R"({"sub":"1","preferred_username":"Anna"})"), "anna");
  EXPECT_EQ(of(R"({"sub":"1","preferred_username":"Anna Ny","email":"Anna@Example.com"})"),
            "anna@example.com");
  EXPECT_EQ(of(R"({"sub":"1","upn":"ann","preferred_username":"anna"})", "upn"), "ann");
  EXPECT_EQ(of(R"({"sub":"a1b2"})"), "a1b2");
  EXPECT_EQ(of(R"({"sub":"auth0|1"})"), "");
}

}  // namespace
}  // namespace togglecast::service::oidc
