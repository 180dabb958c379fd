#include "service/accounts/session_service.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "service/accounts/session_end.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using std::chrono::seconds;
using testing::wait_for;

class SessionServiceTest : public testing::ApplicationTest {
 protected:
  SessionServiceTest() { open(); }
  LoggedIn log_in() {
    auto in = login("owner", kPassword);
    EXPECT_TRUE(in.has_value()) << in.error().message;
    return in.value_or(LoggedIn{});
  }
  Result<LoggedIn> refresh(const Secret& token, const std::string& environment = {}) {
    return wait_for<LoggedIn>([&](LoginDone done) {
      application_->sessions().refresh({token, "192.0.2.7", environment}, std::move(done));
    });
  }
  Errc refusal(const Secret& token) {
    const auto answer = refresh(token);
    EXPECT_FALSE(answer.has_value());
    return answer ? Errc::internal : answer.error().code;
  }
  Result<Principal> authenticate(const Secret& token) {
    return application_->authenticator().authenticate(token.reveal());
  }
};

TEST_F(SessionServiceTest, ARefreshGivesTheNextTokenOfTheSameSession) {
  const LoggedIn first = log_in();
  clock_.advance(seconds{14 * 60});

  const auto second = refresh(first.refresh_token);

  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_EQ(second->session, first.session);
  EXPECT_EQ(second->environment, "production");
  EXPECT_EQ(second->admin.at("username"), json::value("owner"));
  EXPECT_EQ(second->session_expires_at, first.session_expires_at);
  EXPECT_EQ(second->expires_at.value, first.expires_at.value + 14 * 60'000);
  EXPECT_NE(second->token.reveal(), first.token.reveal());
  EXPECT_NE(second->refresh_token.reveal(), first.refresh_token.reveal());
  clock_.advance(seconds{2 * 60});
  EXPECT_EQ(authenticate(first.token).error().code, Errc::token_expired);
  ASSERT_TRUE(authenticate(second->token).has_value());
  EXPECT_EQ(authenticate(second->token)->expires_at, second->expires_at);
}

TEST_F(SessionServiceTest, ARefreshIsNoChange) {
  const LoggedIn first = log_in();
  const auto before = current("system")->revision();

  ASSERT_TRUE(refresh(first.refresh_token).has_value());

  EXPECT_EQ(current("system")->revision(), before);
}

TEST_F(SessionServiceTest, ATokenThatComesAgainWithinTheLeewayGetsTheSameSuccessor) {
  const LoggedIn first = log_in();
  const auto second = refresh(first.refresh_token);
  clock_.advance(seconds{9});

  const auto again = refresh(first.refresh_token);

  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->refresh_token.reveal(), second->refresh_token.reveal());
  EXPECT_TRUE(authenticate(again->token).has_value());
  EXPECT_TRUE(refresh(second->refresh_token).has_value()) << "both go on";
}

TEST_F(SessionServiceTest, TwoTabsAtOnceBothGoOn) {
  const LoggedIn first = log_in();
  std::vector<std::future<Result<LoggedIn>>> answers;
  for (int i = 0; i < 8; ++i) {
    auto done = std::make_shared<std::promise<Result<LoggedIn>>>();
    answers.push_back(done->get_future());
    application_->sessions().refresh({first.refresh_token, ""},
                                     [done](Result<LoggedIn> answer) { done->set_value(std::move(answer)); });
  }

  std::set<std::string> successors;
  for (auto& one : answers) {
    const auto answer = one.get();
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    successors.insert(answer->refresh_token.reveal());
  }
  EXPECT_EQ(successors.size(), 1U);
}

TEST_F(SessionServiceTest, AUsedTokenThatComesAgainLaterEndsItsSession) {
  const LoggedIn first = log_in();
  const LoggedIn other = log_in();
  const auto second = refresh(first.refresh_token);
  const Principal who = authenticate(second->token).value();
  clock_.advance(seconds{10});

  EXPECT_EQ(refusal(first.refresh_token), Errc::revoked);

  EXPECT_EQ(refusal(second->refresh_token), Errc::revoked) << "the whole family ends";
  EXPECT_EQ(authenticate(second->token).error().code, Errc::revoked);
  EXPECT_EQ(end_of_session(who, *current("system"), clock_.wall_now()).reason, "refresh_token_reused");
  EXPECT_TRUE(refresh(other.refresh_token).has_value()) << "other sessions of the account go on";
  const auto lines = log_lines();
  const auto told = [](const std::string& line) {
    return line.find("used a second time") != std::string::npos &&
           line.find("192.0.2.7") != std::string::npos;
  };
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), told), 1);
  for (const std::string& line : lines) EXPECT_EQ(line.find("tcr_"), std::string::npos) << line;
}

TEST_F(SessionServiceTest, AReuseIsToldInTheActivityFeed) {
  const LoggedIn first = log_in();
  ASSERT_TRUE(refresh(first.refresh_token).has_value());
  clock_.advance(seconds{10});
  EXPECT_EQ(refusal(first.refresh_token), Errc::revoked);

  ActivityQuery newest;
  newest.limit = 1;
  newest.kind = domain::Kind::admin;
  const auto page = wait_for<ActivityPage>(
      [&](ActivityDone done) { application_->activity().page(admin(), newest, std::move(done)); });

  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_EQ(json::string_or_empty(page->entries.at(0), "summary"),
            "Togglecast ended a session of admin owner, because its refresh token was used a second time");
}

TEST_F(SessionServiceTest, ATokenTwoGenerationsOldEndsTheSessionAtOnce) {
  const LoggedIn first = log_in();
  const auto second = refresh(first.refresh_token);
  ASSERT_TRUE(refresh(second->refresh_token).has_value());

  EXPECT_EQ(refusal(first.refresh_token), Errc::revoked);
  EXPECT_EQ(authenticate(second->token).error().code, Errc::revoked);
}

TEST_F(SessionServiceTest, TokensOfOthersAndNoTokensAreRefusedAndEndNothing) {
  const LoggedIn mine = log_in();
  const std::string text = mine.refresh_token.reveal();
  std::string forged = text;
  forged.back() = forged.back() == 'A' ? 'E' : 'A';

  EXPECT_EQ(refusal(Secret("")), Errc::token_invalid);
  EXPECT_EQ(refusal(mine.token), Errc::token_invalid);
  EXPECT_EQ(refusal(Secret(forged)), Errc::token_invalid);
  EXPECT_EQ(refusal(Secret("tcr_99" + text.substr(text.find('.')))), Errc::revoked);
  EXPECT_TRUE(refresh(mine.refresh_token).has_value());
}

TEST_F(SessionServiceTest, ASessionEndsHoweverOftenItIsRefreshed) {
  LoggedIn in = log_in();
  const UnixMillis end = in.session_expires_at;
  clock_.advance(std::chrono::hours{24 * 29});
  in = refresh(in.refresh_token).value();
  clock_.advance(std::chrono::hours{24 * 29});
  in = refresh(in.refresh_token).value();
  clock_.advance(std::chrono::hours{24 * 29});
  in = refresh(in.refresh_token).value();
  clock_.advance(std::chrono::hours{24 * 3} - seconds{60});

  const auto last = refresh(in.refresh_token);

  ASSERT_TRUE(last.has_value()) << last.error().message;
  EXPECT_EQ(last->session_expires_at, end);
  EXPECT_EQ(last->expires_at, end) << "a token never outlives its session";
  clock_.advance(seconds{60});
  EXPECT_EQ(refusal(last->refresh_token), Errc::token_expired);
}

TEST_F(SessionServiceTest, AnIdleSessionEnds) {
  const LoggedIn in = log_in();
  clock_.advance(std::chrono::hours{24 * 30});

  EXPECT_EQ(refusal(in.refresh_token), Errc::token_expired);
}

TEST_F(SessionServiceTest, ALogoutEndsTheRefreshTokenToo) {
  const LoggedIn in = log_in();
  const Principal who = authenticate(in.token).value();

  ASSERT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
                application_->admins().logout(who, {}, std::move(done));
              }).has_value());

  EXPECT_EQ(refusal(in.refresh_token), Errc::revoked);
}

TEST_F(SessionServiceTest, TokensOutliveARestartAndARotationOfTheSigningKey) {
  const LoggedIn first = log_in();
  reopen();
  const auto second = refresh(first.refresh_token);
  ASSERT_TRUE(second.has_value()) << second.error().message;
  ASSERT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
                application_->signing_keys().rotate(admin(), {}, std::move(done));
              }).has_value());
  clock_.advance(seconds{60});

  const auto third = refresh(second->refresh_token);

  ASSERT_TRUE(third.has_value()) << third.error().message;
  EXPECT_TRUE(authenticate(third->token).has_value());
}

TEST_F(SessionServiceTest, OneSessionHasTokensForSeveralEnvironments) {
  ASSERT_TRUE(add_environment("staging").has_value());
  const LoggedIn first = log_in();

  const auto there = refresh(first.refresh_token, "staging");

  ASSERT_TRUE(there.has_value()) << there.error().message;
  EXPECT_EQ(there->environment, "staging");
  EXPECT_EQ(there->session, first.session);
  const auto who = authenticate(there->token);
  ASSERT_TRUE(who.has_value()) << who.error().message;
  EXPECT_EQ(who->environment, "staging");
  EXPECT_EQ(application_->authenticator().recheck(*who)->environment, "staging");
  EXPECT_EQ(authenticate(first.token)->environment, "production") << "another tab goes on where it is";
  const auto back = refresh(there->refresh_token);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(back->environment, "production") << "without a name: where the session began";
}

TEST_F(SessionServiceTest, TheRoleInTheEnvironmentOfTheTokenCounts) {
  ASSERT_TRUE(add_environment("staging").has_value());
  const auto give = [&](domain::Role production, domain::Role staging) {
    const auto written = wait_for<changes::Written>([&](changes::Done done) {
      AdminPatch patch;
      patch.environments = EnvironmentRoles{{"production", production}, {"staging", staging}};
      application_->admins().update(admin(), 2, patch, {}, std::move(done));
    });
    ASSERT_TRUE(written.has_value()) << written.error().message;
  };
  ASSERT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
                application_->admins().create(admin(), "jo", domain::Role::none,
                                              Secret(std::string(kPassword)), {}, std::move(done));
              }).has_value());
  give(domain::Role::viewer, domain::Role::none);
  const LoggedIn first = login("jo", kPassword).value();

  const auto refused = refresh(first.refresh_token, "staging");
  give(domain::Role::none, domain::Role::editor);
  const auto there = refresh(first.refresh_token, "staging");

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::forbidden);
  EXPECT_EQ(refused.error().details.at(0).pointer, "/environment");
  ASSERT_TRUE(there.has_value()) << there.error().message << ": the refused one used the refresh token";
  EXPECT_EQ(authenticate(there->token)->role.here(), domain::Role::editor);
  EXPECT_EQ(authenticate(first.token).error().code, Errc::forbidden) << "production is closed now";
  EXPECT_EQ(refusal(there->refresh_token), Errc::forbidden) << "and so is the refresh without a name";
}

TEST_F(SessionServiceTest, AnEnvironmentThatDoesNotExistUsesNoRefreshToken) {
  const LoggedIn first = log_in();
  for (const char* name : {"moon", "system"}) {
    const auto refused = refresh(first.refresh_token, name);
    ASSERT_FALSE(refused.has_value()) << name;
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_EQ(refused.error().details.at(0).pointer, "/environment");
  }

  EXPECT_TRUE(refresh(first.refresh_token).has_value());
}

TEST_F(SessionServiceTest, TooManyRefreshesHaveToWait) {
  application_.reset();
  options_.sessions.refreshes = {.per_second = 1, .burst = 2};
  open();
  const LoggedIn first = log_in();
  const auto second = refresh(first.refresh_token);
  const auto third = refresh(second->refresh_token);

  const auto fourth = refresh(third->refresh_token);

  ASSERT_FALSE(fourth.has_value());
  EXPECT_EQ(fourth.error().code, Errc::rate_limited);
  clock_.advance(seconds{1});
  EXPECT_TRUE(refresh(third->refresh_token).has_value()) << "it was not used";
}

TEST_F(SessionServiceTest, ARepeatedLoginGivesTheNewestRefreshToken) {
  Login request;
  request.session.environment = "production";
  request.username = "owner";
  request.password = Secret(kPassword);
  WriteOptions options;
  options.idempotency_key = "k1";
  const auto log_in_again = [&] {
    return wait_for<LoggedIn>([&](LoginDone done) { application_->admins().login(request, options, done); });
  };
  const auto first = log_in_again();
  const auto second = refresh(first->refresh_token);
  clock_.advance(seconds{60});

  const auto again = log_in_again();

  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->refresh_token.reveal(), second->refresh_token.reveal());
  EXPECT_TRUE(authenticate(again->token).has_value());
}

}  // namespace
}  // namespace togglecast::service
