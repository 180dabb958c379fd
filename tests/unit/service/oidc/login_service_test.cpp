#include "service/oidc/login_service.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/digest.hpp"
#include "service/oidc/account_builds.hpp"
#include "service/oidc/id_token.hpp"
#include "support/foreign_signer.hpp"
#include "unit/service/application_fixture.hpp"
#include "wire/http/message.hpp"

namespace togglecast::service::oidc {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kProvider = "https://sso.example/realms/main";
constexpr const char* kBack = "https://flags.example/api/v1/auth/oidc/callback";

// A provider in memory: it answers what egress would bring.
class FakeProvider {
 public:
  void fetch(const egress::Request& request, const egress::Done& done) {
    calls.push_back(request.url);
    bodies.push_back(request.body);
    if (away) return done(fail(Errc::unavailable, "no connection"));
    if (request.url == discovery_url(kProvider)) return answer(done, 200, json::serialize(description));
    if (request.url == "https://sso.example/keys") return answer(done, 200, test::jwks_of({signer.get()}));
    if (request.url == "https://sso.example/userinfo") return answer(done, 200, json::serialize(userinfo));
    answer(done, token_status, token_answer());
  }

  [[nodiscard]] auto count(std::string_view url) const { return std::count(calls.begin(), calls.end(), url); }

  json::object description{{"issuer", kProvider},
                           {"authorization_endpoint", "https://sso.example/authorize?tenant=a"},
                           {"token_endpoint", "https://sso.example/token"},
                           {"jwks_uri", "https://sso.example/keys"},
                           {"userinfo_endpoint", "https://sso.example/userinfo"},
                           {"end_session_endpoint", "https://sso.example/logout"},
                           {"authorization_response_iss_parameter_supported", true}};
  json::object claims;
  json::object userinfo;
  std::unique_ptr<test::ForeignKey> signer = std::make_unique<test::ForeignKey>("k1", "RS256");
  int token_status = 200;
  std::string token_error;
  bool away = false;
  std::vector<std::string> calls, bodies;

 private:
  static void answer(const egress::Done& done, int status, std::string body) {
    done(egress::Response{.status = status, .headers = {}, .body = std::move(body), .fetched_at = {}});
  }
  [[nodiscard]] std::string token_answer() const {
    if (!token_error.empty()) return json::serialize(json::object{{"error", token_error}});
    return json::serialize(json::object{
        {"id_token", signer->token(claims)}, {"access_token", "access"}, {"token_type", "Bearer"}});
  }
};

class OidcLogin : public service::testing::ApplicationTest {
 protected:
  OidcLogin() {
    Options oidc;
    oidc.issuer = kProvider;
    oidc.client_id = "togglecast";
    oidc.client_secret = Secret(std::string("a secret"));
    oidc.name = "sso.example";
    oidc.roles = {{{}, domain::Role::owner, "admins"},
                  {{}, domain::Role::editor, "developers"},
                  {"production", domain::Role::editor, "releasers"}};
    options_.oidc = oidc;
    options_.fetch = [this](const egress::Request& request, const egress::Done& done) {
      if (hold_ != nullptr) return hold_->push_back(done);
      provider_.fetch(request, done);
    };
    open();
    is("anna", "person-1", {"developers"});
  }

  // The person that logs in next.
  void is(const std::string& name, const std::string& subject, const std::vector<std::string>& groups) {
    json::array all;
    for (const std::string& group : groups) all.emplace_back(group);
    provider_.claims = {{"iss", kProvider},
                        {"aud", "togglecast"},
                        {"sub", subject},
                        {"groups", all},
                        {"preferred_username", name}};
  }

  LoginService& service() { return *application_->oidc(); }

  Departure depart(const std::string& environment = "production") {
    auto departure = service::testing::wait_for<Departure>(
        [&](auto done) { service().begin(environment, "/console", kBack, std::move(done)); });
    EXPECT_TRUE(departure) << departure.error().message;
    return departure.value();
  }

  // The browser comes back, from a provider that tells the truth about this login.
  Arrival arrive(const Departure& departure) {
    const wire::http::Query asked(std::string_view(departure.url).substr(departure.url.find('?') + 1));
    const std::int64_t now = clock_.wall_now().value / 1'000;
    provider_.claims["nonce"] = std::string(asked.value("nonce"));
    provider_.claims["iat"] = now;
    provider_.claims["exp"] = now + 300;
    Arrival arrival;
    arrival.state = asked.value("state");
    arrival.code = "code";
    arrival.issuer = std::string(kProvider);
    arrival.ticket = departure.ticket;
    return arrival;
  }

  Result<Welcome> finish(const Arrival& arrival) {
    return service::testing::wait_for<Welcome>(
        [&](auto done) { service().finish(arrival, {}, std::move(done)); });
  }
  Result<Welcome> log_in() { return finish(arrive(depart())); }

  std::shared_ptr<const domain::AdminUser> account(const std::string& subject = "person-1") {
    return account_of(*application_->model().current("system"), {std::string(kProvider), subject});
  }
  std::size_t sessions_of(const domain::AdminUser& admin) {
    return application_->model().current("system")->tokens_of(domain::SubjectKind::admin, admin.id).size();
  }
  std::uint64_t outcomes(Outcome outcome) {
    return metrics_
        .counter("togglecast_oidc_logins_total", "Logins by OpenID Connect that came back from the provider.",
                 {{"outcome", std::string(to_string(outcome))}})
        .value();
  }

  FakeProvider provider_;
  std::vector<egress::Done>* hold_ = nullptr;  // where calls of the provider wait; null: they are answered
};

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

TEST_F(OidcLogin, TheFirstOneMakesAnAccountWithTheRoleOfItsGroups) {
  const auto welcome = log_in();

  ASSERT_TRUE(welcome) << welcome.error().message;
  EXPECT_EQ(welcome->return_path, "/console");
  EXPECT_EQ(json::string_or_empty(welcome->session.admin, "username"), "anna");
  EXPECT_EQ(json::string_or_empty(welcome->session.admin, "provider"), "oidc");
  ASSERT_NE(account(), nullptr);
  EXPECT_EQ(account()->role, domain::Role::editor);
  EXPECT_EQ(sessions_of(*account()), 1U);
  EXPECT_TRUE(application_->authenticator().authenticate(welcome->session.token.reveal()));
  EXPECT_EQ(outcomes(Outcome::opened), 1U);
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

TEST_F(OidcLogin, FindsTheAccountByIssuerAndSubjectNotByName) {
  ASSERT_TRUE(log_in());
  const domain::Id id = account()->id;
  is("renamed", "person-1", {"admins"});

  ASSERT_TRUE(log_in());

  EXPECT_EQ(account()->id, id);
  EXPECT_EQ(account()->username, "anna") << "usernames stay";
  EXPECT_EQ(account()->role, domain::Role::owner);
  is("anna", "person-2", {"developers"});
  ASSERT_TRUE(log_in());
  EXPECT_EQ(account("person-2")->username, "anna@sso.example");
  EXPECT_NE(account("person-2")->id, id);
}

TEST_F(OidcLogin, NeverTakesOverAnAccountWithAPassword) {
  is("owner", "person-1", {"developers"});

  const auto welcome = log_in();

  ASSERT_TRUE(welcome) << welcome.error().message;
  EXPECT_EQ(account()->username, "owner@sso.example");
  const auto owner = application_->model().current("system")->find_by_key<domain::AdminUser>("owner");
  EXPECT_FALSE(owner->identity);
  EXPECT_EQ(owner->role, domain::Role::owner);
}

TEST_F(OidcLogin, WithoutARoleOpensNothing) {
  is("anna", "person-1", {"visitors"});

  const auto refused = log_in();

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::forbidden);
  EXPECT_THAT(refused.error().message, HasSubstr("--oidc-role"));
  EXPECT_EQ(account(), nullptr);
  EXPECT_EQ(outcomes(Outcome::no_role), 1U);
}

TEST_F(OidcLogin, LosesRoleAndSessionsWithTheGroup) {
  const auto welcome = log_in();
  is("anna", "person-1", {});

  EXPECT_FALSE(log_in());

  EXPECT_EQ(account()->role, domain::Role::none);
  EXPECT_EQ(sessions_of(*account()), 0U);
  EXPECT_FALSE(application_->authenticator().authenticate(welcome->session.token.reveal()));
  is("anna", "person-1", {"developers"});
  EXPECT_TRUE(log_in()) << "and gets it back";
}

TEST_F(OidcLogin, MayHaveARoleInOneEnvironmentAlone) {
  is("anna", "person-1", {"releasers"});

  ASSERT_TRUE(log_in());

  EXPECT_EQ(account()->role, domain::Role::none);
  EXPECT_EQ(account()->environments.at("production"), domain::Role::editor);
}

TEST_F(OidcLogin, OfADeactivatedAccountIsRefused) {
  ASSERT_TRUE(log_in());
  const auto off = service::testing::wait_for<changes::Written>(
      [&](auto done) { application_->admins().toggle(admin(), account()->id, false, {}, std::move(done)); });
  ASSERT_TRUE(off) << off.error().message;
  is("anna", "person-1", {"admins"});

  const auto refused = log_in();

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("deactivated"));
  EXPECT_EQ(account()->role, domain::Role::editor);
  EXPECT_EQ(outcomes(Outcome::deactivated), 1U);
}

TEST_F(OidcLogin, AccountHasNoPasswordAndGetsNone) {
  ASSERT_TRUE(log_in());

  const auto set = service::testing::wait_for<changes::Written>([&](auto done) {
    application_->admins().set_password(admin(), "anna", Secret(std::string("a new password")), {},
                                        std::move(done));
  });

  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, Errc::conflict);
  EXPECT_THAT(set.error().message, HasSubstr("OpenID Connect"));
}

TEST_F(OidcLogin, ReadsTheKeysAgainWhenTheProviderHasRotatedThem) {
  ASSERT_TRUE(log_in());
  provider_.signer = std::make_unique<test::ForeignKey>("k2", "RS256");

  EXPECT_FALSE(log_in()) << "not more often than every 30 seconds";
  clock_.advance(kKeysAgain);
  EXPECT_TRUE(log_in());
  EXPECT_EQ(provider_.count("https://sso.example/keys"), 2);
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

TEST_F(OidcLogin, AsksForClaimsThatTheIdTokenLacks) {
  provider_.claims.erase("groups");
  provider_.userinfo = {
      {"sub", "person-1"}, {"groups", json::array{"admins"}}, {"preferred_username", "mallory"}};

  ASSERT_TRUE(log_in());
  EXPECT_EQ(account()->role, domain::Role::owner);
  EXPECT_EQ(account()->username, "anna") << "the signed claim wins";

  provider_.userinfo["sub"] = "person-2";
  EXPECT_FALSE(log_in());
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

TEST_F(OidcLogin, SessionsEndWhenTheProviderTellsOfALogout) {
  ASSERT_TRUE(log_in());
  const std::int64_t now = clock_.wall_now().value / 1'000;
  const auto told = [&](std::int64_t at, const char* subject) {
    const json::object claims{
        {"iss", kProvider},
        {"aud", "togglecast"},
        {"sub", subject},
        {"iat", at},
        {"jti", "one"},
        {"events", json::object{{"http://schemas.openid.net/event/backchannel-logout", json::object{}}}}};
    const std::string token = provider_.signer->token(claims);
    return service::testing::wait_for<bool>([&](auto done) {
      service().end_sessions(token, {}, [done](const Result<void>& ended) {
        ended ? done(true) : done(tl::unexpected(ended.error()));
      });
    });
  };

  EXPECT_TRUE(told(now - kLeeway - 1, "person-1"));
  EXPECT_EQ(sessions_of(*account()), 1U) << "it began after that logout";
  EXPECT_TRUE(told(now, "nobody"));
  EXPECT_EQ(sessions_of(*account()), 1U);
  EXPECT_TRUE(told(now, "person-1"));
  EXPECT_EQ(sessions_of(*account()), 0U);
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
      if (!welcome && welcome.error().retry_after_seconds > 0) ++busy;
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
