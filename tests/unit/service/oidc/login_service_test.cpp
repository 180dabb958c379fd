// How a login by OpenID Connect goes, and how it fails. Its accounts: login_accounts_test.cpp.
#include "service/oidc/login_service.hpp"

#include <gmock/gmock.h>

#include "unit/service/oidc/oidc_fixture.hpp"

namespace togglecast::service::oidc {
namespace {

using logins::kBack;
using logins::kProvider;
using logins::OidcLogin;
using ::testing::HasSubstr;

TEST_F(OidcLogin, AsksTheProviderWithStateNonceAndChallenge) {
  const Departure departure = depart();
  const wire::http::Query asked(std::string_view(departure.url).substr(departure.url.find('?') + 1));

  EXPECT_THAT(departure.url,
              ::testing::StartsWith("https://sso.example/authorize?tenant=a&response_type=code&"));
  EXPECT_EQ(asked.value("client_id"), "togglecast");
  EXPECT_EQ(asked.value("redirect_uri"), kBack);
  EXPECT_EQ(asked.value("scope"), "openid profile email");
  EXPECT_EQ(asked.value("code_challenge_method"), "S256");
  EXPECT_EQ(departure.cookie, cookie_name_of(asked.value("state")));
  EXPECT_NE(wire::http::Query(depart().url).value("state"), asked.value("state"));
}

TEST_F(OidcLogin, SendsCodeVerifierAndSecretToTheTokenEndpointAlone) {
  ASSERT_TRUE(log_in());

  const auto at = std::find(provider_.calls.begin(), provider_.calls.end(), "https://sso.example/token");
  ASSERT_NE(at, provider_.calls.end());
  const wire::http::Query form(provider_.bodies[static_cast<std::size_t>(at - provider_.calls.begin())]);
  EXPECT_EQ(form.value("grant_type"), "authorization_code");
  EXPECT_EQ(form.value("code"), "code");
  EXPECT_EQ(form.value("redirect_uri"), kBack);
  EXPECT_EQ(form.value("code_verifier").size(), 43U);
  EXPECT_FALSE(form.contains("client_secret")) << "it goes by HTTP Basic";
}

TEST_F(OidcLogin, ReadsTheKeysAgainWhenTheProviderHasRotatedThem) {
  ASSERT_TRUE(log_in());
  provider_.signer = std::make_unique<test::ForeignKey>("k2", "RS256");

  EXPECT_FALSE(log_in()) << "not more often than every 30 seconds";
  clock_.advance(kKeysAgain);
  EXPECT_TRUE(log_in());
  EXPECT_EQ(provider_.count("https://sso.example/keys"), 2);
}

TEST_F(OidcLogin, IsUnavailableWhileTheProviderHasRotatedItsKeysAndDoesNotGiveThem) {
  ASSERT_TRUE(log_in());
  provider_.signer = std::make_unique<test::ForeignKey>("k2", "RS256");
  provider_.keys_away = true;
  clock_.advance(kKeysAgain);

  const auto first = log_in();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, Errc::unavailable);
  EXPECT_EQ(log_in().error().code, Errc::unavailable) << "without another fetch";
  EXPECT_EQ(outcomes(Outcome::away), 2U);
  EXPECT_EQ(provider_.count("https://sso.example/keys"), 2);

  provider_.keys_away = false;
  clock_.advance(KeptTimes{}.pause);
  EXPECT_TRUE(log_in());
}

TEST_F(OidcLogin, NeedsTheCookieOfItsOwnAttempt) {
  const Departure first = depart();
  const Departure second = depart();
  Arrival arrival = arrive(second);
  arrival.ticket = first.ticket;

  const auto refused = finish(arrival);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unauthenticated);
  EXPECT_EQ(provider_.count("https://sso.example/token"), 0);
  EXPECT_EQ(outcomes(Outcome::no_ticket), 1U);
}

TEST_F(OidcLogin, DoesNotGiveTheCodeOfAnotherIssuerAway) {
  for (const std::optional<std::string>& issuer : {std::optional<std::string>("https://evil.example"), {}}) {
    Arrival arrival = arrive(depart());
    arrival.issuer = issuer;
    const auto refused = finish(arrival);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("(iss)"));
  }
  EXPECT_EQ(provider_.count("https://sso.example/token"), 0);
}

TEST_F(OidcLogin, IsOverWhenTheProviderSaysNo) {
  Arrival arrival = arrive(depart());
  arrival.error = "access_denied";
  arrival.code.clear();
  EXPECT_EQ(finish(arrival).error().code, Errc::forbidden);
  EXPECT_EQ(outcomes(Outcome::abandoned), 1U);

  arrival = arrive(depart());
  arrival.code.clear();
  EXPECT_EQ(finish(arrival).error().code, Errc::unauthenticated);
}

TEST_F(OidcLogin, TellsAUsedCodeFromAWrongSecret) {
  provider_.token_status = 400;
  provider_.token_error = "invalid_grant";
  EXPECT_EQ(log_in().error().code, Errc::unauthenticated);
  provider_.token_status = 401;
  provider_.token_error = "invalid_client";
  const auto wrong = log_in();
  EXPECT_EQ(wrong.error().code, Errc::unavailable);
  EXPECT_THAT(wrong.error().message, HasSubstr("--oidc-client-secret"));
}

TEST_F(OidcLogin, IsUnavailableWhileTheProviderIsAwayAndPasswordsStillOpen) {
  provider_.away = true;
  const auto departure = service::testing::wait_for<Departure>(
      [&](auto done) { service().begin("production", "/", kBack, std::move(done)); });
  ASSERT_FALSE(departure);
  EXPECT_EQ(departure.error().code, Errc::unavailable);

  Login login;
  login.username = "owner";
  login.password = Secret(std::string(kPassword));
  login.session.environment = "production";
  const auto by_password = service::testing::wait_for<LoggedIn>(
      [&](auto done) { application_->admins().login(login, {}, std::move(done)); });
  EXPECT_TRUE(by_password);

  provider_.away = false;
  clock_.advance(KeptTimes{}.pause);
  EXPECT_TRUE(log_in());
}

TEST_F(OidcLogin, DescriptionServesOnWhileTheProviderIsAway) {
  ASSERT_TRUE(log_in());
  provider_.away = true;
  clock_.advance(KeptTimes{}.fresh + Milliseconds{1});

  EXPECT_NE(depart().url, "");
  clock_.advance(KeptTimes{}.usable);
  const auto departure = service::testing::wait_for<Departure>(
      [&](auto done) { service().begin("production", "/", kBack, std::move(done)); });
  EXPECT_FALSE(departure) << "but not for ever";
}

TEST_F(OidcLogin, RefusesWhatIsNoPathOfThisServer) {
  const auto departure = service::testing::wait_for<Departure>(
      [&](auto done) { service().begin("production", "//evil.example", kBack, std::move(done)); });

  ASSERT_FALSE(departure);
  EXPECT_EQ(departure.error().code, Errc::invalid_argument);
}

TEST_F(OidcLogin, TellsNothingAboutEnvironmentsBeforeItIsOpen) {
  const auto refused = finish(arrive(depart("no-such-environment")));

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("environment"));
}

TEST_F(OidcLogin, EndsAtTheProviderToo) {
  const auto url = service::testing::wait_for<std::string>([&](auto done) {
    service().logout_url("https://flags.example/", "the.id.token",
                         [done](std::string place) { done(Result<std::string>(std::move(place))); });
  });

  EXPECT_EQ(*url,
            "https://sso.example/logout?client_id=togglecast&post_logout_redirect_uri=https%3A%2F%2Fflags."
            "example%2F&id_token_hint=the.id.token");
}

TEST_F(OidcLogin, OfOneAddressWaitInBoundedNumber) {
  std::vector<egress::Done> held;
  ASSERT_TRUE(log_in());
  std::size_t busy = 0;
  hold_ = &held;
  for (int i = 0; i < 9; ++i) {
    Arrival arrival = arrive(depart());
    arrival.throttled_as = "192.0.2.7";
    service().finish(arrival, {}, [&busy](const Result<Welcome>& welcome) {
      if (!welcome && welcome.error().wait().count() > 0) ++busy;
    });
  }
  EXPECT_EQ(held.size(), 8U);
  EXPECT_EQ(busy, 1U);
  hold_ = nullptr;
  for (const auto& done : held) done(fail(Errc::unavailable, "gone"));
  EXPECT_EQ(outcomes(Outcome::away), 8U);
  Arrival arrival = arrive(depart());
  arrival.throttled_as = "192.0.2.7";
  EXPECT_TRUE(finish(arrival));
}

}  // namespace
}  // namespace togglecast::service::oidc
