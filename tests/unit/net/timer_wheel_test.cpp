#include "net/timer_wheel.hpp"

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

namespace togglecast::net {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TimerWheelTest : public ::testing::Test {
 protected:
  // As a loop does: only at the moments that the wheel asks for.
  void run_until(TimePoint end) {
    while (true) {
      const TimePoint due = wheel_.next_due();
      if (due > end) break;
      now_ = std::max(now_, due);
      wheel_.advance(now_);
      ++wakeups_;
    }
    now_ = end;
    wheel_.advance(now_);
  }

  const TimePoint start_ = TimePoint{} + hours(5);
  TimePoint now_ = start_;
  TimerWheel wheel_{start_};
  int wakeups_ = 0;
};

TEST_F(TimerWheelTest, FiresInOrderOfDeadlines) {
  std::vector<int> fired;
  CallbackTimer third([&] { fired.push_back(3); });
  CallbackTimer first([&] { fired.push_back(1); });
  CallbackTimer second([&] { fired.push_back(2); });
  wheel_.arm(third, start_ + seconds(400));
  wheel_.arm(first, start_ + Milliseconds(20));
  wheel_.arm(second, start_ + seconds(3));

  run_until(start_ + seconds(500));

  EXPECT_THAT(fired, ElementsAre(1, 2, 3));
}

TEST_F(TimerWheelTest, NeverFiresEarlyAndAtMostOneTickLate) {
  std::mt19937 random(7);
  struct Timed {
    TimePoint deadline;
    std::unique_ptr<CallbackTimer> timer;
    TimePoint fired{};
  };
  std::vector<Timed> timers(3'000);
  for (auto& timed : timers) {
    const auto bits = random() % 28;  // up to some three days in milliseconds
    timed.deadline = start_ + Milliseconds(static_cast<std::int64_t>(random() & ((1ULL << bits) - 1)));
    timed.timer = std::make_unique<CallbackTimer>([&timed, this] { timed.fired = now_; });
    wheel_.arm(*timed.timer, timed.deadline);
  }

  run_until(start_ + hours(40));

  for (const auto& timed : timers) {
    if (timed.deadline + TimerWheel::kTick > now_) continue;
    EXPECT_GE(timed.fired, timed.deadline);
    EXPECT_LE(timed.fired, timed.deadline + TimerWheel::kTick);
  }
}

TEST_F(TimerWheelTest, FarDeadlinesGoRoundUntilTheirTime) {
  std::vector<TimePoint> fired;
  CallbackTimer timer([&] { fired.push_back(now_); });
  wheel_.arm(timer, start_ + hours(30));

  run_until(start_ + hours(30) - seconds(1));
  EXPECT_THAT(fired, IsEmpty());

  run_until(start_ + hours(30) + seconds(1));
  EXPECT_EQ(fired.size(), 1U);
}

TEST_F(TimerWheelTest, ALateCallFiresEverythingThatIsDue) {
  std::vector<int> fired;
  CallbackTimer near([&] { fired.push_back(1); });
  CallbackTimer far([&] { fired.push_back(2); });
  wheel_.arm(far, start_ + minutes(20));
  wheel_.arm(near, start_ + Milliseconds(5));

  wheel_.advance(start_ + hours(1));

  EXPECT_THAT(fired, ElementsAre(1, 2));
}

TEST_F(TimerWheelTest, ACancelledTimerNeverFires) {
  int fired = 0;
  CallbackTimer timer([&] { ++fired; });
  wheel_.arm(timer, start_ + seconds(2));
  EXPECT_TRUE(timer.armed());

  timer.cancel();
  timer.cancel();
  run_until(start_ + seconds(10));

  EXPECT_FALSE(timer.armed());
  EXPECT_EQ(fired, 0);
}

TEST_F(TimerWheelTest, ATimerMayCancelOrDestroyItsNeighbours) {
  int fired = 0;
  auto victim = std::make_unique<CallbackTimer>([&] { ++fired; });
  CallbackTimer bystander([&] { ++fired; });
  CallbackTimer killer([&] {
    victim.reset();
    bystander.cancel();
  });
  wheel_.arm(killer, start_ + Milliseconds(50));
  wheel_.arm(*victim, start_ + Milliseconds(50));
  wheel_.arm(bystander, start_ + Milliseconds(50));

  run_until(start_ + seconds(1));

  EXPECT_EQ(fired, 0);
}

TEST_F(TimerWheelTest, ATimerMayArmItselfAgain) {
  std::vector<TimePoint> fired;
  std::unique_ptr<CallbackTimer> timer;
  timer = std::make_unique<CallbackTimer>([&] {
    fired.push_back(now_);
    wheel_.arm(*timer, now_ + seconds(25));
  });
  wheel_.arm(*timer, start_ + seconds(25));

  run_until(start_ + seconds(101));

  EXPECT_EQ(fired.size(), 4U);
}

TEST_F(TimerWheelTest, ATimerArmedForNowByItselfDoesNotHoldTheWheel) {
  int fired = 0;
  std::unique_ptr<CallbackTimer> timer;
  timer = std::make_unique<CallbackTimer>([&] {
    ++fired;
    wheel_.arm(*timer, start_);  // long over
  });
  wheel_.arm(*timer, start_);

  wheel_.advance(start_ + Milliseconds(50));

  EXPECT_EQ(fired, 10);  // once a tick
}

TEST_F(TimerWheelTest, ArmingAgainMovesTheDeadline) {
  std::vector<TimePoint> fired;
  CallbackTimer timer([&] { fired.push_back(now_); });
  wheel_.arm(timer, start_ + seconds(1));
  wheel_.arm(timer, start_ + minutes(2));

  run_until(start_ + minutes(1));
  EXPECT_THAT(fired, IsEmpty());

  run_until(start_ + minutes(3));
  EXPECT_EQ(fired.size(), 1U);
}

TEST_F(TimerWheelTest, NothingIsDueWithoutTimers) {
  EXPECT_EQ(wheel_.next_due(), TimePoint::max());

  CallbackTimer timer([] {});
  wheel_.arm(timer, start_ + seconds(1));
  EXPECT_NE(wheel_.next_due(), TimePoint::max());
  timer.cancel();
  EXPECT_EQ(wheel_.next_due(), TimePoint::max());

  wheel_.arm(timer, start_ + hours(3));
  EXPECT_NE(wheel_.next_due(), TimePoint::max());
  timer.cancel();
  EXPECT_EQ(wheel_.next_due(), TimePoint::max());
}

TEST_F(TimerWheelTest, AnIdleWheelWakesOncePerRoundAtMost) {
  CallbackTimer timer([] {});
  wheel_.arm(timer, start_ + minutes(10));

  run_until(start_ + minutes(9));

  EXPECT_LE(wakeups_, 9 * 60 * 1000 / (256 * 5) + 1);
}

TEST_F(TimerWheelTest, ThrowingTimersLeaveTheOthersWaiting) {
  std::vector<int> fired;
  CallbackTimer first([&] { fired.push_back(1); });
  CallbackTimer thrower([] { throw std::runtime_error("broken"); });
  CallbackTimer last([&] { fired.push_back(3); });
  for (auto* timer : {&first, &thrower, &last}) wheel_.arm(*timer, start_ + Milliseconds(30));

  EXPECT_THROW(wheel_.advance(start_ + seconds(1)), std::runtime_error);
  EXPECT_LE(wheel_.next_due(), start_ + Milliseconds(40));
  wheel_.advance(start_ + seconds(1));

  EXPECT_THAT(fired, ElementsAre(1, 3));
}

TEST(TimerWheel, LetsGoOfTimersThatOutliveIt) {
  CallbackTimer timer([] {});
  {
    TimerWheel wheel(TimePoint{});
    wheel.arm(timer, TimePoint{} + seconds(1));
  }

  EXPECT_FALSE(timer.armed());
}

TEST(TimerWheel, FreesATimerThatOnlyItsOwnFunctionHolds) {
  struct Holder {
    std::unique_ptr<CallbackTimer> timer;
  };
  std::weak_ptr<Holder> watched;
  {
    TimerWheel wheel(TimePoint{});
    auto holder = std::make_shared<Holder>();
    watched = holder;
    holder->timer = std::make_unique<CallbackTimer>([holder] {});
    wheel.arm(*holder->timer, TimePoint{} + seconds(1));
    holder.reset();
    EXPECT_FALSE(watched.expired());
  }

  EXPECT_TRUE(watched.expired());
}

// Against a plain sorted list, with timers that come, move and go.
TEST_F(TimerWheelTest, AgreesWithASimpleModelUnderRandomUse) {
  std::mt19937 random(11);
  constexpr int kTimers = 200;
  std::map<int, TimePoint> expected;
  std::vector<int> fired;
  std::vector<std::unique_ptr<CallbackTimer>> timers;
  for (int i = 0; i < kTimers; ++i)
    timers.push_back(std::make_unique<CallbackTimer>([&fired, i] { fired.push_back(i); }));

  for (int step = 0; step < 20'000; ++step) {
    const int which = static_cast<int>(random() % kTimers);
    switch (random() % 4) {
      case 0:
      case 1: {
        const TimePoint deadline = now_ + Milliseconds(random() % (step % 7 == 0 ? 2'000'000 : 3'000));
        wheel_.arm(*timers[static_cast<std::size_t>(which)], deadline);
        expected[which] = deadline;
        break;
      }
      case 2:
        timers[static_cast<std::size_t>(which)]->cancel();
        expected.erase(which);
        break;
      default:
        now_ += Milliseconds(random() % (step % 50 == 0 ? 400'000 : 60));
        fired.clear();
        wheel_.advance(now_);
        for (const int timer : fired) {
          ASSERT_TRUE(expected.contains(timer));
          ASSERT_LE(expected[timer], now_);
          expected.erase(timer);
        }
        for (const auto& [timer, deadline] : expected) ASSERT_GT(deadline + TimerWheel::kTick, now_) << timer;
    }
    const TimePoint due = wheel_.next_due();
    if (expected.empty()) {
      ASSERT_EQ(due, TimePoint::max());
    } else {
      for (const auto& [timer, deadline] : expected) ASSERT_LE(due, deadline + TimerWheel::kTick) << timer;
    }
  }
}

}  // namespace
}  // namespace togglecast::net
