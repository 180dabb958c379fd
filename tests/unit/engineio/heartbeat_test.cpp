#include "engineio/heartbeat.hpp"

#include <gtest/gtest.h>

namespace togglecast::engineio {
namespace {

using Action = Heartbeat::Action;
using std::chrono::seconds;

constexpr Milliseconds kInterval = seconds(25);
constexpr Milliseconds kTimeout = seconds(20);
const TimePoint kStart = TimePoint{} + seconds(1'000);

Heartbeat heartbeat() { return {kStart + kInterval, kInterval, kTimeout}; }

TEST(Heartbeat, DoesNothingBeforeItsTime) {
  Heartbeat beat = heartbeat();

  EXPECT_EQ(beat.on_tick(kStart), Action::none);
  EXPECT_EQ(beat.on_tick(kStart + kInterval - Milliseconds(1)), Action::none);
  EXPECT_EQ(beat.due(), kStart + kInterval);
  EXPECT_FALSE(beat.waiting_for_pong());
}

TEST(Heartbeat, PingsAfterEachInterval) {
  Heartbeat beat = heartbeat();
  TimePoint now = kStart;

  for (int i = 0; i < 5; ++i) {
    now += kInterval;
    EXPECT_EQ(beat.on_tick(now), Action::send_ping);
    EXPECT_TRUE(beat.waiting_for_pong());
    now += Milliseconds(30);
    EXPECT_EQ(beat.on_pong(now), Action::none);
    EXPECT_EQ(beat.due(), now + kInterval);
  }
}

TEST(Heartbeat, PingsAtOnceWhenAPingIsWanted) {
  Heartbeat beat = heartbeat();

  EXPECT_EQ(beat.ping_now(kStart + seconds(1)), Action::send_ping);

  EXPECT_TRUE(beat.waiting_for_pong());
  EXPECT_EQ(beat.due(), kStart + seconds(1) + kTimeout);
  EXPECT_EQ(beat.on_pong(kStart + seconds(2)), Action::none);
  EXPECT_EQ(beat.due(), kStart + seconds(2) + kInterval) << "the next usual one";
}

TEST(Heartbeat, APingThatIsWantedWhileOneIsUnansweredFollowsItsPong) {
  Heartbeat beat = heartbeat();
  ASSERT_EQ(beat.on_tick(kStart + kInterval), Action::send_ping);
  const TimePoint deadline = beat.due();

  EXPECT_EQ(beat.ping_now(kStart + kInterval + seconds(1)), Action::none);
  EXPECT_EQ(beat.ping_now(kStart + kInterval + seconds(2)), Action::none);
  EXPECT_EQ(beat.due(), deadline) << "nobody gets more time by it";

  EXPECT_EQ(beat.on_pong(kStart + kInterval + seconds(3)), Action::send_ping);
  EXPECT_TRUE(beat.waiting_for_pong());
  EXPECT_EQ(beat.on_pong(kStart + kInterval + seconds(4)), Action::none) << "one ping for both";
  EXPECT_FALSE(beat.waiting_for_pong());
}

TEST(Heartbeat, KnowsForHowLongItHasNotBeenAnswered) {
  Heartbeat beat = heartbeat();
  EXPECT_EQ(beat.unanswered(kStart + seconds(1)), Milliseconds(0));
  const TimePoint pinged = kStart + kInterval;
  ASSERT_EQ(beat.on_tick(pinged), Action::send_ping);

  EXPECT_EQ(beat.unanswered(pinged), Milliseconds(0));
  EXPECT_EQ(beat.unanswered(pinged + seconds(7)), seconds(7));

  EXPECT_EQ(beat.on_pong(pinged + seconds(8)), Action::none);
  EXPECT_EQ(beat.unanswered(pinged + seconds(9)), Milliseconds(0));
}

TEST(Heartbeat, KnowsHowLongTheLastAnswerTookAndWhenTheClientWasHeard) {
  Heartbeat beat = heartbeat();
  EXPECT_FALSE(beat.round_trip().has_value());
  EXPECT_FALSE(beat.since_seen(kStart).has_value());
  const TimePoint pinged = kStart + kInterval + Milliseconds(4);  // a late timer
  ASSERT_EQ(beat.on_tick(pinged), Action::send_ping);
  EXPECT_FALSE(beat.round_trip().has_value());

  EXPECT_EQ(beat.on_pong(pinged + std::chrono::microseconds(31'500)), Action::none);

  EXPECT_EQ(beat.round_trip(), std::chrono::microseconds(31'500)) << "from the ping, not from its time";
  EXPECT_EQ(beat.since_seen(pinged + Milliseconds(31) + seconds(3)), seconds(3));

  beat.seen(pinged + seconds(5));

  EXPECT_EQ(beat.since_seen(pinged + seconds(6)), seconds(1)) << "an event that it sent";
  EXPECT_EQ(beat.round_trip(), std::chrono::microseconds(31'500));
}

TEST(Heartbeat, MeasuresAcrossTheEndOfItsCounters) {
  const TimePoint before_wrap = TimePoint{} + std::chrono::microseconds((1LL << 32) - 2'000'000);
  Heartbeat beat(before_wrap, kInterval, kTimeout);
  ASSERT_EQ(beat.on_tick(before_wrap), Action::send_ping);

  EXPECT_EQ(beat.on_pong(before_wrap + seconds(4)), Action::none);

  EXPECT_EQ(beat.round_trip(), seconds(4));
}

TEST(Heartbeat, ClosesWhenNoPongArrivesInTime) {
  Heartbeat beat = heartbeat();
  const TimePoint pinged = kStart + kInterval;
  ASSERT_EQ(beat.on_tick(pinged), Action::send_ping);

  EXPECT_EQ(beat.on_tick(pinged + kTimeout - Milliseconds(1)), Action::none);
  EXPECT_EQ(beat.on_tick(pinged + kTimeout), Action::close);
}

TEST(Heartbeat, PingsOnceUntilTheAnswer) {
  Heartbeat beat = heartbeat();
  ASSERT_EQ(beat.on_tick(kStart + kInterval), Action::send_ping);

  EXPECT_EQ(beat.on_tick(kStart + kInterval + Milliseconds(5)), Action::none);
}

TEST(Heartbeat, ALateTimerDoesNotLengthenTheTimeOut) {
  Heartbeat beat = heartbeat();
  const TimePoint due = kStart + kInterval;

  ASSERT_EQ(beat.on_tick(due + Milliseconds(400)), Action::send_ping);

  EXPECT_EQ(beat.on_tick(due + kTimeout), Action::close);
}

TEST(Heartbeat, AfterALongStallOfOursTheClientStillHasTime) {
  Heartbeat beat = heartbeat();
  const TimePoint late = kStart + kInterval + seconds(60);

  ASSERT_EQ(beat.on_tick(late), Action::send_ping);

  EXPECT_EQ(beat.on_tick(late + kTimeout / 2 - Milliseconds(1)), Action::none);
  EXPECT_EQ(beat.on_tick(late + kTimeout / 2), Action::close);
}

TEST(Heartbeat, UnaskedPongsChangeNothing) {
  Heartbeat beat = heartbeat();

  EXPECT_EQ(beat.on_pong(kStart + seconds(24)), Action::none);

  EXPECT_EQ(beat.due(), kStart + kInterval);
}

TEST(Heartbeat, TheFirstPingMayComeEarly) {
  Heartbeat beat(kStart + seconds(3), kInterval, kTimeout);

  EXPECT_EQ(beat.on_tick(kStart + seconds(3)), Action::send_ping);
  EXPECT_EQ(beat.on_pong(kStart + seconds(4)), Action::none);
  EXPECT_EQ(beat.due(), kStart + seconds(4) + kInterval);
}

}  // namespace
}  // namespace togglecast::engineio
