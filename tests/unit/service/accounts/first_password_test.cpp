// The first password, and hashes that are older than the program.
#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using testing::wait_for;

class FirstPasswordTest : public testing::ApplicationTest {
 protected:
  void generated() {
    options_.first_password_is_generated = [] { return true; };
    open();
  }
  Result<changes::Written> change_password(const Principal& who, const std::string& current_one,
                                           const std::string& next) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->admins().change_password(who, Secret(current_one), Secret(next), {}, done);
    });
  }
  std::string stored_hash() {
    return wait_for<std::string>([&](auto done) {
             EXPECT_TRUE(application_->reader().submit([done](storage::Reader& reader) {
               const auto hash = reader.secret("system", domain::Kind::admin, 1);
               done(hash && *hash ? Result<std::string>((*hash)->reveal())
                                  : fail(Errc::not_found, "no hash"));
             }));
           })
        .value();
  }
};

TEST_F(FirstPasswordTest, OneThatWasMadeUpMustBeChangedBeforeAnythingElse) {
  generated();
  const auto in = login("owner", kPassword);
  ASSERT_TRUE(in.has_value()) << in.error().message;
  EXPECT_EQ(in->duty, auth::Duty::new_password);
  const Principal who = application_->authenticator().authenticate(in->token.reveal()).value();

  for (const auth::Permission& one : auth::kPermissions) {
    const auto allowed = require(who, one.action);
    const bool open = one.action == auth::Action::log_out || one.action == auth::Action::change_password;
    EXPECT_EQ(allowed.has_value(), open) << one.name;
    EXPECT_EQ(who.may(one.action), open) << one.name;
    if (!allowed) {
      EXPECT_EQ(allowed.error().code, Errc::forbidden) << one.name;
    }
  }
  const auto same = change_password(who, kPassword, kPassword);
  ASSERT_FALSE(same);
  EXPECT_EQ(same.error().details.front().pointer, "/password");
  ASSERT_TRUE(change_password(who, kPassword, "battery staple"));

  const Principal after = application_->authenticator().recheck(who).value();
  EXPECT_TRUE(require(after, auth::Action::manage_admins)) << "the same session goes on";
  EXPECT_EQ(login("owner", "battery staple")->duty, auth::Duty::none);
}

TEST_F(FirstPasswordTest, OneThatAnOperatorChoseMayStay) {
  open();

  EXPECT_EQ(login("owner", kPassword)->duty, auth::Duty::none);
}

TEST_F(FirstPasswordTest, AfterADayItOpensNothing) {
  generated();
  const auto early = login("owner", kPassword);
  ASSERT_TRUE(early.has_value());
  clock_.advance(std::chrono::hours{24} - std::chrono::minutes{1});
  const auto late = login("owner", kPassword);
  ASSERT_TRUE(late.has_value()) << late.error().message;
  EXPECT_LE(late->session_expires_at.value, clock_.wall_now().value + 61'000);

  clock_.advance(std::chrono::minutes{2});

  const auto refused = login("owner", kPassword);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::forbidden);
  EXPECT_NE(refused.error().message.find("togglecast admin passwd"), std::string::npos);
  EXPECT_EQ(login("owner", "wrong horse").error().code, Errc::unauthenticated) << "guesses learn nothing";
  for (const auto& session : {*early, *late})
    EXPECT_EQ(application_->authenticator().authenticate(session.token.reveal()).error().code,
              Errc::token_expired);
}

TEST_F(FirstPasswordTest, AnOperatorSetsANewOneAfterThat) {
  generated();
  clock_.advance(std::chrono::hours{25});
  ASSERT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
    application_->admins().set_password(Principal::server("system"), "owner", Secret("battery staple"), {},
                                        done);
  }));

  EXPECT_EQ(login("owner", "battery staple")->duty, auth::Duty::none);
}

TEST_F(FirstPasswordTest, AHashOfLessWorkIsReplacedAtTheNextLogin) {
  open();
  const std::string cheap = stored_hash();
  EXPECT_TRUE(cheap.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
  options_.admins.passwords = {.operations = 2, .memory = 16'384};
  reopen();

  EXPECT_FALSE(login("owner", "wrong horse"));
  EXPECT_EQ(stored_hash(), cheap);
  ASSERT_TRUE(login("owner", kPassword));

  const std::string stronger = stored_hash();
  EXPECT_TRUE(stronger.starts_with("$argon2id$v=19$m=16,t=2,p=1$")) << stronger;
  EXPECT_TRUE(login("owner", kPassword));
  EXPECT_EQ(stored_hash(), stronger) << "once";
  options_.admins.passwords = auth::kCheapPasswords;
  reopen();
  EXPECT_TRUE(login("owner", kPassword));
  EXPECT_EQ(stored_hash(), stronger) << "never to less";
}

}  // namespace
}  // namespace togglecast::service
