// Where the keys of issuers come from, and what happens while they cannot be had. What is kept for a restart:
// kept_issuer_keys_test.cpp.
#include <atomic>
#include <fstream>

#include "support/scripted_server.hpp"
#include "unit/service/issuers/issuers_fixture.hpp"

namespace togglecast::service {
namespace {

using test::eventually;
using test::ForeignKey;
using test::http_answer;
using test::jwks_of;
using test::ScriptedServer;
using testing::IssuersTest;

TEST_F(IssuersTest, KeysOfAUrlAreFetchedAndARestartFetchesThemAgain) {
  ScriptedServer provider([](const std::string&) { return http_answer("200 OK", jwks_of({&signer()})); });
  trust({{"jwks_url", provider.url("/jwks")}});

  EXPECT_TRUE(eventually([&] { return has_keys(1); }));
  EXPECT_TRUE(authenticate(signer().token(claims())).has_value());
  reopen();
  EXPECT_TRUE(eventually([&] { return has_keys(1); }));
  EXPECT_TRUE(eventually([&] { return provider.requests().size() >= 2U; }));
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

TEST_F(IssuersTest, ATokenOfANewKeyIsToComeAgainWhileTheKeysCannotBeRead) {
  const ForeignKey rotated("s2", "EdDSA");
  ScriptedServer provider([](const std::string&) { return http_answer("200 OK", jwks_of({&signer()})); });
  trust({{"jwks_url", provider.url()}});
  ASSERT_TRUE(eventually([&] { return has_keys(1); }));
  const json::object later = claims({{"exp", kNow + 20'000}});
  const std::string token = rotated.token(later);
  provider.script([](const std::string&) { return http_answer("503 Away", ""); });
  clock_.advance(std::chrono::seconds{400});
  application_->trusted_issuers().look();
  ASSERT_TRUE(eventually([&] { return application_->issuers().keys(admin(), 1)->at("error").is_string(); }));

  EXPECT_EQ(refusal(token), Errc::unavailable);
  EXPECT_GT(authenticate(token).error().wait().count(), 0);
  EXPECT_TRUE(authenticate(signer().token(later)).has_value());
  const ForeignKey forged(signer().kid(), signer().alg());
  EXPECT_EQ(refusal(forged.token(later)), Errc::token_invalid) << "the key that it names is known";

  provider.script([&](const std::string&) { return http_answer("200 OK", jwks_of({&signer(), &rotated})); });
  clock_.advance(std::chrono::seconds{400});
  application_->trusted_issuers().look();
  EXPECT_TRUE(eventually([&] { return authenticate(token).has_value(); }));
  const ForeignKey unknown("s3", "EdDSA");
  EXPECT_EQ(refusal(unknown.token(later)), Errc::token_invalid) << "the provider does not have it";
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
