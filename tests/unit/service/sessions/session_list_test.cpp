#include "service/sessions/session_list.hpp"

#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using std::chrono::hours;
using testing::wait_for;

constexpr const char* kOwnersPassword = "correct horse";

class SessionListTest : public testing::ApplicationTest {
 protected:
  SessionListTest() { open(); }
  LoggedIn log_in(const std::string& username = "owner", const std::string& password = kOwnersPassword) {
    auto in = login(username, password);
    EXPECT_TRUE(in.has_value()) << in.error().message;
    return in.value_or(LoggedIn{});
  }
  Principal who(const LoggedIn& session) {
    return application_->authenticator().authenticate(session.token.reveal()).value();
  }
  domain::Id make_viewer(const std::string& username) {
    const auto made = wait_for<changes::Written>([&](changes::Done done) {
      application_->admins().create(admin(), username, domain::Role::viewer, Secret("password of jo"), {},
                                    std::move(done));
    });
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return made->body.at("id").as_int64();
  }
  Result<std::vector<ShownSession>> list(const Principal& caller, domain::Id of = 0) {
    return wait_for<std::vector<ShownSession>>(
        [&](SessionList::Listed done) { application_->session_list().list(caller, of, std::move(done)); });
  }
  std::vector<domain::Id> ids(const Principal& caller, domain::Id of = 0) {
    std::vector<domain::Id> all;
    const auto sessions = list(caller, of);
    EXPECT_TRUE(sessions.has_value()) << sessions.error().message;
    if (sessions)
      for (const ShownSession& one : *sessions) all.push_back(one.record->id);
    return all;
  }
  Result<changes::Written> end(const Principal& caller, domain::Id session) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->session_list().end(caller, session, {}, std::move(done)); });
  }
  Result<changes::Written> end_all(const Principal& caller, domain::Id of, bool keep_current) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->session_list().end_all(caller, of, keep_current, {}, std::move(done));
    });
  }
  std::size_t records() const { return current("system")->tokens_of(domain::SubjectKind::admin, 1).size(); }
  void prune_due() { application_->session_list().prune_due(); }
};

TEST_F(SessionListTest, ShowsTheNewestFirstWithTheirLastUse) {
  const LoggedIn first = log_in();
  clock_.advance(hours{1});
  const LoggedIn second = log_in();

  const auto all = list(who(second));

  ASSERT_TRUE(all.has_value()) << all.error().message;
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->at(0).record->id, second.session);
  EXPECT_TRUE(all->at(0).current);
  EXPECT_EQ(all->at(1).record->id, first.session);
  EXPECT_FALSE(all->at(1).current);
  EXPECT_EQ(all->at(1).used_at, all->at(1).record->created_at);
  EXPECT_EQ(all->at(1).record->method, domain::LoginMethod::password);
  const auto later = wait_for<LoggedIn>([&](LoginDone done) {
    application_->sessions().refresh({first.refresh_token, ""}, std::move(done));
  });
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(list(who(second))->at(1).used_at, clock_.wall_now());
}

TEST_F(SessionListTest, OthersAreForOwnersAlone) {
  const Principal owner = who(log_in());
  const domain::Id jo = make_viewer("jo");
  const LoggedIn session = log_in("jo", "password of jo");
  const Principal viewer = who(session);

  EXPECT_EQ(ids(owner, jo), std::vector{session.session});
  EXPECT_EQ(list(viewer, 1).error().code, Errc::forbidden);
  EXPECT_EQ(list(owner, 99).error().code, Errc::not_found);
  EXPECT_EQ(end(viewer, owner.token_id).error().code, Errc::not_found) << "it is not told that there is one";
  EXPECT_EQ(end_all(viewer, 1, false).error().code, Errc::forbidden);
  EXPECT_TRUE(end(owner, session.session).has_value());
  EXPECT_EQ(application_->authenticator().authenticate(session.token.reveal()).error().code, Errc::revoked);
}

TEST_F(SessionListTest, AMachineHasNone) {
  Principal machine = admin();
  machine.kind = Principal::Kind::machine;

  EXPECT_EQ(list(machine).error().code, Errc::forbidden);
  EXPECT_EQ(end(machine, 1).error().code, Errc::forbidden);
}

TEST_F(SessionListTest, TokensOfClientsAreNoSessions) {
  const Principal owner = who(log_in());
  ASSERT_TRUE(create_client(R"({"key":"acme","name":"Acme"})").has_value());
  ASSERT_TRUE(issue_token(1).has_value());

  EXPECT_EQ(end(owner, 99).error().code, Errc::not_found);
}

TEST_F(SessionListTest, AllEndOrAllButThisOne) {
  const LoggedIn first = log_in();
  const LoggedIn second = log_in();
  const LoggedIn third = log_in();

  ASSERT_TRUE(end_all(who(second), 0, true).has_value());
  EXPECT_EQ(ids(who(second)), std::vector{second.session});
  ASSERT_TRUE(end_all(who(second), 0, false).has_value());

  for (const LoggedIn& one : {first, second, third})
    EXPECT_FALSE(application_->authenticator().authenticate(one.token.reveal()).has_value());
}

TEST_F(SessionListTest, SessionsThatAreOverAreNeitherShownNorKept) {
  log_in();
  log_in();
  clock_.advance(hours{24 * 20});
  const LoggedIn third = log_in();
  clock_.advance(hours{24 * 10});

  const auto again = wait_for<LoggedIn>([&](LoginDone done) {
    application_->sessions().refresh({third.refresh_token, ""}, std::move(done));
  });
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(ids(who(*again)), std::vector{third.session}) << "nobody has used the others for 30 days";
  EXPECT_EQ(records(), 3U);
  prune_due();

  EXPECT_TRUE(test::eventually([&] { return records() == 1; }));
  EXPECT_TRUE(application_->authenticator().authenticate(again->token.reveal()).has_value());
}

}  // namespace
}  // namespace togglecast::service
