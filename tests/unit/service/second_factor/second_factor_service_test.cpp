#include "service/second_factor/second_factor_service.hpp"

#include "service/duties/duties.hpp"
#include "unit/service/second_factor/factor_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::Role;
using testing::wait_for;

class SecondFactorServiceTest : public testing::FactorTest {
 protected:
  Principal owner() { return principal(login("owner", kPassword).value()); }
  Result<changes::Written> remove(const Principal& who, const std::string& password,
                                  const std::string& code) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->second_factor().remove(who, proof(password, code), {}, std::move(done));
    });
  }
  Result<std::vector<Secret>> renew(const Principal& who, const std::string& code) {
    return wait_for<std::vector<Secret>>([&](RecoveryCodesDone done) {
      application_->second_factor().renew_recovery_codes(who, proof(kPassword, code), {}, std::move(done));
    });
  }
  Result<changes::Written> reset(const Principal& who, domain::Id admin) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->second_factor().reset(who, admin, {}, std::move(done)); });
  }
  /// The password was right, and only the code is missing.
  static bool wants_code(const Result<LoggedIn>& answer) {
    return !answer && answer.error().code == Errc::unauthenticated && !answer.error().details.empty() &&
           answer.error().details.front().pointer == "/code";
  }
  [[nodiscard]] json::object described(const Principal& who) const {
    return application_->second_factor().describe(who).value();
  }
};

TEST_F(SecondFactorServiceTest, CountsOnceItsAppHasShownACode) {
  const Principal who = owner();
  EXPECT_EQ(described(who).at("enabled"), json::value(false));

  const auto setup = begin(who);
  ASSERT_TRUE(setup.has_value()) << setup.error().message;
  EXPECT_TRUE(
      setup->uri.reveal().starts_with("otpauth://totp/Togglecast:owner?secret=" + setup->secret.reveal()));
  EXPECT_TRUE(login("owner", kPassword).has_value()) << "it does not count yet";
  const Secret secret = bytes_of_base32(setup->secret.reveal());
  EXPECT_EQ(confirm(who, shown(secret, 7)).error().code, Errc::unauthenticated);

  const auto codes = confirm(who, shown(secret));

  ASSERT_TRUE(codes.has_value()) << codes.error().message;
  EXPECT_EQ(codes->size(), 10U);
  EXPECT_EQ(described(who).at("enabled"), json::value(true));
  EXPECT_EQ(described(who).at("recovery_codes_left"), json::value(10));
  EXPECT_TRUE(wants_code(login("owner", kPassword)));
  EXPECT_EQ(login_with("owner", kPassword, shown(secret)).error().code, Errc::unauthenticated)
      << "the code that confirmed it was used";
  next_step();
  EXPECT_TRUE(login_with("owner", kPassword, shown(secret)).has_value());
  EXPECT_TRUE(current("system")->find_by_key<domain::AdminUser>("owner")->second_factor_at);
}

TEST_F(SecondFactorServiceTest, NeedsThePasswordSoThatAStolenSessionCannotLockItsAdminOut) {
  EXPECT_EQ(begin(owner(), "wrong horse").error().code, Errc::unauthenticated);
}

TEST_F(SecondFactorServiceTest, AnotherBeginReplacesASecretThatWasNotConfirmed) {
  const Principal who = owner();
  const Secret first = bytes_of_base32(begin(who)->secret.reveal());
  const Secret second = bytes_of_base32(begin(who)->secret.reveal());

  EXPECT_EQ(confirm(who, shown(first)).error().code, Errc::unauthenticated);
  EXPECT_TRUE(confirm(who, shown(second)));
  EXPECT_EQ(begin(who).error().code, Errc::conflict) << "one that counts stays until it is removed";
  EXPECT_EQ(confirm(who, shown(second)).error().code, Errc::conflict);
}

TEST_F(SecondFactorServiceTest, ARepeatedRequestGetsTheSameSecretAndNoCodesAgain) {
  const Principal who = owner();
  WriteOptions once;
  once.idempotency_key = "begin-1";
  const auto first = begin(who, kPassword, once);
  const auto again = begin(who, kPassword, once);
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->secret.reveal(), again->secret.reveal());
  EXPECT_TRUE(again->replayed);

  once.idempotency_key = "confirm-1";
  const std::string code = shown(bytes_of_base32(first->secret.reveal()));
  ASSERT_TRUE(confirm(who, code, once));
  EXPECT_EQ(confirm(who, code, once).error().code, Errc::conflict);
}

TEST_F(SecondFactorServiceTest, TheStoreHasNeitherSecretNorCodes) {
  const auto factor = set_up(owner());

  const auto stored = current("system")->find_by_key<domain::SecondFactor>("owner");
  ASSERT_NE(stored, nullptr);
  const std::string text = json::serialize(to_json(*stored));
  EXPECT_EQ(text.find(auth::base32(factor.secret.reveal())), std::string::npos);
  EXPECT_EQ(text.find(factor.secret.reveal()), std::string::npos);
  for (const Secret& code : factor.recovery) EXPECT_EQ(text.find(code.reveal()), std::string::npos);
  for (const std::string& line : log_lines())
    for (const Secret& code : factor.recovery) EXPECT_EQ(line.find(code.reveal()), std::string::npos);
}

TEST_F(SecondFactorServiceTest, EveryRecoveryCodeOpensOnce) {
  const auto factor = set_up(owner());

  for (const Secret& code : factor.recovery) {
    EXPECT_TRUE(login_with("owner", kPassword, code.reveal())) << "the first time";
    EXPECT_EQ(login_with("owner", kPassword, code.reveal()).error().code, Errc::unauthenticated);
  }
  EXPECT_EQ(current("system")->find_by_key<domain::SecondFactor>("owner")->recovery.size(), 0U);
}

TEST_F(SecondFactorServiceTest, ACodeOpensOnceAlsoWhenItComesTwiceAtOnce) {
  const auto factor = set_up(owner());
  for (int round = 0; round < 10; ++round) {
    const std::string code = shown(factor.secret);
    std::vector<std::future<Result<LoggedIn>>> answers;
    for (int i = 0; i < 4; ++i) {
      auto answer = std::make_shared<std::promise<Result<LoggedIn>>>();
      answers.push_back(answer->get_future());
      Login request{"owner", Secret(kPassword), {"production", {}, {}}, "", Secret(code)};
      application_->admins().login(request, {},
                                   [answer](Result<LoggedIn> in) { answer->set_value(std::move(in)); });
    }
    int opened = 0;
    for (auto& answer : answers) {
      const auto in = answer.get();
      if (in) {
        ++opened;
      } else {
        EXPECT_TRUE(in.error().code == Errc::unauthenticated || in.error().code == Errc::rate_limited);
      }
    }
    EXPECT_EQ(opened, 1);
    clock_.advance(std::chrono::minutes{31});  // the throttle forgets
  }
}

TEST_F(SecondFactorServiceTest, AppsWithClocksThatDifferAStepGetIn) {
  const auto factor = set_up(owner());
  clock_.advance(std::chrono::minutes{5});
  EXPECT_TRUE(login_with("owner", kPassword, shown(factor.secret, -1)));
  clock_.advance(std::chrono::minutes{5});
  EXPECT_TRUE(login_with("owner", kPassword, shown(factor.secret, 1)));
  clock_.advance(std::chrono::minutes{5});
  EXPECT_FALSE(login_with("owner", kPassword, shown(factor.secret, 2)));
}

TEST_F(SecondFactorServiceTest, WrongCodesAreSlowedDownAndPasswordsAloneTellNothingMore) {
  const auto factor = set_up(owner());
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(login_with("owner", kPassword, shown(factor.secret, 7)).error().code, Errc::unauthenticated);

  EXPECT_EQ(login_with("owner", kPassword, shown(factor.secret)).error().code, Errc::rate_limited);
  EXPECT_EQ(login("owner", "wrong horse").error().code, Errc::unauthenticated);
}

TEST_F(SecondFactorServiceTest, NewRecoveryCodesReplaceTheOldOnes) {
  const Principal who = owner();
  const auto factor = set_up(who);

  const auto renewed = renew(who, shown(factor.secret));

  ASSERT_TRUE(renewed.has_value()) << renewed.error().message;
  EXPECT_FALSE(login_with("owner", kPassword, factor.recovery[0].reveal()));
  EXPECT_TRUE(login_with("owner", kPassword, renewed->front().reveal()));
  EXPECT_EQ(renew(who, shown(factor.secret)).error().code, Errc::unauthenticated) << "that code was used";
}

TEST_F(SecondFactorServiceTest, GoesWithPasswordAndCode) {
  const Principal who = owner();
  const auto factor = set_up(who);

  EXPECT_EQ(remove(who, "wrong horse", shown(factor.secret)).error().code, Errc::unauthenticated);
  EXPECT_EQ(remove(who, kPassword, shown(factor.secret, 7)).error().code, Errc::unauthenticated);
  ASSERT_TRUE(remove(who, kPassword, shown(factor.secret)));

  EXPECT_TRUE(login("owner", kPassword));
  EXPECT_FALSE(current("system")->find_by_key<domain::AdminUser>("owner")->second_factor_at);
  EXPECT_EQ(current("system")->find_by_key<domain::SecondFactor>("owner"), nullptr);
  EXPECT_EQ(remove(who, kPassword, "123456").error().code, Errc::conflict);
}

TEST_F(SecondFactorServiceTest, AnOwnerResetsThatOfAnotherAdminOnly) {
  const Principal jo = make_admin("jo", Role::editor);
  set_up(jo, "password of jo");
  EXPECT_TRUE(wants_code(login("jo", "password of jo")));

  EXPECT_EQ(reset(jo, owner().id).error().code, Errc::forbidden);
  EXPECT_EQ(reset(jo, jo.id).error().code, Errc::forbidden);
  EXPECT_EQ(reset(owner(), owner().id).error().code, Errc::forbidden);
  ASSERT_TRUE(reset(owner(), jo.id));

  EXPECT_TRUE(login("jo", "password of jo"));
  EXPECT_EQ(reset(owner(), jo.id).error().code, Errc::not_found);
}

TEST_F(SecondFactorServiceTest, GoesWithItsAccount) {
  const Principal jo = make_admin("jo", Role::editor);
  set_up(jo, "password of jo");
  ASSERT_TRUE(wait_for<changes::Written>(
      [&](changes::Done done) { application_->admins().remove(owner(), jo.id, {}, done); }));

  EXPECT_EQ(current("system")->find_by_key<domain::SecondFactor>("jo"), nullptr);
  make_admin("jo", Role::viewer);
  EXPECT_TRUE(login("jo", "password of jo")) << "another account with the name";
}

TEST_F(SecondFactorServiceTest, SurvivesARestart) {
  const auto factor = set_up(owner());
  reopen();

  EXPECT_TRUE(wants_code(login("owner", kPassword)));
  EXPECT_TRUE(login_with("owner", kPassword, shown(factor.secret)));
}

TEST_F(SecondFactorServiceTest, WhereTheSettingsRequireItASessionMayOnlySetItUp) {
  ASSERT_TRUE(require_factor("all"));
  const auto in = login("owner", kPassword);
  ASSERT_TRUE(in.has_value());
  EXPECT_EQ(in->duty, auth::Duty::second_factor);
  const Principal who = principal(*in);

  for (const auth::Permission& one : auth::kPermissions) {
    const auto allowed = require(who, one.action);
    const bool open = one.action == auth::Action::log_out || one.action == auth::Action::manage_second_factor;
    EXPECT_EQ(allowed.has_value(), open) << one.name;
    EXPECT_EQ(who.may(one.action), open) << one.name;
    if (!allowed) {
      EXPECT_EQ(allowed.error().code, Errc::forbidden) << one.name;
    }
  }
  set_up(who);
  EXPECT_TRUE(require(principal(*in), auth::Action::manage_admins)) << "the same session";
}

TEST_F(SecondFactorServiceTest, TheSettingOfOwnersConcernsThemAlone) {
  make_admin("jo", Role::editor);
  ASSERT_TRUE(require_factor("owners"));

  EXPECT_EQ(login("jo", "password of jo")->duty, auth::Duty::none);
  EXPECT_EQ(login("owner", kPassword)->duty, auth::Duty::second_factor);
}

TEST_F(SecondFactorServiceTest, AccountsOfAProviderLeaveItToTheProvider) {
  domain::AdminUser account;
  account.role = Role::owner;
  account.identity = domain::ProviderIdentity{"https://id.example", "7"};
  domain::InstallationSettings settings;
  settings.require_second_factor = domain::FactorRule::all;

  EXPECT_FALSE(needs_second_factor(account, settings));
  account.identity.reset();
  EXPECT_TRUE(needs_second_factor(account, settings));
}

}  // namespace
}  // namespace togglecast::service
