#include "socketio/packets/acks.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace togglecast::socketio {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PendingAcksTest : public ::testing::Test {
 protected:
  AckCallback note(std::string name) {
    return [this, name = std::move(name)](const Result<Arguments>& result) {
      log_.push_back(
          name + ": " +
          (result ? json::serialize(result->values) : std::string(to_string(result.error().code))));
    };
  }
  // Lets due timers fire: time passes as it does.
  void wait_for_log(std::size_t size) {
    while (log_.size() < size) shard_.run_ready();
  }

  net::Shard shard_{0};
  std::vector<std::string> log_;
  std::vector<std::string> failures_;
  PendingAcks acks_{shard_, [this](std::string_view what) { failures_.emplace_back(what); }};
};

TEST_F(PendingAcksTest, EachAnswerFindsItsQuestion) {
  for (std::uint64_t id = 0; id < 3; ++id) acks_.expect(id, Milliseconds(10'000), note(std::to_string(id)));

  acks_.answer(2, arguments("c"));
  acks_.answer(0, arguments("a"));
  acks_.answer(1, arguments());

  EXPECT_THAT(log_, ElementsAre(R"(2: ["c"])", R"(0: ["a"])", "1: []"));
  EXPECT_EQ(acks_.size(), 0U);
}

TEST_F(PendingAcksTest, UnknownAndRepeatedAnswersAreIgnored) {
  acks_.expect(7, Milliseconds(10'000), note("seven"));

  acks_.answer(8, arguments(1));
  acks_.answer(7, arguments(1));
  acks_.answer(7, arguments(2));

  EXPECT_THAT(log_, ElementsAre("seven: [1]"));
}

TEST_F(PendingAcksTest, WhatIsNotAnsweredInTimeHearsSo) {
  acks_.expect(1, Milliseconds(1), note("one"));
  acks_.expect(2, Milliseconds(60'000), note("two"));

  wait_for_log(1);
  acks_.answer(1, arguments("late"));

  EXPECT_THAT(log_, ElementsAre("one: timeout"));
  EXPECT_EQ(acks_.size(), 1U);
}

TEST_F(PendingAcksTest, AllHearOfTheEnd) {
  acks_.expect(1, Milliseconds(60'000), note("one"));
  acks_.expect(2, Milliseconds(60'000), note("two"));

  acks_.fail_all();
  acks_.fail_all();

  EXPECT_THAT(log_, ElementsAre("one: unavailable", "two: unavailable"));
}

TEST_F(PendingAcksTest, AThrowingCallbackKeepsNobodyFromHearing) {
  const auto throwing = [](const Result<Arguments>&) { throw std::runtime_error("no"); };
  acks_.expect(1, Milliseconds(60'000), throwing);
  acks_.expect(2, Milliseconds(60'000), note("two"));
  acks_.expect(3, Milliseconds(1), throwing);
  acks_.expect(4, Milliseconds(1), note("four"));

  wait_for_log(1);
  acks_.fail_all();

  EXPECT_THAT(log_, ElementsAre("four: timeout", "two: unavailable"));
  EXPECT_THAT(failures_, ElementsAre("no", "no"));
}

TEST_F(PendingAcksTest, CallbacksMayAskAgain) {
  acks_.expect(1, Milliseconds(60'000),
               [this](const Result<Arguments>&) { acks_.expect(2, Milliseconds(60'000), note("two")); });

  acks_.answer(1, arguments());
  acks_.answer(2, arguments());

  EXPECT_THAT(log_, ElementsAre("two: []"));
}

TEST(PendingAcks, MayDieInACallback) {
  net::Shard shard(0);
  bool called = false;
  std::unique_ptr<PendingAcks> acks = std::make_unique<PendingAcks>(shard, [](std::string_view) {});
  acks->expect(1, Milliseconds(1), [&](const Result<Arguments>&) {
    called = true;
    acks.reset();
  });

  while (!called) shard.run_ready();
}

}  // namespace
}  // namespace togglecast::socketio
