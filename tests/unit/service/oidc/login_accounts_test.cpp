// Accounts of those who log in by OpenID Connect: found by subject, with the roles of their groups.
#include <gmock/gmock.h>

#include "unit/service/oidc/oidc_fixture.hpp"

namespace togglecast::service::oidc {
namespace {

using logins::kProvider;
using logins::OidcLogin;
using ::testing::HasSubstr;

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

}  // namespace
}  // namespace togglecast::service::oidc
