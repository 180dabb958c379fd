#include "service/messages/idempotent_sends.hpp"

#include <gmock/gmock.h>

namespace togglecast::service {
namespace {

using ::testing::ElementsAre;

class SentOnce : public ::testing::Test {
 protected:
  std::optional<SendDone> ask(const std::string& key, const std::string& request = "hello",
                              const std::string& actor = "admin 1") {
    return sent_.first(
        {actor, key, sha256(request)}, "production", now_,
        [this](const Result<SendResult>& outcome, bool replayed) {
          answers_.push_back((outcome ? outcome->id : std::string(to_string(outcome.error().code))) +
                             (replayed ? " again" : ""));
        });
  }
  void send(const std::string& key, const std::string& id) {
    auto done = ask(key);
    ASSERT_TRUE(done);
    (*done)(SendResult{id, 0, 1});
  }

  TimePoint now_{std::chrono::hours{100}};
  IdempotentSends sent_{2};
  std::vector<std::string> answers_;
};

TEST_F(SentOnce, TheSameRequestIsAnsweredAsItWas) {
  send("k", "message-1");

  EXPECT_FALSE(ask("k"));
  EXPECT_THAT(answers_, ElementsAre("message-1", "message-1 again"));
}

TEST_F(SentOnce, AnotherRequestUnderItsKeyIsAConflict) {
  send("k", "message-1");

  EXPECT_FALSE(ask("k", "good bye"));
  EXPECT_THAT(answers_, ElementsAre("message-1", "conflict"));
}

TEST_F(SentOnce, FailedSendsTakeNoPlace) {
  send("k", "message-1");
  for (const char* key : {"a", "b", "c"}) {
    const auto done = ask(key);
    ASSERT_TRUE(done);
    (*done)(fail(Errc::invalid_argument, "no"));
  }

  EXPECT_FALSE(ask("k"));
  EXPECT_EQ(answers_.back(), "message-1 again");
}

TEST_F(SentOnce, KeysOfOthersAreOthers) {
  send("k", "message-1");

  EXPECT_TRUE(ask("k", "hello", "admin 2"));
}

TEST_F(SentOnce, WhoComesAgainTooSoonWaits) {
  const auto done = ask("k");
  ASSERT_TRUE(done);

  EXPECT_FALSE(ask("k"));
  EXPECT_THAT(answers_, ElementsAre());
  (*done)(SendResult{"message-1", 0, 1});
  EXPECT_THAT(answers_, ::testing::UnorderedElementsAre("message-1", "message-1 again"));
}

TEST_F(SentOnce, WhatCouldNotBeSentMayBeTriedAgain) {
  const auto done = ask("k");
  ASSERT_TRUE(done);
  EXPECT_FALSE(ask("k"));
  (*done)(fail(Errc::rate_limited, "slow down"));

  EXPECT_THAT(answers_, ElementsAre("rate_limited", "rate_limited"));
  EXPECT_TRUE(ask("k"));
}

TEST_F(SentOnce, OnlyTheLastKeysAreRemembered) {
  send("k1", "message-1");
  send("k2", "message-2");
  send("k3", "message-3");

  EXPECT_FALSE(ask("k2"));
  EXPECT_FALSE(ask("k3"));
  EXPECT_TRUE(ask("k1"));
}

TEST_F(SentOnce, AfterADayAKeyIsFree) {
  send("k", "message-1");

  now_ += std::chrono::hours{24};
  EXPECT_FALSE(ask("k"));
  now_ += std::chrono::seconds{1};
  EXPECT_TRUE(ask("k"));
}

TEST(IdempotencyKeyOfAnEvent, IsTakenOutOfTheRequest) {
  auto with = json::parse(R"({"title":"Hi","idempotency_key":"a-1"})").value();
  auto without = json::parse(R"({"title":"Hi","idempotency_key":null})").value();

  EXPECT_EQ(take_idempotency_key(with).value(), "a-1");
  EXPECT_EQ(take_idempotency_key(without).value(), "");
  EXPECT_EQ(json::canonical(with), json::canonical(without)) << "the key is no part of the request";
}

TEST(IdempotencyKeyOfAnEvent, IsRefusedByItsName) {
  for (const char* bad : {R"("")", R"("two words")", "7", R"("ä")"}) {
    auto request = json::parse(R"({"idempotency_key":)" + std::string(bad) + "}").value();
    const auto refused = take_idempotency_key(request);
    ASSERT_FALSE(refused.has_value()) << bad;
    EXPECT_EQ(refused.error().details.at(0).pointer, "/idempotency_key");
  }
}

}  // namespace
}  // namespace togglecast::service
