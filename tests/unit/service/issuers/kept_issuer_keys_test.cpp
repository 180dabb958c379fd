// Keys of issuers that the store keeps, so that a restart while a provider is away locks nobody out.
#include <future>

#include "support/scripted_server.hpp"
#include "unit/service/issuers/issuers_fixture.hpp"

namespace togglecast::service {
namespace {

using std::chrono::seconds;
using test::eventually;
using test::ForeignKey;
using test::http_answer;
using test::jwks_of;
using test::ScriptedServer;

class KeptIssuerKeysTest : public testing::IssuersTest {
 protected:
  void SetUp() override {
    options_.issuers.stale_keys = seconds{3'600};
    IssuersTest::SetUp();
  }
  static std::string long_token() { return signer().token(claims({{"exp", kNow + 20'000}})); }
  std::vector<storage::Fetched> kept() {
    std::promise<std::vector<storage::Fetched>> all;
    EXPECT_TRUE(application_->reader().submit(
        [&](storage::Reader& reader) { all.set_value(reader.fetched().all("system").value()); }));
    return all.get_future().get();
  }
  json::value trouble() { return application_->issuers().keys(admin(), 1)->at("error"); }
};

TEST_F(KeptIssuerKeysTest, TokensAreGoodAfterARestartWhileTheProviderIsAway) {
  ScriptedServer provider([](const std::string&) { return http_answer("200 OK", jwks_of({&signer()})); });
  trust({{"jwks_url", provider.url()}});
  ASSERT_TRUE(eventually([&] { return has_keys(1); }));
  const auto inside = authenticate(long_token()).value();
  provider.script([](const std::string&) { return http_answer("503 Away", ""); });
  clock_.advance(seconds{3'000});

  reopen();

  EXPECT_TRUE(authenticate(long_token()).has_value()) << "at once, before anybody has been asked";
  ASSERT_TRUE(eventually([&] { return trouble().is_string(); }));
  EXPECT_TRUE(authenticate(long_token()).has_value());
  EXPECT_TRUE(application_->authenticator().recheck(inside).has_value());
  EXPECT_EQ(application_->issuers().keys(admin(), 1)->at("fetched_at"),
            json::value(to_iso8601({kNow * 1'000})));
  clock_.advance(seconds{600});
  EXPECT_EQ(refusal(long_token()), Errc::unavailable) << "as long as without the restart";
  reopen();
  EXPECT_EQ(refusal(long_token()), Errc::unavailable);
}

TEST_F(KeptIssuerKeysTest, AKeyThatWasTakenOutMeanwhileEndsWithTheFirstLook) {
  const ForeignKey second("s2", "EdDSA");
  ScriptedServer provider([](const std::string&) { return http_answer("200 OK", jwks_of({&signer()})); });
  trust({{"jwks_url", provider.url()}});
  ASSERT_TRUE(eventually([&] { return has_keys(1); }));
  const auto inside = authenticate(long_token()).value();
  provider.script([&](const std::string&) { return http_answer("200 OK", jwks_of({&second})); });

  reopen();

  EXPECT_TRUE(eventually([&] { return !application_->authenticator().recheck(inside).has_value(); }));
  EXPECT_EQ(refusal(long_token()), Errc::token_invalid);
  EXPECT_TRUE(authenticate(second.token(claims())).has_value());
}

TEST_F(KeptIssuerKeysTest, KeysOfAnotherUrlCountForNothing) {
  ScriptedServer provider([](const std::string&) { return http_answer("200 OK", jwks_of({&signer()})); });
  ScriptedServer other([](const std::string&) { return http_answer("503 Away", ""); });
  trust({{"jwks_url", provider.url()}});
  ASSERT_TRUE(eventually([&] { return has_keys(1); }));
  ASSERT_TRUE(update({{"keys", {{"jwks_url", other.url()}}}}).has_value());

  reopen();

  EXPECT_EQ(refusal(long_token()), Errc::unavailable);
}

TEST_F(KeptIssuerKeysTest, TheStoreIsWrittenWhenKeysChangeAndOnceInAWhile) {
  const ForeignKey second("s2", "EdDSA");
  ScriptedServer provider([](const std::string&) { return http_answer("200 OK", jwks_of({&signer()})); });
  trust({{"jwks_url", provider.url()}});
  ASSERT_TRUE(eventually([&] { return kept().size() == 1; }));
  const auto at = [&] { return kept().front().at.value / 1'000 - kNow; };
  const auto look_after = [&](seconds pause) {
    const auto before = application_->issuers().keys(admin(), 1)->at("fetched_at");
    clock_.advance(pause);
    application_->trusted_issuers().look();
    ASSERT_TRUE(
        eventually([&] { return application_->issuers().keys(admin(), 1)->at("fetched_at") != before; }));
  };
  const auto revision = current("system")->revision();

  look_after(seconds{400});
  EXPECT_EQ(at(), 0) << "nothing new";
  look_after(seconds{600});
  EXPECT_TRUE(eventually([&] { return at() == 1'000; }))
      << "a quarter of the time that they count has passed";
  provider.script([&](const std::string&) { return http_answer("200 OK", jwks_of({&signer(), &second})); });
  look_after(seconds{400});
  EXPECT_TRUE(eventually([&] { return at() == 1'400; })) << "they have changed";

  EXPECT_EQ(kept().front().source, provider.url());
  EXPECT_EQ(current("system")->revision(), revision) << "it is no change";
}

}  // namespace
}  // namespace togglecast::service
