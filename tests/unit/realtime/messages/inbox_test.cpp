#include "realtime/messages/inbox.hpp"

#include <gtest/gtest.h>

namespace togglecast::realtime {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(PauseAfter, DoublesUpToFiveMinutes) {
  constexpr double kMiddle = 0.5;
  EXPECT_EQ(pause_after(1, seconds(10), kMiddle), seconds(10));
  EXPECT_EQ(pause_after(2, seconds(10), kMiddle), seconds(20));
  EXPECT_EQ(pause_after(5, seconds(10), kMiddle), seconds(160));
  EXPECT_EQ(pause_after(6, seconds(10), kMiddle), minutes(5));
  EXPECT_EQ(pause_after(4'000'000'000, seconds(10), kMiddle), minutes(5));
  EXPECT_EQ(pause_after(3, seconds(3'600), kMiddle), seconds(3'600)) << "a sender may want it rarer";
}

TEST(PauseAfter, VariesByAFifth) {
  EXPECT_EQ(pause_after(1, seconds(10), 0), seconds(8));
  EXPECT_EQ(pause_after(1, seconds(10), 1), seconds(12));
}

TEST(Inbox, AMessageIsAddedOnce) {
  Inbox inbox(2);

  EXPECT_EQ(inbox.add(1), Inbox::Added::now);
  EXPECT_EQ(inbox.add(1), Inbox::Added::known);
  inbox.acknowledge(1);
  EXPECT_EQ(inbox.add(1), Inbox::Added::known) << "this connection has had it";
  EXPECT_TRUE(inbox.acknowledged(1));
}

TEST(Inbox, OnlyTheLatestTurnCounts) {
  Inbox inbox(2);
  const TimePoint now{seconds(100)};
  EXPECT_EQ(inbox.add(1), Inbox::Added::now);
  EXPECT_EQ(inbox.sent(1), 1U);
  inbox.wait(1, now + seconds(10));
  inbox.wait(1, now + seconds(20));

  EXPECT_FALSE(inbox.due(1, now + seconds(10)));
  EXPECT_TRUE(inbox.due(1, now + seconds(20)));
  EXPECT_EQ(inbox.sent(1), 2U);
  EXPECT_EQ(inbox.times_sent(1), 2U);
  inbox.acknowledge(1);
  EXPECT_FALSE(inbox.due(1, now + seconds(20)));
  EXPECT_EQ(inbox.times_sent(1), 0U);
}

TEST(Inbox, WhatWasNeverSentComesInTheOrderInWhichItWasAdded) {
  Inbox inbox(3);
  for (const std::int64_t message : {5, 3, 9}) EXPECT_EQ(inbox.add(message), Inbox::Added::now);

  EXPECT_EQ(inbox.first_unsent(), 5);
  inbox.sent(5);
  EXPECT_EQ(inbox.first_unsent(), 3);
  inbox.drop(3);
  inbox.sent(9);
  EXPECT_EQ(inbox.first_unsent(), std::nullopt);
}

TEST(Inbox, WhatIsLeftOutIsAskedForOnceThereIsRoom) {
  Inbox inbox(2);
  EXPECT_EQ(inbox.add(1), Inbox::Added::now);
  EXPECT_EQ(inbox.add(2), Inbox::Added::now);
  EXPECT_FALSE(inbox.take_left_out());

  EXPECT_EQ(inbox.add(3), Inbox::Added::full);
  EXPECT_FALSE(inbox.take_left_out());
  inbox.drop(1);
  EXPECT_TRUE(inbox.take_left_out());
  EXPECT_FALSE(inbox.take_left_out());
  EXPECT_EQ(inbox.add(3), Inbox::Added::now);
}

TEST(Inbox, IsEmptyWhenItsMessagesAreOver) {
  Inbox inbox(2);
  EXPECT_TRUE(inbox.empty());
  EXPECT_EQ(inbox.add(1), Inbox::Added::now);
  EXPECT_EQ(inbox.add(2), Inbox::Added::now);
  inbox.acknowledge(1);
  inbox.drop(2);
  EXPECT_FALSE(inbox.empty()) << "it knows that it has had the first one";

  inbox.forget(1);
  EXPECT_TRUE(inbox.empty());
}

}  // namespace
}  // namespace togglecast::realtime
