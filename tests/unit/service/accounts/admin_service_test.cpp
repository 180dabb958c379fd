#include "service/accounts/admin_service.hpp"

#include <fstream>
#include <sstream>

#include "support/eventually.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::Role;
using testing::wait_for;

class AdminServiceTest : public testing::ApplicationTest {
 protected:
  AdminServiceTest() { open(); }

  Principal log_in(const std::string& username = "owner", const std::string& password = kPassword) {
    const auto in = login(username, password);
    EXPECT_TRUE(in.has_value()) << in.error().message;
    return application_->authenticator().authenticate(in->token.reveal()).value();
  }
  Result<changes::Written> change_password(const Principal& who, const std::string& current_one,
                                           const std::string& next) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->admins().change_password(who, Secret(current_one), Secret(next), {}, done);
    });
  }
  Result<changes::Written> create(const std::string& username, Role role, const Principal& who = admin()) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->admins().create(who, username, role, Secret(std::string("password of ") + username), {},
                                    done);
    });
  }
  static Principal another_owner() {
    Principal who = admin();
    who.id = 77;
    return who;
  }
  Result<changes::Written> update(domain::Id id, const AdminPatch& patch,
                                  const Principal& who = another_owner(), const WriteOptions& options = {}) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->admins().update(who, id, patch, options, done); });
  }
  Result<changes::Written> set_role(domain::Id id, Role role) { return update(id, {.role = role}); }
  Result<changes::Written> remove(domain::Id id, const Principal& who = another_owner()) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->admins().remove(who, id, {}, done); });
  }
};

TEST_F(AdminServiceTest, TheFirstStartMakesTheOwnerAndAsksForAPasswordOnce) {
  EXPECT_TRUE(application_->made_first_owner());

  reopen();

  EXPECT_FALSE(application_->made_first_owner());
  EXPECT_EQ(asked_for_password_, 1);
  EXPECT_EQ(log_in().role, Role::owner);
}

TEST_F(AdminServiceTest, ALoginGivesATokenThatIsTheAdmin) {
  const auto in = login("owner", kPassword);

  ASSERT_TRUE(in.has_value()) << in.error().message;
  EXPECT_EQ(in->admin.at("username"), json::value("owner"));
  EXPECT_EQ(to_iso8601(in->expires_at), "2023-11-14T22:28:20.000Z");
  const auto who = application_->authenticator().authenticate(in->token.reveal());
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ(who->kind, Principal::Kind::admin);
  EXPECT_EQ(who->name, "owner");
  EXPECT_EQ(who->role, Role::owner);
  EXPECT_EQ(who->environment, "production");
}

TEST_F(AdminServiceTest, LoginsWorkWhileTheClockIsBehindWhatIsStored) {
  create_platform(R"({"key":"web","name":"Web"})");
  const auto before = login("owner", kPassword);
  clock_.advance(std::chrono::hours{-1});

  const auto after = login("owner", kPassword);

  ASSERT_TRUE(before.has_value() && after.has_value());
  for (const LoggedIn& session : {*before, *after})
    EXPECT_TRUE(application_->authenticator().authenticate(session.token.reveal()).has_value());
}

TEST_F(AdminServiceTest, WrongNameAndWrongPasswordReadTheSame) {
  const auto wrong_password = login("owner", "wrong horse");
  const auto wrong_name = login("nobody", kPassword);
  const auto no_name = login("No Name!", kPassword);

  EXPECT_EQ(wrong_password.error().code, Errc::unauthenticated);
  EXPECT_EQ(wrong_name.error().code, Errc::unauthenticated);
  EXPECT_EQ(wrong_password.error().message, wrong_name.error().message);
  EXPECT_EQ(wrong_password.error().message, no_name.error().message);
}

TEST_F(AdminServiceTest, GuessingIsSlowedDownAndTheRightPasswordHasToWaitToo) {
  for (int i = 0; i < 6; ++i) EXPECT_EQ(login("owner", "guess").error().code, Errc::unauthenticated);

  const auto braked = login("owner", kPassword);
  ASSERT_FALSE(braked.has_value());
  EXPECT_EQ(braked.error().code, Errc::rate_limited);
  EXPECT_EQ(braked.error().retry_after, std::chrono::seconds{1});
  clock_.advance(Milliseconds(1'000));

  EXPECT_TRUE(login("owner", kPassword).has_value());
}

TEST_F(AdminServiceTest, RightPasswordsAtOnceAllLogIn) {
  std::vector<std::future<bool>> answers;
  for (int i = 0; i < 12; ++i) {
    auto done = std::make_shared<std::promise<bool>>();
    answers.push_back(done->get_future());
    application_->admins().login(
        {"owner", Secret(kPassword), {"production", {}, {}}, "192.0.2.1"}, {},
        [done](const Result<LoggedIn>& answer) { done->set_value(answer.has_value()); });
  }

  for (auto& answer : answers) EXPECT_TRUE(answer.get());
}

TEST_F(AdminServiceTest, ManyGuessesAtOnceGainNothing) {
  std::vector<std::future<Errc>> answers;
  for (int i = 0; i < 40; ++i) {
    auto done = std::make_shared<std::promise<Errc>>();
    answers.push_back(done->get_future());
    application_->admins().login(
        {"owner", Secret("guess"), {"production", {}, {}}, "192.0.2.1"}, {},
        [done](const Result<LoggedIn>& answer) { done->set_value(answer.error().code); });
  }

  std::size_t checked = 0;
  for (auto& answer : answers) checked += answer.get() == Errc::unauthenticated ? 1 : 0;
  EXPECT_GE(checked, 6U);
  EXPECT_LE(checked, 6U + 4U) << "only those that the workers check at the same time";
  EXPECT_NE(metrics_.exposition().find("togglecast_logins_limited_total"), std::string::npos);
}

TEST_F(AdminServiceTest, AnInactiveAccountIsSlowedDownLikeAWrongPassword) {
  const auto jo = create("jo", Role::viewer);
  ASSERT_TRUE(update(jo->id, {.active = false}).has_value());
  for (int i = 0; i < 6; ++i) {
    const auto refused = login("jo", "password of jo");
    EXPECT_EQ(refused.error().code, Errc::unauthenticated);
    EXPECT_EQ(refused.error().message, login("nobody", "guess").error().message);
  }

  EXPECT_EQ(login("jo", "password of jo").error().code, Errc::rate_limited);
}

// Else a stranger could ask which environments there are.
TEST_F(AdminServiceTest, AnUnknownEnvironmentIsNamedToARightPasswordAlone) {
  const auto log_in_to = [&](const char* environment, std::string_view password) {
    const Login request{"owner", Secret(std::string(password)), {environment, {}, {}}, {}};
    return wait_for<LoggedIn>([&](LoginDone done) { application_->admins().login(request, {}, done); });
  };
  for (const char* environment : {"nowhere", "system"}) {
    EXPECT_EQ(log_in_to(environment, "guess").error().message,
              log_in_to("production", "guess").error().message);
    const auto refused = log_in_to(environment, kPassword);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().details.at(0).pointer, "/environment");
  }
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(log_in_to("nowhere", "guess").error().code, Errc::unauthenticated) << i;

  EXPECT_EQ(log_in_to("nowhere", kPassword).error().code, Errc::rate_limited) << "guesses are counted";
}

TEST_F(AdminServiceTest, LoggingOutWithdrawsThatTokenOnly) {
  const Principal one = log_in();
  const Principal two = log_in();

  wait_for<changes::Written>([&](changes::Done done) { application_->admins().logout(one, {}, done); });

  EXPECT_EQ(application_->authenticator().recheck(one).error().code, Errc::revoked);
  EXPECT_TRUE(application_->authenticator().recheck(two).has_value());
}

TEST_F(AdminServiceTest, ChangingThePasswordEndsAllOtherSessions) {
  const Principal here = log_in();
  const Principal elsewhere = log_in();

  ASSERT_TRUE(change_password(here, kPassword, "battery staple").has_value());

  EXPECT_TRUE(application_->authenticator().recheck(here).has_value());
  EXPECT_EQ(application_->authenticator().recheck(elsewhere).error().code, Errc::revoked);
  EXPECT_EQ(login("owner", kPassword).error().code, Errc::unauthenticated);
  EXPECT_TRUE(login("owner", "battery staple").has_value());
}

TEST_F(AdminServiceTest, ChangingThePasswordTakesTheCurrentOneAndAGoodNewOne) {
  const Principal who = log_in();

  EXPECT_EQ(change_password(who, "wrong horse", "battery staple").error().code, Errc::unauthenticated);
  EXPECT_EQ(change_password(who, kPassword, "short").error().details.at(0).pointer, "/password");
  EXPECT_TRUE(login("owner", kPassword).has_value());
}

TEST_F(AdminServiceTest, TheServerMaySetAPasswordByItself) {
  const Principal session = log_in();
  const auto set = wait_for<changes::Written>([&](changes::Done done) {
    application_->admins().set_password(Principal::server("system"), "owner",
                                        Secret(std::string("battery staple")), {}, done);
  });

  ASSERT_TRUE(set.has_value());
  EXPECT_EQ(application_->authenticator().recheck(session).error().code, Errc::revoked);
  EXPECT_TRUE(login("owner", "battery staple").has_value());
}

TEST_F(AdminServiceTest, RolesTakeEffectAtOnceOnLiveTokens) {
  create("jo", Role::viewer);
  const Principal jo = log_in("jo", "password of jo");
  EXPECT_EQ(jo.role, Role::viewer);

  ASSERT_TRUE(set_role(2, Role::editor).has_value());

  EXPECT_EQ(application_->authenticator().recheck(jo)->role, Role::editor);
}

TEST_F(AdminServiceTest, SomebodyAlwaysStaysOwner) {
  EXPECT_EQ(set_role(1, Role::viewer).error().code, Errc::conflict);
  EXPECT_EQ(remove(1).error().code, Errc::conflict);
  create("jo", Role::owner);

  EXPECT_TRUE(set_role(1, Role::viewer).has_value());
  EXPECT_TRUE(remove(1).has_value());
  EXPECT_EQ(remove(2).error().code, Errc::conflict);
}

TEST_F(AdminServiceTest, RemovingAnAdminEndsItsSessions) {
  create("jo", Role::editor);
  const Principal jo = log_in("jo", "password of jo");

  ASSERT_TRUE(remove(2).has_value());

  EXPECT_EQ(application_->authenticator().recheck(jo).error().code, Errc::revoked);
  EXPECT_EQ(login("jo", "password of jo").error().code, Errc::unauthenticated);
}

TEST_F(AdminServiceTest, OnlyOwnersManageAdmins) {
  EXPECT_EQ(create("jo", Role::viewer, admin(Role::editor)).error().code, Errc::forbidden);
  EXPECT_EQ(application_->admins().list(admin(Role::editor), {}).error().code, Errc::forbidden);
  EXPECT_EQ(create("Jo Doe", Role::viewer).error().details.at(0).pointer, "/username");
  EXPECT_TRUE(create("jo", Role::viewer).has_value());
  EXPECT_EQ(create("jo", Role::viewer).error().code, Errc::already_exists);
  EXPECT_EQ(application_->admins().list(admin(), {})->items.size(), 2U);
}

TEST_F(AdminServiceTest, NobodyChangesTheirOwnRoleOrPasswordOrDeletesThemselves) {
  create("jo", Role::owner);
  Principal jo = admin();
  jo.id = 2;

  EXPECT_EQ(update(2, {.role = Role::viewer}, jo).error().code, Errc::forbidden);
  EXPECT_EQ(update(2, {.password = Secret("another password")}, jo).error().code, Errc::forbidden);
  EXPECT_EQ(remove(2, jo).error().code, Errc::forbidden);
  EXPECT_TRUE(update(2, {.role = Role::owner}, jo).has_value()) << "nothing changes";
  EXPECT_TRUE(update(2, {.role = Role::viewer}).has_value());
}

TEST_F(AdminServiceTest, AnOwnerGivesRoleAndPasswordInOneChange) {
  create("jo", Role::viewer);
  const Principal before = log_in("jo", "password of jo");

  const auto written = update(2, {.role = Role::editor, .password = Secret("battery staple")});

  ASSERT_TRUE(written.has_value()) << written.error().message;
  EXPECT_EQ(written->body.at("role"), json::value("editor"));
  EXPECT_EQ(application_->authenticator().recheck(before).error().code, Errc::revoked);
  EXPECT_EQ(log_in("jo", "battery staple").role, Role::editor);
}

TEST_F(AdminServiceTest, RepeatedRequestsAreDoneOnce) {
  WriteOptions options;
  options.idempotency_key = "k1";
  const auto new_admin = [&] {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->admins().create(admin(), "jo", Role::viewer, Secret("password of jo"), options, done);
    });
  };
  const auto first = new_admin();
  const auto second = new_admin();
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_TRUE(second->replayed);
  EXPECT_EQ(second->revision, first->revision);

  Login request;
  request.session.environment = "production";
  request.username = "jo";
  request.password = Secret("password of jo");
  const auto jo_logs_in = [&] {
    return wait_for<LoggedIn>([&](LoginDone done) { application_->admins().login(request, options, done); });
  };
  const auto in = jo_logs_in();
  const auto again = jo_logs_in();
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_FALSE(in->replayed);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->token.reveal(), in->token.reveal());
  request.password = Secret("some other password");
  EXPECT_EQ(jo_logs_in().error().code, Errc::unauthenticated);
}

TEST_F(AdminServiceTest, ARepeatedChangeOfThePasswordIsAnsweredThoughTheOldOneIsGone) {
  const Principal who = log_in();
  WriteOptions options;
  options.idempotency_key = "k1";
  const auto change = [&] {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->admins().change_password(who, Secret(kPassword), Secret("battery staple"), options, done);
    });
  };
  EXPECT_FALSE(change()->replayed);

  const auto again = change();
  options.idempotency_key = "k2";
  const auto other = change();

  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(other.error().code, Errc::unauthenticated);
}

TEST_F(AdminServiceTest, ARepeatedLoginShowsNoTokenWhoseSessionHasEnded) {
  Login request;
  request.session.environment = "production";
  request.username = "owner";
  request.password = Secret(kPassword);
  WriteOptions options;
  options.idempotency_key = "k1";
  const auto log_in_again = [&] {
    return wait_for<LoggedIn>([&](LoginDone done) { application_->admins().login(request, options, done); });
  };
  const auto who = application_->authenticator().authenticate(log_in_again()->token.reveal()).value();
  EXPECT_TRUE(log_in_again()->replayed) << "the session lives";
  const auto out =
      wait_for<changes::Written>([&](changes::Done done) { application_->admins().logout(who, {}, done); });
  ASSERT_TRUE(out.has_value()) << out.error().message;

  const auto again = log_in_again();
  options.idempotency_key = "k2";
  const auto other = log_in_again();

  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Errc::conflict);
  EXPECT_NE(again.error().message.find("use a new key"), std::string::npos) << again.error().message;
  EXPECT_TRUE(other.has_value());
}

TEST_F(AdminServiceTest, OldSessionsYieldToNewOnes) {
  application_.reset();
  options_.sessions.per_admin = 2;
  open();
  const Principal first = log_in();
  const Principal second = log_in();

  const Principal third = log_in();

  EXPECT_EQ(application_->authenticator().recheck(first).error().code, Errc::revoked);
  EXPECT_TRUE(application_->authenticator().recheck(second).has_value());
  EXPECT_TRUE(application_->authenticator().recheck(third).has_value());
}

TEST_F(AdminServiceTest, NoSecretIsInTheChangeLogOrInTheServersLog) {
  const Principal who = log_in();
  change_password(who, kPassword, "battery staple");
  login("owner", "wrong guess");
  create_client(R"({"key":"acme","name":"Acme"})");
  const std::string token = issue_token(1)->token.reveal();
  application_->stop();

  auto reader =
      storage::sqlite::Database::open(folder_.path() / "data" / "togglecast.db", {.read_only = true}).value();
  std::string everything_logged;
  auto rows = reader.prepare("SELECT actor || change FROM change_log").value();
  while (rows.step().value()) everything_logged += rows.text(0);
  for (const auto& line : log_lines()) everything_logged += line;
  ASSERT_NE(everything_logged.find("password_changed_at"), std::string::npos);
  for (const std::string& secret :
       {std::string("$argon2"), std::string(kPassword), std::string("battery staple"),
        std::string("wrong guess"), token, token.substr(token.rfind('.'))})
    EXPECT_EQ(everything_logged.find(secret), std::string::npos) << secret;
}

// Checked before the write that replaces it, used after.
TEST_F(AdminServiceTest, APasswordThatIsReplacedMeanwhileOpensNothing) {
  options_.workers.threads = 1;  // one after the other
  reopen();
  ASSERT_TRUE(create("jo", Role::viewer).has_value());
  const Principal jo = log_in("jo", "password of jo");
  std::promise<void> entered;
  std::promise<void> release;
  const auto subscription = application_->feed().subscribe([&](const changes::CommitPtr& commit) {
    if (commit->row.environment != "production") return;
    entered.set_value();
    release.get_future().wait();
  });
  application_->platforms().create(admin(), {{"key", "web"}, {"name", "Web"}}, {}, [](const auto&) {});
  entered.get_future().wait();  // the committer is busy
  std::promise<Result<changes::Written>> replaced;
  std::promise<Result<LoggedIn>> entry;
  std::promise<Result<changes::Written>> changed;
  Login request;
  request.session.environment = "production";
  request.username = "jo";
  request.password = Secret("password of jo");

  application_->admins().set_password(admin(), "jo", Secret("battery staple"), {},
                                      [&](auto answer) { replaced.set_value(std::move(answer)); });
  auto& waiting = metrics_.gauge("togglecast_writes_waiting", "Writes that wait for the committer.");
  EXPECT_TRUE(test::eventually([&] { return waiting.value() == 1; }))
      << "before the others, whose hashes are made elsewhere";
  application_->admins().login(request, {}, [&](auto answer) { entry.set_value(std::move(answer)); });
  application_->admins().change_password(jo, request.password, Secret("another horse"), {},
                                         [&](auto answer) { changed.set_value(std::move(answer)); });
  EXPECT_TRUE(test::eventually([&] { return waiting.value() == 3; }));
  release.set_value();

  const auto replaced_now = replaced.get_future().get();
  const auto in = entry.get_future().get();
  const auto changed_now = changed.get_future().get();

  EXPECT_TRUE(replaced_now.has_value());
  ASSERT_FALSE(in.has_value());
  EXPECT_EQ(in.error().code, Errc::unauthenticated);
  ASSERT_FALSE(changed_now.has_value());
  EXPECT_EQ(changed_now.error().code, Errc::unauthenticated);
  (void)log_in("jo", "battery staple");
}

}  // namespace
}  // namespace togglecast::service
