#include "service/accounts/token_service.hpp"

#include <thread>

#include "auth/token_codec.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::Role;
using testing::parse;
using testing::wait_for;

class TokenServiceTest : public testing::ApplicationTest {
 protected:
  TokenServiceTest() {
    open();
    create_client(R"({"key":"acme","name":"Acme"})");
  }
  Result<Principal> who(const Secret& token) {
    return application_->authenticator().authenticate(token.reveal());
  }
  Result<changes::Written> revoke(domain::Id token) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->tokens().revoke(admin(), token, {}, done); });
  }
};

TEST_F(TokenServiceTest, AnIssuedTokenIsItsClient) {
  const auto issued = issue_token(1, R"({"label":"ci","expires_in":3600})");

  ASSERT_TRUE(issued.has_value()) << issued.error().message;
  EXPECT_EQ(issued->record.at("label"), json::value("ci"));
  EXPECT_EQ(issued->record.at("expires_at"), json::value("2023-11-14T23:13:20.000Z"));
  const auto principal = who(issued->token);
  ASSERT_TRUE(principal.has_value()) << principal.error().message;
  EXPECT_EQ(principal->kind, Principal::Kind::client);
  EXPECT_EQ(principal->id, 1);
  EXPECT_EQ(principal->name, "acme");
  EXPECT_EQ(principal->environment, "production");
  EXPECT_EQ(principal->token_id, 1);
}

TEST_F(TokenServiceTest, ATokenWorksAfterARestart) {
  const auto issued = issue_token(1);

  reopen();

  EXPECT_TRUE(who(issued->token).has_value());
}

TEST_F(TokenServiceTest, ARevokedTokenIsRevokedAndRevokingTwiceChangesNothing) {
  const auto issued = issue_token(1);
  const auto principal = who(issued->token).value();

  EXPECT_TRUE(revoke(1)->changed);

  EXPECT_EQ(who(issued->token).error().code, Errc::revoked);
  EXPECT_EQ(application_->authenticator().recheck(principal).error().code, Errc::revoked);
  EXPECT_FALSE(revoke(1)->changed);
  EXPECT_EQ(revoke(9).error().code, Errc::not_found);
}

TEST_F(TokenServiceTest, AnExpiredTokenIsExpired) {
  const auto issued = issue_token(1, R"({"expires_in":10})");
  const auto principal = who(issued->token).value();
  clock_.advance(Milliseconds(9'999));
  EXPECT_TRUE(who(issued->token).has_value());

  clock_.advance(Milliseconds(1));

  EXPECT_EQ(who(issued->token).error().code, Errc::token_expired);
  EXPECT_EQ(application_->authenticator().recheck(principal).error().code, Errc::token_expired);
}

TEST_F(TokenServiceTest, DeletingAClientWithdrawsItsTokens) {
  const auto issued = issue_token(1);

  ASSERT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
                application_->clients().remove(admin(), 1, {}, done);
              }).has_value());

  EXPECT_EQ(who(issued->token).error().code, Errc::revoked);
  EXPECT_EQ(issue_token(1).error().code, Errc::not_found);
  EXPECT_TRUE(current()->table<domain::TokenRecord>().by_id.empty());
}

TEST_F(TokenServiceTest, AnInactiveClientMayStillConnect) {
  const auto issued = issue_token(1);
  wait_for<changes::Written>([&](changes::Done done) {
    application_->clients().update(admin(), 1, parse(R"({"active":false})"), {}, done);
  });

  EXPECT_TRUE(who(issued->token).has_value());
}

TEST_F(TokenServiceTest, OnlyOwnersHandleTokens) {
  const Principal editor = admin(Role::editor);

  EXPECT_EQ(issue_token(1, "{}", {}, editor).error().code, Errc::forbidden);
  EXPECT_EQ(application_->tokens().list(editor, 1).error().code, Errc::forbidden);
  EXPECT_EQ(wait_for<changes::Written>(
                [&](changes::Done done) { application_->tokens().revoke(editor, 1, {}, done); })
                .error()
                .code,
            Errc::forbidden);
}

TEST_F(TokenServiceTest, RefusesAnExpiryThatMakesNoSense) {
  for (const char* body : {R"({"expires_in":0})", R"({"expires_in":-5})", R"({"expires_in":999999999999})",
                           R"({"expires_in":1.5})", R"({"expires_at":"2020-01-01T00:00:00Z"})",
                           R"({"expires_at":"tomorrow"})", R"({"expires_at":"2999-01-01T00:00:00Z"})",
                           R"({"expires_in":5,"expires_at":"2024-01-01T00:00:00Z"})", R"({"ttl":5})"}) {
    const auto refused = issue_token(1, body);
    ASSERT_FALSE(refused.has_value()) << body;
    EXPECT_EQ(refused.error().code, Errc::invalid_argument) << body;
    EXPECT_FALSE(refused.error().details.empty()) << body;
  }
}

TEST_F(TokenServiceTest, ARepeatedRequestShowsTheSameTokenAgain) {
  WriteOptions options;
  options.idempotency_key = "k1";
  const auto first = issue_token(1, "{}", options);

  const auto again = issue_token(1, "{}", options);

  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->token.reveal(), first->token.reveal());
  EXPECT_EQ(application_->tokens().list(admin(), 1)->size(), 1U);
}

TEST_F(TokenServiceTest, ARepeatedRequestShowsNoDeadToken) {
  WriteOptions revoked;
  revoked.idempotency_key = "revoked";
  WriteOptions expired;
  expired.idempotency_key = "expired";
  const auto withdrawn = issue_token(1, "{}", revoked);
  ASSERT_TRUE(withdrawn.has_value());
  ASSERT_TRUE(issue_token(1, R"({"expires_in":60})", expired).has_value());
  const auto done = wait_for<changes::Written>([&](changes::Done told) {
    application_->tokens().revoke(admin(), json::find(withdrawn->record, "id")->to_number<domain::Id>(), {},
                                  told);
  });
  ASSERT_TRUE(done.has_value()) << done.error().message;
  clock_.advance(std::chrono::seconds{61});

  const auto after_revocation = issue_token(1, "{}", revoked);
  const auto after_expiry = issue_token(1, R"({"expires_in":60})", expired);

  for (const auto* again : {&after_revocation, &after_expiry}) {
    ASSERT_FALSE(again->has_value());
    EXPECT_EQ(again->error().code, Errc::conflict);
    EXPECT_NE(again->error().message.find("no longer valid"), std::string::npos) << again->error().message;
  }
  EXPECT_EQ(application_->tokens().list(admin(), 1)->size(), 2U) << "nothing was issued";
}

TEST_F(TokenServiceTest, AKeyIsForgottenAfterADayAlthoughNobodyWroteSince) {
  WriteOptions options;
  options.idempotency_key = "k1";
  const auto first = issue_token(1, "{}", options);
  clock_.advance(std::chrono::hours{24});
  EXPECT_TRUE(issue_token(1, "{}", options)->replayed);
  clock_.advance(std::chrono::milliseconds{1});

  const auto later = issue_token(1, "{}", options);

  ASSERT_TRUE(later.has_value()) << later.error().message;
  EXPECT_FALSE(later->replayed);
  EXPECT_NE(later->token.reveal(), first->token.reveal());
}

TEST_F(TokenServiceTest, TheNumberOfTokensIsBoundedAndOldExpiredOnesGo) {
  application_.reset();
  options_.tokens.per_subject = 2;
  open();
  EXPECT_TRUE(issue_token(1, R"({"expires_in":10})").has_value());
  EXPECT_TRUE(issue_token(1, R"({"expires_in":10})").has_value());
  EXPECT_EQ(issue_token(1).error().code, Errc::conflict);
  clock_.advance(std::chrono::hours(24 * 7) + std::chrono::seconds(10));

  EXPECT_TRUE(issue_token(1).has_value());

  const auto left = application_->tokens().list(admin(), 1).value();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0]->id, 3);
}

TEST_F(TokenServiceTest, TokensThatAreDeadTakeNoPlace) {
  application_.reset();
  options_.tokens.per_subject = 3;
  open();
  const auto revoke = [&](domain::Id token) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->tokens().revoke(admin(), token, {}, done); });
  };
  const auto listed = [&] {
    std::vector<domain::Id> ids;
    const auto tokens = application_->tokens().list(admin(), 1).value();
    for (const auto& token : tokens) ids.push_back(token->id);
    return ids;
  };
  for (domain::Id token = 1; token <= 6; ++token) {
    ASSERT_TRUE(issue_token(1).has_value()) << "none of the others lives";
    ASSERT_TRUE(revoke(token).has_value());
    clock_.advance(std::chrono::seconds(1));
  }

  EXPECT_TRUE(issue_token(1).has_value());
  EXPECT_EQ(listed(), (std::vector<domain::Id>{4, 5, 6, 7}))
      << "as many records of dead tokens as of valid ones";
  EXPECT_TRUE(issue_token(1).has_value());
  EXPECT_TRUE(issue_token(1).has_value());
  EXPECT_EQ(issue_token(1).error().code, Errc::conflict);
  ASSERT_TRUE(revoke(8).has_value());
  clock_.advance(std::chrono::hours(24 * 7));
  EXPECT_TRUE(issue_token(1).has_value());
  EXPECT_EQ(listed(), (std::vector<domain::Id>{7, 9, 10}));
}

TEST_F(TokenServiceTest, ATokenOfAnotherKeyOrWithAForeignSubjectIsRefused) {
  const auto issued = issue_token(1).value();
  create_client(R"({"key":"evil","name":"Evil"})");
  auth::KeyRing stolen_name;
  stolen_name.add(auth::SigningKey::make("other", auth::random_signing_secret(random_)).value());
  const auto record = domain::TokenRecord::from_json(issued.record).value();

  EXPECT_EQ(who(auth::sign_token(*stolen_name.current({}), auth::claims_of(record))).error().code,
            Errc::token_invalid);
  for (const char* nonsense : {"", "x", "a.b.c", "Bearer x"})
    EXPECT_EQ(application_->authenticator().authenticate(nonsense).error().code, Errc::token_invalid);
}

TEST_F(TokenServiceTest, AuthenticatingWhileOthersWriteIsSafe) {
  const auto issued = issue_token(1).value();
  std::atomic<bool> stop{false};
  std::atomic<int> failures{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t)
    readers.emplace_back([&] {
      while (!stop)
        if (!application_->authenticator().authenticate(issued.token.reveal())) ++failures;
    });

  for (int i = 0; i < 20; ++i) create_platform(R"({"name":"P","key":"p)" + std::to_string(i) + R"("})");
  stop = true;
  for (auto& reader : readers) reader.join();

  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace togglecast::service
