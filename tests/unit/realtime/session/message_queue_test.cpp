#include "realtime/session/message_queue.hpp"

#include <gtest/gtest.h>

namespace togglecast::realtime {
namespace {

constexpr Milliseconds kPatience{100};
constexpr Milliseconds kJustNow{0};

class MessageQueueTest : public ::testing::Test {
 protected:
  bool take(std::size_t bytes, std::size_t waiting, std::uint64_t turn, Milliseconds stalled = kPatience) {
    return queue_.take(bytes, {waiting, stalled, turn}, limit_);
  }

  observe::Counter overflows_;
  MessageLimit limit_{1'000, kPatience, overflows_};
  MessageQueue queue_;
};

TEST_F(MessageQueueTest, AReaderMayHaveAnyAmount) {
  for (std::uint64_t turn = 0; turn < 100; ++turn) EXPECT_TRUE(take(900, 0, turn, kJustNow));
}

TEST_F(MessageQueueTest, OneAnswerMayBeAsLargeAsItIs) {
  EXPECT_TRUE(take(5'000'000, 0, 1));
  EXPECT_TRUE(take(5'000'000, 0, 2));
}

TEST_F(MessageQueueTest, WhatPilesUpWithoutProgressIsBounded) {
  EXPECT_TRUE(take(600, 0, 1));
  EXPECT_TRUE(take(400, 600, 2));

  EXPECT_FALSE(take(1, 1'000, 3));
}

TEST_F(MessageQueueTest, AnswersMayPileUpForASlowReaderThatTakesThem) {
  for (std::uint64_t turn = 0; turn < 100; ++turn)
    EXPECT_TRUE(take(900, 900 * turn, turn, kPatience - Milliseconds{1}));
}

TEST_F(MessageQueueTest, ConfigurationThatWaitsDoesNotCount) {
  EXPECT_TRUE(take(100, 5'000'000, 1));
  EXPECT_TRUE(take(900, 5'000'000, 2));
  EXPECT_FALSE(take(1, 5'000'000, 3));
}

TEST_F(MessageQueueTest, WhatWasSentInTheSameTurnCountsAlthoughTheBacklogDoesNotShowItYet) {
  EXPECT_TRUE(take(600, 0, 1));
  EXPECT_TRUE(take(600, 0, 1)) << "the kernel may take it all";

  EXPECT_FALSE(take(1, 1'200, 1)) << "it did not";
}

TEST_F(MessageQueueTest, DrainedItBeginsAgain) {
  EXPECT_TRUE(take(1'000, 0, 1));

  EXPECT_TRUE(take(1'000, 0, 2));
}

TEST_F(MessageQueueTest, AnOverflowIsCountedOnceAndEndsIt) {
  EXPECT_TRUE(queue_.overflow(limit_));
  EXPECT_FALSE(queue_.overflow(limit_));

  EXPECT_FALSE(take(1, 0, 9));
  EXPECT_EQ(overflows_.value(), 1U);
}

}  // namespace
}  // namespace togglecast::realtime
