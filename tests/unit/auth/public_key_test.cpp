#include "auth/public_key.hpp"

#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "support/foreign_signer.hpp"

namespace togglecast::auth {
namespace {

using test::ForeignKey;
using test::jwks_of;

const ForeignKey& rsa() {
  static const ForeignKey key("r1", "RS256");
  return key;
}
const ForeignKey& ec() {
  static const ForeignKey key("e1", "ES256");
  return key;
}
const ForeignKey& ed() {
  static const ForeignKey key("d1", "EdDSA");
  return key;
}

std::string set_of(const json::object& jwk) {
  return json::serialize(json::object{{"keys", json::array{jwk}}});
}

std::string refusal_of_set(const std::string& text, const KeySetLimits& limits = {}) {
  const auto set = KeySet::parse_jwks(text, limits);
  EXPECT_FALSE(set.has_value()) << text;
  return set ? "" : set.error().message;
}
std::string refusal_of_set(const json::object& jwk) { return refusal_of_set(set_of(jwk)); }

TEST(PublicKey, VerifiesWhatItsOtherHalfSigned) {
  for (const ForeignKey* key : {&rsa(), &ec(), &ed()}) {
    const auto read = PublicKey::from_jwk(key->jwk());
    ASSERT_TRUE(read.has_value()) << key->alg() << ": " << read.error().message;
    EXPECT_EQ(to_string(read->algorithm()), key->alg());
    EXPECT_EQ(read->kid(), key->kid());
    const std::string signature = key->signature("text");
    EXPECT_TRUE(read->verify("text", signature)) << key->alg();
    EXPECT_FALSE(read->verify("test", signature)) << key->alg();
    for (const std::size_t at : {std::size_t{0}, signature.size() / 2, signature.size() - 1}) {
      std::string changed = signature;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      EXPECT_FALSE(read->verify("text", changed)) << key->alg() << " at byte " << at;
    }
    EXPECT_FALSE(read->verify("text", "")) << key->alg();
    EXPECT_FALSE(read->verify("text", signature.substr(1))) << key->alg();
    EXPECT_FALSE(read->verify("text", signature + '\0')) << key->alg();
  }
}

// RFC 8032, section 7.1, test 2; RFC 8037, appendix A.4.
TEST(PublicKey, VerifiesTheVectorsOfTheRfc) {
  const auto key = PublicKey::from_jwk(
      {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}});
  ASSERT_TRUE(key.has_value());
  EXPECT_TRUE(key->verify(
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
      base64url_decode("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVv"
                       "pAr_MuM0KAg")
          .value()));
}

TEST(PublicKey, ReadsPem) {
  for (const ForeignKey* key : {&rsa(), &ec(), &ed()}) {
    const auto read = PublicKey::from_pem("k", key->pem());
    ASSERT_TRUE(read.has_value()) << key->alg() << ": " << read.error().message;
    EXPECT_EQ(to_string(read->algorithm()), key->alg());
    EXPECT_TRUE(read->verify("text", key->signature("text")));
    EXPECT_EQ(read->thumbprint(), PublicKey::from_jwk(key->jwk())->thumbprint());
  }
  EXPECT_NE(PublicKey::from_pem("k", rsa().pem())->thumbprint(),
            PublicKey::from_pem("k", ec().pem())->thumbprint());
}

TEST(PublicKey, RefusesPemOfAnythingElse) {
  const ForeignKey weak("w", "RS256", 1'024);
  const std::string good = ec().pem();
  for (const std::string& text :
       {std::string(), std::string("hello"), ec().pem(true), rsa().pem(true), good + good, weak.pem(),
        good.substr(0, good.size() / 2), "x" + std::string("-----BEGIN CERTIFICATE-----\n") + good}) {
    const auto read = PublicKey::from_pem("k", text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code, Errc::invalid_argument);
  }
  EXPECT_NE(PublicKey::from_pem("k", ec().pem(true)).error().message.find("private key"), std::string::npos);
}

TEST(KeySet, TheKeyAndNotTheTokenChoosesTheAlgorithm) {
  const auto set = KeySet::parse_jwks(jwks_of({&rsa(), &ec(), &ed()}));
  ASSERT_TRUE(set.has_value()) << set.error().message;
  for (const ForeignKey* key : {&rsa(), &ec(), &ed()}) {
    const std::string signature = key->signature("text");
    EXPECT_TRUE(set->verify(key->alg(), key->kid(), "text", signature).has_value());
    for (const auto* other : {"none", "HS256", "RS512", "PS256", "ES384", "", "rs256", "RS256 "})
      EXPECT_FALSE(set->verify(other, key->kid(), "text", signature).has_value()) << other;
  }
  EXPECT_FALSE(set->verify("ES256", rsa().kid(), "text", rsa().signature("text")).has_value());
  EXPECT_FALSE(set->verify("RS256", ec().kid(), "text", ec().signature("text")).has_value());
}

TEST(KeySet, WithoutAKidTheOnlyKeyOfTheAlgorithmCounts) {
  const ForeignKey second("r2", "RS256");
  const auto one = KeySet::parse_jwks(jwks_of({&rsa(), &ec()})).value();
  const auto two = KeySet::parse_jwks(jwks_of({&rsa(), &second})).value();

  EXPECT_TRUE(one.verify("RS256", "", "text", rsa().signature("text")).has_value());
  EXPECT_FALSE(two.verify("RS256", "", "text", rsa().signature("text")).has_value());
  EXPECT_TRUE(two.verify("RS256", "r2", "text", second.signature("text")).has_value());
  EXPECT_FALSE(one.verify("RS256", "../../etc/passwd", "text", rsa().signature("text")).has_value());
}

TEST(KeySet, LeavesOutWhatItNeedNotKnow) {
  json::array keys;
  keys.emplace_back(rsa().jwk());
  keys.emplace_back(json::object{{"kty", "oct"}, {"kid", "s"}, {"k", "c2VjcmV0"}, {"alg", "HS256"}});
  keys.emplace_back(json::object{{"kty", "EC"}, {"crv", "P-521"}, {"x", "AA"}, {"y", "AA"}});
  keys.emplace_back(json::object{{"kty", "OKP"}, {"crv", "X25519"}, {"x", "AA"}});
  keys.emplace_back(json::object{{"kty", "future"}});
  auto encrypts = ec().jwk();
  encrypts["use"] = "enc";
  keys.emplace_back(encrypts);
  auto other = rsa().jwk();
  other["alg"] = "PS256";
  keys.emplace_back(other);
  auto wraps = ed().jwk();
  wraps["key_ops"] = json::array{"wrapKey"};
  keys.emplace_back(wraps);

  const auto set = KeySet::parse_jwks(json::serialize(json::object{{"keys", keys}, {"more", 1}}));

  ASSERT_TRUE(set.has_value()) << set.error().message;
  ASSERT_EQ(set->keys().size(), 1U);
  EXPECT_EQ(set->keys()[0]->kid(), "r1");
}

TEST(KeySet, RefusesDamagedWeakAndPrivateKeys) {
  const ForeignKey weak("w", "RS256", 1'024);
  EXPECT_NE(refusal_of_set(weak.jwk()).find("2048"), std::string::npos);
  auto key = ec().jwk();
  key["y"] = key["x"];
  EXPECT_NE(refusal_of_set(key).find("damaged"), std::string::npos) << "the point is not on the curve";
  key = ec().jwk();
  key["d"] = key["x"];
  EXPECT_NE(refusal_of_set(key).find("private"), std::string::npos);
  key = rsa().jwk();
  key["e"] = "AQ";  // 1: the signature would be the text
  (void)refusal_of_set(key);
  key["e"] = "Ag";  // even
  (void)refusal_of_set(key);
  key["e"] = "";
  (void)refusal_of_set(key);
  key = rsa().jwk();
  key["n"] = "not base64url!";
  (void)refusal_of_set(key);
  key = ed().jwk();
  key["x"] = base64url_encode(std::string(32, '\0'));  // of small order
  (void)refusal_of_set(key);
  key["x"] = base64url_encode(std::string(31, 'a'));
  (void)refusal_of_set(key);
  key = ec().jwk();
  key["alg"] = "RS256";
  (void)refusal_of_set(key);
  key = ec().jwk();
  key["kid"] = std::string(kMaxKid + 1, 'k');
  (void)refusal_of_set(key);
  key["kid"] = 7;
  (void)refusal_of_set(key);
}

TEST(KeySet, RefusesSetsThatSayTwoThings) {
  const ForeignKey same("r1", "RS256");
  EXPECT_NE(refusal_of_set(jwks_of({&rsa(), &same})).find("another one has its kid"), std::string::npos);
  const std::string one = json::serialize(ec().jwk());
  EXPECT_NE(refusal_of_set(R"({"keys":[{"kid":"a",)" + one.substr(1) + "]}").find("twice"),
            std::string::npos);
  EXPECT_NE(refusal_of_set(R"({"keys":[],"keys":[)" + one + "]}").find("twice"), std::string::npos);
}

TEST(KeySet, RefusesWhatIsNoSet) {
  for (const auto* text : {"", "[]", "{}", "null", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":[7]})",
                           "<html>", R"({"keys":[{"kty":"oct","k":"AA"}]})", "{\"keys\":[\xff]}"})
    EXPECT_FALSE(refusal_of_set(text).empty()) << text;
}

TEST(KeySet, HasLimits) {
  const std::string text = jwks_of({&rsa(), &ec()});
  EXPECT_NE(refusal_of_set(text, {.bytes = text.size() - 1}).find("larger"), std::string::npos);
  EXPECT_NE(refusal_of_set(text, {.keys = 1}).find("more than 1 keys"), std::string::npos);
  EXPECT_TRUE(KeySet::parse_jwks(text, {.bytes = text.size(), .keys = 2}).has_value());
}

}  // namespace
}  // namespace togglecast::auth
