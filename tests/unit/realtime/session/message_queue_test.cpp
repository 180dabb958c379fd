#include "realtime/session/message_queue.hpp"

#include <gtest/gtest.h>

namespace togglecast::realtime {
namespace {

class MessageQueueTest : public ::testing::Test {
 protected:
  observe::Counter overflows_;
  MessageLimit limit_{1'000, overflows_};
  MessageQueue queue_{limit_};
};

TEST_F(MessageQueueTest, WhoReadsMayHaveAnyAmount) {
  for (std::uint64_t turn = 0; turn < 100; ++turn) EXPECT_TRUE(queue_.take(900, 0, turn));
}

TEST_F(MessageQueueTest, WhatWaitsIsBounded) {
  EXPECT_TRUE(queue_.take(600, 0, 1));
  EXPECT_TRUE(queue_.take(400, 600, 2));

  EXPECT_FALSE(queue_.take(1, 1'000, 3));
}

TEST_F(MessageQueueTest, ConfigurationThatWaitsDoesNotCount) {
  EXPECT_TRUE(queue_.take(100, 5'000'000, 1));
  EXPECT_TRUE(queue_.take(900, 5'000'000, 2));
  EXPECT_FALSE(queue_.take(1, 5'000'000, 3));
}

TEST_F(MessageQueueTest, WhatWasSentInTheSameTurnCountsAlthoughTheBacklogDoesNotShowItYet) {
  EXPECT_TRUE(queue_.take(600, 0, 1));
  EXPECT_TRUE(queue_.take(600, 0, 1)) << "the kernel may take it all";

  EXPECT_FALSE(queue_.take(1, 1'200, 1)) << "it did not";
}

TEST_F(MessageQueueTest, DrainedItBeginsAnew) {
  EXPECT_TRUE(queue_.take(1'000, 0, 1));

  EXPECT_TRUE(queue_.take(1'000, 0, 2));
}

TEST_F(MessageQueueTest, AnOverflowIsCountedOnceAndEndsIt) {
  EXPECT_TRUE(queue_.has_room(1'000));
  EXPECT_FALSE(queue_.has_room(1'001));
  EXPECT_TRUE(queue_.overflow());
  EXPECT_FALSE(queue_.overflow());

  EXPECT_FALSE(queue_.take(1, 0, 9));
  EXPECT_FALSE(queue_.has_room(0));
  EXPECT_EQ(overflows_.value(), 1U);
}

}  // namespace
}  // namespace togglecast::realtime
