// Tokens of clients that others sign: which are good, and what ends them. Their keys: issuer_keys_test.cpp.
#include <openssl/hmac.h>

#include <atomic>

#include "unit/service/issuers/issuers_fixture.hpp"

namespace togglecast::service {
namespace {

using test::eventually;
using test::ForeignKey;
using test::jwks_of;
using testing::IssuersTest;

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::string out(32, '\0');
  unsigned size = 32;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

TEST_F(IssuersTest, ATokenOfAnIssuerIsThatOfTheClientItNames) {
  for (const auto* alg : {"RS256", "ES256", "EdDSA"}) {
    const ForeignKey key(std::string("k-") + alg, alg);
    const auto made = create({{"key", std::string("of-") + alg},
                              {"name", "One"},
                              {"issuer", std::string("https://") + alg},
                              {"audiences", json::array{"flags"}},
                              {"environment", "production"},
                              {"keys", {{"pem", key.pem()}}}});
    ASSERT_TRUE(made.has_value()) << made.error().message;

    const auto who = authenticate(key.token(claims({{"iss", std::string("https://") + alg}})));

    ASSERT_TRUE(who.has_value()) << alg << ": " << who.error().message;
    EXPECT_EQ(who->kind, Principal::Kind::client);
    EXPECT_EQ(who->id, 1);
    EXPECT_EQ(who->name, "acme");
    EXPECT_EQ(who->environment, "production");
    EXPECT_EQ(who->expires_at.value, (kNow + 600 + 30) * 1'000);
    EXPECT_NE(who->issued_by, nullptr);
    EXPECT_TRUE(application_->authenticator().recheck(*who).has_value());
  }
}

TEST_F(IssuersTest, ChecksEveryClaim) {
  trust({{"jwks", json::parse(jwks_of({&signer()})).value()}});
  const auto with = [](const json::object& other) { return signer().token(claims(other)); };

  EXPECT_TRUE(authenticate(with({})).has_value());
  EXPECT_TRUE(authenticate(with({{"aud", json::array{"other", "flags"}}})).has_value());
  EXPECT_TRUE(authenticate(with({{"sub", 1}})).has_value()) << "a number is the id";
  EXPECT_TRUE(authenticate(with({{"exp", kNow + 600.5}})).has_value());
  EXPECT_TRUE(authenticate(with({{"exp", kNow - 29}, {"iat", kNow - 600}})).has_value()) << "the leeway";
  EXPECT_TRUE(authenticate(with({{"nbf", kNow + 30}})).has_value());
  const std::pair<json::object, Errc> refused[] = {
      {{{"exp", kNow - 30}, {"iat", kNow - 600}}, Errc::token_expired},
      {{{"aud", "other"}}, Errc::token_invalid},
      {{{"aud", nullptr}}, Errc::token_invalid},
      {{{"aud", json::array{7, "flags"}}}, Errc::token_invalid},
      {{{"iss", "https://id.example"}}, Errc::token_invalid},
      {{{"nbf", kNow + 31}}, Errc::token_invalid},
      {{{"iat", kNow + 31}}, Errc::token_invalid},
      {{{"iat", nullptr}}, Errc::token_invalid},
      {{{"exp", nullptr}}, Errc::token_invalid},
      {{{"exp", "soon"}}, Errc::token_invalid},
      {{{"exp", 1e300}}, Errc::token_invalid},
      {{{"exp", -1}}, Errc::token_invalid},
      {{{"exp", kNow + 24 * 3'600 + 1}}, Errc::token_invalid},
      {{{"sub", nullptr}}, Errc::token_invalid},
      {{{"sub", ""}}, Errc::token_invalid},
      {{{"sub", json::array{"acme"}}}, Errc::token_invalid},
      {{{"sub", "ACME"}}, Errc::token_invalid},
      {{{"sub", "1"}}, Errc::token_invalid},
      {{{"sub", 2}}, Errc::token_invalid},
  };
  for (const auto& [other, code] : refused) EXPECT_EQ(refusal(with(other)), code) << json::serialize(other);
}

TEST_F(IssuersTest, AForgedTokenOpensNothing) {
  trust({{"jwks", json::parse(jwks_of({&signer()})).value()}});
  const std::string good = signer().token(claims());
  const ForeignKey other("s1", "ES256");
  const ForeignKey rsa("s1", "RS256");
  const std::string payload = good.substr(good.find('.') + 1, good.rfind('.') - good.find('.') - 1);
  const auto header = [&](const std::string& text) { return base64url_encode(text) + '.' + payload + '.'; };

  EXPECT_EQ(refusal(other.token(claims())), Errc::token_invalid) << "another key of the same name";
  EXPECT_EQ(refusal(rsa.token(claims())), Errc::token_invalid);
  EXPECT_EQ(refusal(header(R"({"alg":"none","typ":"JWT"})")), Errc::token_invalid);
  const std::string by_hmac = header(R"({"alg":"HS256","kid":"s1","typ":"JWT"})");
  EXPECT_EQ(
      refusal(by_hmac + base64url_encode(hmac_sha256(signer().pem(), by_hmac.substr(0, by_hmac.size() - 1)))),
      Errc::token_invalid)
      << "a public key is no secret";
  for (const auto* kid : {"../../../../dev/null", "s1' OR '1'='1", "s1\\u0000", ""})
    EXPECT_EQ(refusal(other.token({{"alg", "ES256"}, {"kid", kid}}, claims())), Errc::token_invalid) << kid;
  EXPECT_EQ(refusal(other.token({{"alg", "ES256"}, {"kid", "s1"}, {"jwk", other.jwk()}}, claims())),
            Errc::token_invalid);
  EXPECT_EQ(refusal(other.token({{"alg", "ES256"}, {"kid", "s1"}, {"jku", "http://127.0.0.1:1/"}}, claims())),
            Errc::token_invalid);
  EXPECT_EQ(refusal(good.substr(0, good.rfind('.') + 1)), Errc::token_invalid);
}

TEST_F(IssuersTest, AnIssuerIsBoundToItsEnvironment) {
  ASSERT_TRUE(add_environment("staging").has_value());
  ASSERT_TRUE(create_client(R"({"key":"only-staging","name":"S"})", admin(domain::Role::owner, "staging"))
                  .has_value());
  trust({{"pem", signer().pem()}});

  EXPECT_EQ(refusal(signer().token(claims({{"sub", "only-staging"}}))), Errc::token_invalid);
  auto second = body_of({{"pem", signer().pem()}}, "of-staging");
  second["environment"] = "staging";
  EXPECT_EQ(create(second).error().code, Errc::conflict) << "its tokens would belong to two environments";
  second["audiences"] = json::array{"flags-staging"};
  ASSERT_TRUE(create(second).has_value());
  const auto who = authenticate(signer().token(claims({{"sub", "only-staging"}, {"aud", "flags-staging"}})));
  ASSERT_TRUE(who.has_value()) << who.error().message;
  EXPECT_EQ(who->environment, "staging");
  EXPECT_EQ(refusal(signer().token(claims({{"aud", json::array{"flags", "flags-staging"}}}))),
            Errc::token_invalid);
}

TEST_F(IssuersTest, TheClientMayStandDeepInTheClaims) {
  auto body = body_of({{"pem", signer().pem()}});
  body["client_claim"] = "/app~1x/tenant";
  ASSERT_TRUE(create(body).has_value());

  const json::object deep{{"tenant", "acme"}};
  EXPECT_TRUE(authenticate(signer().token(claims({{"app/x", deep}, {"sub", "somebody"}}))).has_value());
  EXPECT_EQ(refusal(signer().token(claims())), Errc::token_invalid);
  ASSERT_TRUE(update({{"client_claim", "https://example.com/tenant"}}).has_value());
  EXPECT_TRUE(authenticate(signer().token(claims({{"https://example.com/tenant", "acme"}}))).has_value());
}

TEST_F(IssuersTest, TheAlgorithmsOfTheIssuerCount) {
  auto body = body_of({{"pem", signer().pem()}});
  body["algorithms"] = json::array{"EdDSA"};
  ASSERT_TRUE(create(body).has_value());

  EXPECT_EQ(refusal(signer().token(claims())), Errc::token_invalid);
}

TEST_F(IssuersTest, WhatWasWithdrawnEndsAtOnce) {
  const ForeignKey second("s2", "EdDSA");
  trust({{"jwks", json::parse(jwks_of({&signer(), &second})).value()}});
  const auto first = authenticate(signer().token(claims())).value();
  const auto other = authenticate(second.token(claims())).value();
  std::atomic<int> told{0};
  application_->trusted_issuers().on_withdrawn([&told] { ++told; });
  const auto stays = [&](const Principal& who) {
    return application_->authenticator().recheck_in(who, *current()).has_value();
  };

  ASSERT_TRUE(update({{"keys", {{"jwks", json::parse(jwks_of({&second})).value()}}}}).has_value());
  EXPECT_TRUE(eventually([&] { return told >= 1; }));
  EXPECT_FALSE(stays(first)) << "its key is gone";
  EXPECT_TRUE(stays(other));
  EXPECT_EQ(refusal(signer().token(claims())), Errc::token_invalid);

  ASSERT_TRUE(update({{"active", false}}).has_value());
  EXPECT_TRUE(eventually([&] { return told >= 2; }));
  EXPECT_FALSE(stays(other));
  EXPECT_EQ(refusal(second.token(claims())), Errc::token_invalid);
  ASSERT_TRUE(update({{"active", true}}).has_value());
  EXPECT_TRUE(eventually([&] { return stays(other); }));

  ASSERT_TRUE(testing::wait_for<changes::Written>([&](changes::Done done) {
                application_->issuers().remove(admin(), 1, {}, std::move(done));
              }).has_value());
  EXPECT_TRUE(eventually([&] { return !stays(other); }));
  application_->trusted_issuers().on_withdrawn({});
}

TEST_F(IssuersTest, AnAdminWithdrawsWhatOthersSigned) {
  trust({{"pem", signer().pem()}});
  const auto who = authenticate(signer().token(claims())).value();
  const auto ours = issue_token(1)->token;
  const auto set = [&](std::string_view body) {
    return testing::wait_for<changes::Written>([&](changes::Done done) {
      application_->clients().update(admin(), 1, testing::parse(body), {}, done);
    });
  };

  const std::string moment = to_iso8601({(kNow + 1) * 1'000});
  ASSERT_TRUE(set(R"({"tokens_valid_from":")" + moment + "\"}").has_value());

  EXPECT_EQ(refusal(signer().token(claims())), Errc::revoked);
  EXPECT_EQ(refusal(ours.reveal()), Errc::revoked) << "ours, too";
  EXPECT_EQ(application_->authenticator().recheck(who).error().code, Errc::revoked);
  EXPECT_TRUE(authenticate(signer().token(claims({{"iat", kNow + 1}}))).has_value());
  ASSERT_TRUE(set(R"({"tokens_valid_from":null})").has_value());
  EXPECT_TRUE(authenticate(signer().token(claims())).has_value());
}

TEST_F(IssuersTest, OnlyAnOwnerManagesThem) {
  for (const auto role : {domain::Role::viewer, domain::Role::editor}) {
    EXPECT_EQ(create(body_of({{"pem", signer().pem()}}), admin(role)).error().code, Errc::forbidden);
    EXPECT_EQ(application_->issuers().list(admin(role), {}).error().code, Errc::forbidden);
  }
}

TEST_F(IssuersTest, RefusesWhatItCannotTrust) {
  const ForeignKey weak("w", "RS256", 1'024);
  const json::value keys[] = {json::object{},
                              {{"pem", "hello"}},
                              {{"pem", signer().pem(true)}},
                              {{"jwks", json::object{{"keys", json::array{}}}}},
                              {{"jwks", json::parse(jwks_of({&weak})).value()}},
                              {{"jwks_url", "http://id.example/keys"}},
                              {{"jwks_url", "https://169.254.169.254/keys"}},
                              {{"jwks_file", "../togglecast.db"}},
                              {{"jwks_file", ".hidden"}},
                              {{"pem", signer().pem()}, {"jwks_url", "https://id.example/"}},
                              {{"secret", "s"}}};
  for (const auto& one : keys) {
    const auto made = create(body_of(one.as_object()));
    ASSERT_FALSE(made.has_value()) << json::serialize(one);
    EXPECT_EQ(made.error().code, Errc::invalid_argument);
    ASSERT_FALSE(made.error().details.empty());
    EXPECT_TRUE(made.error().details.front().pointer.starts_with("/keys"))
        << made.error().details.front().pointer;
  }
  for (const auto& [member, value] :
       std::vector<std::pair<std::string, json::value>>{{"issuer", "togglecast"},
                                                        {"issuer", ""},
                                                        {"audiences", json::array{}},
                                                        {"audiences", "flags"},
                                                        {"environment", "nowhere"},
                                                        {"environment", "system"},
                                                        {"algorithms", json::array{"HS256"}},
                                                        {"leeway_s", 121},
                                                        {"client_claim", ""}}) {
    auto body = body_of({{"pem", signer().pem()}});
    body[member] = value;
    const auto made = create(body);
    ASSERT_FALSE(made.has_value()) << member;
    EXPECT_EQ(made.error().details.front().pointer, '/' + member);
  }
}

}  // namespace
}  // namespace togglecast::service
