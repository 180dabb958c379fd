// Tokens of clients that others sign: which are good, where the keys come from, and what ends them.
#include "service/issuers/trusted_issuers.hpp"

#include <openssl/hmac.h>

#include <atomic>
#include <fstream>

#include "support/eventually.hpp"
#include "support/foreign_signer.hpp"
#include "support/scripted_server.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using test::eventually;
using test::ForeignKey;
using test::http_answer;
using test::jwks_of;
using test::ScriptedServer;

constexpr std::int64_t kNow = 1'700'000'000;  // of the clock, in seconds

const ForeignKey& signer() {
  static const ForeignKey key("s1", "ES256");
  return key;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::string out(32, '\0');
  unsigned size = 32;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

class IssuersTest : public testing::ApplicationTest {
 protected:
  void SetUp() override {
    options_.egress.plain_http_to_loopback = true;
    options_.egress.per_host = {1'000, 1'000};
    options_.issuers.key_folder = folder_.path();
    open();
    ASSERT_TRUE(create_client(R"({"key":"acme","name":"Acme"})").has_value());
  }

  static json::object body_of(const json::object& keys, std::string key = "back-end") {
    return {{"key", key},
            {"name", "Back end"},
            {"issuer", "https://id.example/"},
            {"audiences", json::array{"flags"}},
            {"environment", "production"},
            {"keys", keys}};
  }
  Result<changes::Written> create(const json::value& body, const Principal& who = admin()) {
    return testing::wait_for<changes::Written>(
        [&](changes::Done done) { application_->issuers().create(who, body, {}, std::move(done)); });
  }
  Result<changes::Written> update(const json::value& body, domain::Id id = 1) {
    return testing::wait_for<changes::Written>(
        [&](changes::Done done) { application_->issuers().update(admin(), id, body, {}, std::move(done)); });
  }
  void trust(const json::object& keys) {
    const auto made = create(body_of(keys));
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
  static json::object claims(json::object other = {}) {
    json::object all{{"iss", "https://id.example/"},
                     {"aud", "flags"},
                     {"sub", "acme"},
                     {"iat", kNow},
                     {"exp", kNow + 600}};
    for (auto& member : other) {
      all.erase(member.key());
      if (!member.value().is_null()) all.emplace(member.key(), member.value());
    }
    return all;
  }
  Result<Principal> authenticate(const std::string& token) {
    return application_->authenticator().authenticate(token);
  }
  Errc refusal(const std::string& token) {
    const auto who = authenticate(token);
    EXPECT_FALSE(who.has_value()) << token;
    return who ? Errc::internal : who.error().code;
  }
  /// After a refusal: the final answer, or nothing when there is no second look.
  std::optional<Result<Principal>> after_a_look(const std::string& token) {
    auto looked = std::make_shared<std::promise<void>>();
    auto done = looked->get_future();
    if (!application_->authenticator().look_again(token, [looked] { looked->set_value(); }))
      return std::nullopt;
    EXPECT_EQ(done.wait_for(test::kPatience), std::future_status::ready);
    return authenticate(token);
  }
  bool has_keys(std::size_t count, domain::Id id = 1) {
    const auto keys = application_->issuers().keys(admin(), id);
    return keys.has_value() && keys->at("keys").get_array().size() == count;
  }
};

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

TEST_F(IssuersTest, KeysOfAUrlAreFetchedAndARestartFetchesThemAgain) {
  ScriptedServer provider([](const std::string&) { return http_answer("200 OK", jwks_of({&signer()})); });
  trust({{"jwks_url", provider.url("/jwks")}});

  EXPECT_TRUE(eventually([&] { return has_keys(1); }));
  EXPECT_TRUE(authenticate(signer().token(claims())).has_value());
  reopen();
  EXPECT_TRUE(eventually([&] { return has_keys(1); }));
  EXPECT_GE(provider.requests().size(), 2U);
}

TEST_F(IssuersTest, ALoginWaitsForAKeyThatIsNewAndTheNextOneNot) {
  const ForeignKey rotated("s2", "EdDSA");
  ScriptedServer provider([](const std::string&) { return http_answer("200 OK", jwks_of({&signer()})); });
  trust({{"jwks_url", provider.url()}});
  ASSERT_TRUE(eventually([&] { return has_keys(1); }));
  provider.script([&](const std::string&) { return http_answer("200 OK", jwks_of({&signer(), &rotated})); });
  const std::size_t before = provider.requests().size();
  const std::string token = rotated.token(claims());
  EXPECT_EQ(refusal(token), Errc::token_invalid);
  EXPECT_FALSE(after_a_look(token).has_value()) << "it has just looked";

  clock_.advance(std::chrono::seconds{30});
  const auto found = after_a_look(token);

  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->has_value()) << found->error().message;
  EXPECT_EQ(provider.requests().size(), before + 1);
  const ForeignKey unknown("s3", "EdDSA");
  EXPECT_FALSE(after_a_look(unknown.token(claims())).has_value());
  EXPECT_EQ(provider.requests().size(), before + 1) << "a stranger does not make it call again";
}

TEST_F(IssuersTest, AProviderThatIsAwayOrLiesChangesNothingUntilTheKeysAreTooOld) {
  options_.issuers.stale_keys = std::chrono::seconds{3'600};
  reopen();
  ScriptedServer provider([](const std::string&) { return http_answer("200 OK", jwks_of({&signer()})); });
  trust({{"jwks_url", provider.url()}});
  ASSERT_TRUE(eventually([&] { return has_keys(1); }));
  const auto inside = authenticate(signer().token(claims({{"exp", kNow + 20'000}}))).value();

  const std::string answers[] = {
      http_answer("500 Oops", ""), http_answer("200 OK", "<html>log in here</html>"),
      http_answer("200 OK", R"({"keys":[]})"), http_answer("302 Found", "", "Location: /elsewhere\r\n"),
      http_answer("200 OK", std::string(2'000'000, ' '))};
  json::value trouble;  // each answer has its own; the next look begins after it has been read
  for (const std::string& answer : answers) {
    const std::size_t before = provider.requests().size();
    provider.script([answer](const std::string&) { return answer; });
    clock_.advance(std::chrono::seconds{400});
    ASSERT_TRUE(eventually([&] {
      application_->trusted_issuers().look();
      return provider.requests().size() > before;
    }));
    ASSERT_TRUE(eventually([&] { return application_->issuers().keys(admin(), 1)->at("error") != trouble; }))
        << answer.substr(0, 40);
    trouble = application_->issuers().keys(admin(), 1)->at("error");
    EXPECT_TRUE(has_keys(1));
    EXPECT_TRUE(authenticate(signer().token(claims({{"exp", kNow + 20'000}}))).has_value());
  }
  clock_.advance(std::chrono::seconds{3'600});
  EXPECT_EQ(refusal(signer().token(claims({{"exp", kNow + 20'000}}))), Errc::unavailable);
  EXPECT_TRUE(application_->authenticator().recheck(inside).has_value()) << "who is in stays in";
}

TEST_F(IssuersTest, AKeyThatTheProviderTakesOutEndsWhatItSigned) {
  const ForeignKey second("s2", "EdDSA");
  ScriptedServer provider([&](const std::string&) {
    return http_answer("200 OK", jwks_of({&signer(), &second}), "Cache-Control: max-age=120\r\n");
  });
  trust({{"jwks_url", provider.url()}});
  ASSERT_TRUE(eventually([&] { return has_keys(2); }));
  const auto first = authenticate(signer().token(claims())).value();
  std::atomic<bool> told{false};
  application_->trusted_issuers().on_withdrawn([&told] { told = true; });
  provider.script([&](const std::string&) { return http_answer("200 OK", jwks_of({&second})); });

  clock_.advance(std::chrono::seconds{119});
  application_->trusted_issuers().look();
  EXPECT_FALSE(told) << "it is still fresh";
  clock_.advance(std::chrono::seconds{1});
  application_->trusted_issuers().look();

  EXPECT_TRUE(eventually([&] { return told.load(); }));
  EXPECT_EQ(application_->authenticator().recheck(first).error().code, Errc::revoked);
  application_->trusted_issuers().on_withdrawn({});
}

TEST_F(IssuersTest, WithoutAnyKeysALoginIsToComeAgain) {
  ScriptedServer provider([](const std::string&) { return http_answer("503 Away", ""); });
  trust({{"jwks_url", provider.url()}});
  const std::string token = signer().token(claims());
  ASSERT_TRUE(eventually([&] { return application_->issuers().keys(admin(), 1)->at("error").is_string(); }));

  EXPECT_EQ(refusal(token), Errc::unavailable);
  clock_.advance(std::chrono::seconds{30});
  const auto still = after_a_look(token);
  ASSERT_TRUE(still.has_value());
  EXPECT_EQ(still->error().code, Errc::unavailable);
}

TEST_F(IssuersTest, ManyLoginsOfANewKeyShareOneFetch) {
  std::atomic<bool> go{false};
  ScriptedServer provider([&go](const std::string&) {
    EXPECT_TRUE(eventually([&] { return go.load(); }));
    return http_answer("200 OK", jwks_of({&signer()}));
  });
  trust({{"jwks_url", provider.url()}});
  const std::string token = signer().token(claims());
  std::atomic<int> answered{0};
  for (int i = 0; i < 50; ++i)
    EXPECT_TRUE(application_->authenticator().look_again(token, [&answered] { ++answered; }));
  EXPECT_EQ(answered, 0);
  go = true;

  EXPECT_TRUE(eventually([&] { return answered == 50; }));
  EXPECT_EQ(provider.requests().size(), 1U);
  EXPECT_TRUE(authenticate(token).has_value());
}

TEST_F(IssuersTest, StopsWhileAFetchHangsAndALoginWaits) {
  ScriptedServer provider([](const std::string&) { return std::string(); });
  trust({{"jwks_url", provider.url()}});
  std::atomic<bool> answered{false};
  ASSERT_TRUE(
      application_->authenticator().look_again(signer().token(claims()), [&answered] { answered = true; }));
  ASSERT_TRUE(eventually([&] { return !provider.requests().empty(); }));

  application_.reset();

  EXPECT_TRUE(answered);
}

TEST_F(IssuersTest, KeysOfAFileAreReadAndReadAgain) {
  const auto write = [&](const std::string& text) { std::ofstream(folder_.path() / "keys.json") << text; };
  const ForeignKey second("s2", "EdDSA");
  write(jwks_of({&signer()}));
  trust({{"jwks_file", "keys.json"}});
  ASSERT_TRUE(eventually([&] { return has_keys(1); }));
  EXPECT_TRUE(authenticate(signer().token(claims())).has_value());

  write(jwks_of({&signer(), &second}));
  clock_.advance(std::chrono::seconds{12});
  application_->trusted_issuers().look();

  EXPECT_TRUE(eventually([&] { return has_keys(2); }));
  EXPECT_TRUE(authenticate(second.token(claims())).has_value());
}

}  // namespace
}  // namespace togglecast::service
