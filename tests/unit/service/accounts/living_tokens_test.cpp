// Tokens that open nothing any more take no place of those that do.
#include "support/eventually.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using testing::wait_for;

class LivingTokens : public testing::ApplicationTest {
 protected:
  LivingTokens() {
    options_.tokens.per_subject = 2;
    open();
    create_client(R"({"key":"acme","name":"Acme"})");
  }
  void fill() {
    EXPECT_TRUE(issue_token(1).has_value());
    EXPECT_TRUE(issue_token(1).has_value());
    EXPECT_EQ(issue_token(1).error().code, Errc::conflict);
  }
  std::string rotate() {
    const auto made = wait_for<changes::Written>(
        [&](changes::Done done) { application_->signing_keys().rotate(admin(), {}, std::move(done)); });
    EXPECT_TRUE(made.has_value());
    clock_.advance(kAnnounced);
    const std::string kid(json::string_or_empty(made->body, "kid"));
    EXPECT_TRUE(test::eventually([&] { return listed(kid).at("signs") == json::value(true); }));
    return kid;
  }
  Result<changes::Written> retire(const std::string& kid, bool force) {
    WriteOptions options;
    options.force = force;
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->signing_keys().retire(admin(), kid, options, std::move(done));
    });
  }
  json::value listed(const std::string& kid) {
    const auto all = application_->signing_keys().list(admin()).value();
    for (const json::value& one : all)
      if (kid.empty() || json::string_or_empty(one, "kid") == kid) return one;
    return nullptr;
  }
};

TEST_F(LivingTokens, ThoseThatTheClientNoLongerTakesAreNone) {
  fill();
  const std::string moment = to_iso8601({clock_.wall_now().value + 1'000});

  ASSERT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
                application_->clients().update(
                    admin(), 1, testing::parse(R"({"tokens_valid_from":")" + moment + "\"}"), {}, done);
              }).has_value());

  EXPECT_EQ(listed({}).at("live_tokens"), json::value(0));
  clock_.advance(std::chrono::seconds{2});
  fill();
  EXPECT_EQ(listed({}).at("live_tokens"), json::value(2));
  EXPECT_EQ(application_->tokens().list(admin(), 1)->size(), 4U) << "the others are listed";
}

TEST_F(LivingTokens, ThoseOfARetiredKeyAreNoneAndCountForNoOtherKey) {
  fill();
  const std::string first(json::string_or_empty(listed({}), "kid"));
  const std::string second = rotate();
  EXPECT_EQ(listed(first).at("live_tokens"), json::value(2));

  ASSERT_TRUE(retire(first, true).has_value());

  EXPECT_EQ(listed(first).at("live_tokens"), json::value(0));
  EXPECT_EQ(listed(second).at("live_tokens"), json::value(0));
  rotate();
  EXPECT_TRUE(retire(second, false).has_value()) << "none of its own lives";
  fill();
}

TEST_F(LivingTokens, AreAskedForAtEachUseThoughTheirSignatureIsCheckedOnce) {
  const auto refusal = [this](std::string_view token) {
    const auto who = application_->authenticator().authenticate(token);
    return who ? std::string() : std::string(to_string(who.error().code));
  };
  const std::string first(json::string_or_empty(listed({}), "kid"));
  const Secret token = issue_token(1)->token;
  EXPECT_EQ(refusal(token.reveal()), "");
  EXPECT_EQ(refusal(token.reveal()), "") << "again";
  EXPECT_EQ(refusal(std::string(token.reveal()) + "A"), "token_invalid");

  rotate();
  ASSERT_TRUE(retire(first, true).has_value());
  EXPECT_EQ(refusal(token.reveal()), "revoked");

  const Secret other = issue_token(1)->token;
  EXPECT_EQ(refusal(other.reveal()), "");
  clock_.advance(std::chrono::hours{24 * 91});
  EXPECT_EQ(refusal(other.reveal()), "token_expired");
}

TEST_F(LivingTokens, ARepeatedRequestDoesNotSignAnewWhatARetiredKeySigned) {
  WriteOptions options;
  options.idempotency_key = "k1";
  ASSERT_TRUE(issue_token(1, "{}", options).has_value());
  const std::string first(json::string_or_empty(listed({}), "kid"));
  rotate();
  ASSERT_TRUE(retire(first, true).has_value());

  const auto again = issue_token(1, "{}", options);

  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Errc::conflict);
}

}  // namespace
}  // namespace togglecast::service
