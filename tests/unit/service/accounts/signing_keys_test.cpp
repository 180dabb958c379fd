// Keys that sign tokens: announced first, known to every node of the store before they sign; and tokens that
// another node has just issued.
#include "service/accounts/signing_keys.hpp"

#include <atomic>
#include <future>

#include "auth/token_codec.hpp"
#include "base/base64.hpp"
#include "storage/sqlite/sqlite_reader.hpp"
#include "support/eventually.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

std::string kid_of(const Secret& token) {
  const std::string_view text = token.reveal();
  const auto header = base64url_decode(text.substr(0, text.find('.')));
  return std::string(json::string_or_empty(json::parse(*header).value(), "kid"));
}

class SigningKeysTest : public testing::ApplicationTest {
 protected:
  void SetUp() override {
    open();
    ASSERT_TRUE(create_client(R"({"key":"acme","name":"Acme"})").has_value());
  }
  Result<changes::Written> rotate(const Principal& who = admin()) {
    return testing::wait_for<changes::Written>(
        [&](changes::Done done) { application_->signing_keys().rotate(who, {}, std::move(done)); });
  }
  std::string kid_of_new_token() { return kid_of(issue_token(1)->token); }
  Result<Principal> authenticate(const Secret& token) {
    return application_->authenticator().authenticate(token.reveal());
  }
};

TEST_F(SigningKeysTest, ANewKeySignsOnceEveryNodeCanKnowIt) {
  const auto old_token = issue_token(1)->token;
  const std::string old_kid = kid_of(old_token);

  const auto made = rotate();
  ASSERT_TRUE(made.has_value()) << made.error().message;
  const std::string new_kid(json::string_or_empty(made->body, "kid"));

  EXPECT_EQ(kid_of_new_token(), old_kid);
  clock_.advance(kAnnounced - std::chrono::seconds{1});
  EXPECT_EQ(kid_of_new_token(), old_kid);
  clock_.advance(std::chrono::seconds{1});
  EXPECT_TRUE(test::eventually([&] { return kid_of_new_token() == new_kid; }));
  EXPECT_TRUE(authenticate(issue_token(1)->token).has_value());
  EXPECT_TRUE(authenticate(old_token).has_value()) << "older keys stay valid";
}

TEST_F(SigningKeysTest, AfterARestartTheNewestKeySignsWhenItsTimeHasCome) {
  const auto made = rotate();
  const std::string old_kid = kid_of_new_token();
  reopen();
  EXPECT_EQ(kid_of_new_token(), old_kid);

  clock_.advance(kAnnounced);

  EXPECT_EQ(kid_of_new_token(), json::string_or_empty(made->body, "kid"));
}

TEST_F(SigningKeysTest, KeysForOtherPurposesStayTheSame) {
  const std::string before = application_->derived_key("sessions").sign("text");
  ASSERT_TRUE(rotate().has_value());
  clock_.advance(kAnnounced);
  EXPECT_EQ(application_->derived_key("sessions").sign("text"), before);

  reopen();

  EXPECT_EQ(application_->derived_key("sessions").sign("text"), before);
}

TEST_F(SigningKeysTest, OnlyAnOwnerRotates) {
  EXPECT_EQ(rotate(admin(domain::Role::editor)).error().code, Errc::forbidden);
}

class RetiredKeys : public SigningKeysTest {
 protected:
  Result<changes::Written> retire(const std::string& kid, bool force = false,
                                  const Principal& who = admin()) {
    WriteOptions options;
    options.force = force;
    return testing::wait_for<changes::Written>(
        [&](changes::Done done) { application_->signing_keys().retire(who, kid, options, std::move(done)); });
  }
  /// Another key signs.
  std::string rotate_and_wait() {
    const auto made = rotate();
    EXPECT_TRUE(made.has_value());
    clock_.advance(kAnnounced);
    const std::string kid(json::string_or_empty(made->body, "kid"));
    EXPECT_TRUE(test::eventually([&] { return kid_of_new_token() == kid; }));
    return kid;
  }
  json::value listed(const std::string& kid) {
    const auto all = application_->signing_keys().list(admin()).value();
    for (const json::value& one : all)
      if (json::string_or_empty(one, "kid") == kid) return one;
    return nullptr;
  }
};

TEST_F(RetiredKeys, AKeyThatSignsOrWhoseTokensLiveNeedsForce) {
  const auto old_token = issue_token(1)->token;
  const std::string old_kid = kid_of(old_token);
  EXPECT_EQ(retire(old_kid, true).error().code, Errc::conflict) << "the last one stays";
  const std::string new_kid = rotate_and_wait();
  EXPECT_EQ(retire(new_kid).error().code, Errc::conflict) << "it signs";
  EXPECT_EQ(listed(old_kid).at("live_tokens"), json::value(1));
  EXPECT_EQ(listed(old_kid).at("signs"), json::value(false));
  EXPECT_EQ(listed(new_kid).at("signs"), json::value(true));

  const auto refused = retire(old_kid);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_NE(refused.error().message.find("1 tokens"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(authenticate(old_token).has_value());
  ASSERT_TRUE(retire(old_kid, true).has_value());
  EXPECT_EQ(authenticate(old_token).error().code, Errc::revoked);
  EXPECT_TRUE(authenticate(issue_token(1)->token).has_value());
  EXPECT_NE(json::find(listed(old_kid), "retired_at"), nullptr);
  EXPECT_EQ(retire(old_kid, true).error().code, Errc::not_found) << "once";
}

TEST_F(RetiredKeys, AKeyWhoseTokensAreOverGoesWithoutForce) {
  const std::string old_kid = kid_of_new_token();
  rotate_and_wait();
  clock_.advance(std::chrono::hours{24 * 400});

  EXPECT_EQ(listed(old_kid).at("live_tokens"), json::value(0));
  EXPECT_TRUE(retire(old_kid).has_value());
}

TEST_F(RetiredKeys, WhatFollowsFromTheOldestKeyStays) {
  const std::string before = application_->derived_key("sessions").sign("text");
  const std::string old_kid = kid_of_new_token();
  rotate_and_wait();

  ASSERT_TRUE(retire(old_kid, true).has_value());
  EXPECT_EQ(application_->derived_key("sessions").sign("text"), before);
  EXPECT_TRUE(application_->derived_key("sessions", old_kid).has_value());
  reopen();

  EXPECT_EQ(application_->derived_key("sessions").sign("text"), before);
  EXPECT_NE(kid_of_new_token(), old_kid);
}

// Its tokens were signed before it was retired, and the key that signs is an older one again.
TEST_F(RetiredKeys, TheNewestKeyCanBeRetiredByForce) {
  const std::string old_kid = kid_of_new_token();
  const std::string new_kid = rotate_and_wait();

  ASSERT_TRUE(retire(new_kid, true).has_value());

  EXPECT_EQ(kid_of_new_token(), old_kid);
}

TEST_F(RetiredKeys, OnlyAnOwnerRetiresAndLists) {
  const std::string kid = kid_of_new_token();
  EXPECT_EQ(retire(kid, true, admin(domain::Role::editor)).error().code, Errc::forbidden);
  EXPECT_EQ(application_->signing_keys().list(admin(domain::Role::editor)).error().code, Errc::forbidden);
  EXPECT_EQ(retire("nonsense", true).error().code, Errc::not_found);
}

// A second node on the same store.
class SecondNode : public SigningKeysTest {
 protected:
  void SetUp() override {
    SigningKeysTest::SetUp();
    none_ = storage::sqlite::SqliteStore::open(folder_.path() / "none").value();
    const auto reader = [this] {
      auto database =
          storage::sqlite::Database::open(folder_.path() / "data" / "togglecast.db", {.read_only = true});
      return std::make_unique<storage::sqlite::SqliteReader>(*std::move(database), std::chrono::hours{24});
    };
    tail_ = std::make_unique<changes::Tail>(model_, feed_, reader(), log_, metrics_, patient());
    committer_ = std::make_unique<changes::Committer>(*none_, model_, *tail_, clock_, log_, metrics_);
    secrets_ = std::make_unique<changes::StoreReader>(reader(), [](std::string_view) {});
    signing_keys_ =
        std::make_unique<SigningKeys>(keys_, *committer_, model_, *tail_, *secrets_, random_, log_, clock_);
    egress_ = std::make_unique<egress::Client>(egress::Options{}, clock_, log_, metrics_);
    issuers_ = std::make_unique<TrustedIssuers>(model_, *egress_, clock_, log_);
    authenticator_ =
        std::make_unique<Authenticator>(keys_, model_, *signing_keys_, *issuers_, clock_, metrics_);
    ASSERT_TRUE(tail_->follow().has_value());
    auto own = reader();
    ASSERT_TRUE(signing_keys_->load(*own).has_value());
    signing_keys_->follow(feed_);
    tail_->start();
  }
  void TearDown() override {
    tail_->stop();
    secrets_->stop();
  }
  static changes::TailOptions patient() {
    return {.poll = std::chrono::hours{1}, .between_asked = Milliseconds{1}};
  }
  // As an entrance does it.
  Result<Principal> authenticate_there(const Secret& token) {
    const std::string text(token.reveal());
    auto who = authenticator_->authenticate(text);
    if (who) return who;
    auto looked = std::make_shared<std::promise<void>>();
    auto done = looked->get_future();
    if (!authenticator_->look_again(text, [looked] { looked->set_value(); })) return who;
    done.get();
    return authenticator_->authenticate(text);
  }

  std::unique_ptr<storage::sqlite::SqliteStore> none_;  // this node writes nothing
  auth::KeyRing keys_;
  changes::ReadModel model_;
  changes::ChangeFeed feed_;
  std::unique_ptr<changes::Tail> tail_;
  std::unique_ptr<changes::Committer> committer_;
  std::unique_ptr<changes::StoreReader> secrets_;
  std::unique_ptr<SigningKeys> signing_keys_;
  std::unique_ptr<egress::Client> egress_;
  std::unique_ptr<TrustedIssuers> issuers_;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(SecondNode, ATokenThatAnotherNodeHasJustIssuedIsTakenAtOnce) {
  const auto token = issue_token(1)->token;
  EXPECT_EQ(authenticator_->authenticate(token.reveal()).error().code, Errc::revoked) << "not known yet";

  const auto who = authenticate_there(token);

  ASSERT_TRUE(who.has_value()) << who.error().message;
  EXPECT_EQ(who->name, "acme");
}

TEST_F(SecondNode, ATokenOfANewKeyIsTakenEvenIfItsAnnouncementWasMissed) {
  ASSERT_TRUE(rotate().has_value());
  clock_.advance(kAnnounced);
  ASSERT_TRUE(test::eventually([&] { return kid_of_new_token() != keys_.oldest()->kid(); }));
  const auto token = issue_token(1)->token;
  ASSERT_EQ(keys_.find(kid_of(token)), nullptr);

  const auto who = authenticate_there(token);

  ASSERT_TRUE(who.has_value()) << who.error().message;
}

TEST_F(SecondNode, ANewKeyIsKnownBeforeItSigns) {
  const auto made = rotate();
  tail_->notice();

  EXPECT_TRUE(
      test::eventually([&] { return keys_.find(json::string_or_empty(made->body, "kid")) != nullptr; }));
  EXPECT_EQ(keys_.current(clock_.wall_now()), keys_.oldest());
}

TEST_F(SecondNode, WhatTheStoreDoesNotKnowEitherIsRefused) {
  auth::KeyRing foreign;
  foreign.add(auth::SigningKey::make("theirs", auth::random_signing_secret(random_)).value());
  const auth::Claims claims{
      domain::SubjectKind::client, 1, "production", "jti", 1'700'000'000, 1'800'000'000};

  EXPECT_EQ(authenticate_there(auth::sign_token(*foreign.current({}), claims)).error().code,
            Errc::token_invalid);
  EXPECT_EQ(authenticate_there(auth::sign_token(*keys_.oldest(), claims)).error().code, Errc::revoked);
}

TEST_F(SecondNode, WhatComesWhileATokenIsRefusedCounts) {
  const auto token = issue_token(1)->token;
  EXPECT_EQ(authenticator_->authenticate(token.reveal()).error().code, Errc::revoked) << "not known yet";
  tail_->notice();
  ASSERT_TRUE(test::eventually([&] { return authenticator_->authenticate(token.reveal()).has_value(); }));
  std::atomic<bool> again{false};

  EXPECT_TRUE(authenticator_->look_again(token.reveal(), [&again] { again = true; }));

  EXPECT_TRUE(test::eventually([&] { return again.load(); }));
}

TEST_F(SecondNode, AFinalRefusalCostsNoLook) {
  const auto token = issue_token(1)->token;
  ASSERT_TRUE(authenticate_there(token).has_value());
  auth::Claims old{domain::SubjectKind::client, 1, "production", "jti", 1'600'000'000, 1'800'000'000};
  const auto never = [] { FAIL() << "looked"; };

  EXPECT_FALSE(authenticator_->look_again(auth::sign_token(*keys_.oldest(), old).reveal(), never))
      << "issued long ago";
  EXPECT_FALSE(authenticator_->look_again("no token", never));
  EXPECT_FALSE(authenticator_->look_again(std::string(token.reveal()) + "x", never));
}

TEST_F(SecondNode, ManyWhoAskShareTheLooks) {
  const auto token = issue_token(1)->token;
  std::atomic<int> answered{0};
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(signing_keys_->look_again([&answered] { ++answered; }));

  EXPECT_TRUE(test::eventually([&] { return answered == 1'000; }));
  EXPECT_TRUE(authenticator_->authenticate(token.reveal()).has_value());
}

}  // namespace
}  // namespace togglecast::service
