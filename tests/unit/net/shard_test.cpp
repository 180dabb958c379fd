#include "net/shard.hpp"

#include <gmock/gmock.h>

#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "net/shard_pool.hpp"
#include "support/eventually.hpp"

namespace togglecast::net {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

// Runs `task` on the running shard and gives back what it returns.
template <typename Task>
auto on(Shard& shard, Task task) {
  std::promise<decltype(task())> promise;
  auto future = promise.get_future();
  shard.post([&] { promise.set_value(task()); });
  return future.get();
}

TEST(Shard, TasksOfOnePosterKeepTheirOrder) {
  Shard shard(0);
  shard.start();
  constexpr int kPosters = 4, kEach = 2'000;
  std::vector<std::vector<int>> seen(kPosters);
  std::vector<std::thread> posters;
  for (int poster = 0; poster < kPosters; ++poster) {
    posters.emplace_back([&, poster] {
      for (int i = 0; i < kEach; ++i)
        shard.post([&seen, poster, i] { seen[static_cast<std::size_t>(poster)].push_back(i); });
    });
  }
  for (auto& thread : posters) thread.join();
  on(shard, [] { return 0; });
  shard.stop();

  for (const auto& numbers : seen) {
    ASSERT_EQ(numbers.size(), static_cast<std::size_t>(kEach));
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

// Says on which shard it ended: nullptr is another thread.
struct Ending {
  explicit Ending(std::promise<Shard*>& ended) : where(ended) {}
  ~Ending() { where.set_value(Shard::current()); }
  std::promise<Shard*>& where;
};

TEST(Shard, ACallForOtherThreadsIsMadeAndLetGoOnItsShard) {
  Shard shard(0);
  shard.start();
  std::promise<Shard*> ended;
  std::promise<Shard*> ran;
  int calls = 0;
  auto call = posted_to(shard, [&, held = std::make_shared<Ending>(ended)] {
    if (++calls == 1) ran.set_value(Shard::current());
  });
  const auto copy = call;

  call();
  EXPECT_EQ(ran.get_future().get(), &shard);
  EXPECT_EQ(ended.get_future().get(), &shard) << "although this thread has two copies of the call";
  copy();
  on(shard, [] { return 0; });
  EXPECT_EQ(calls, 1);
}

TEST(Shard, ACallThatNobodyMakesIsLetGoOnItsShardToo) {
  Shard shard(0);
  shard.start();
  std::promise<Shard*> ended;
  auto call = posted_to(shard, [held = std::make_shared<Ending>(ended)] { FAIL() << "nobody called"; });

  call = nullptr;

  EXPECT_EQ(ended.get_future().get(), &shard);
}

TEST(Shard, KnowsItsOwnThread) {
  Shard shard(3);
  shard.start();

  EXPECT_EQ(Shard::current(), nullptr);
  EXPECT_EQ(on(shard, [] { return Shard::current(); }), &shard);
  EXPECT_TRUE(on(shard, [&] { return shard.is_current(); }));
  EXPECT_FALSE(shard.is_current());
}

// The task that ends an idle wait must not count its time-outs from before the wait.
TEST(Shard, TheFirstTaskAfterAnIdleTimeSeesThePresent) {
  Shard shard(0);
  shard.start();
  for (int i = 0; i < 100; ++i) {
    const auto turns = on(shard, [&] { return shard.counters().turns.load(); });
    ASSERT_TRUE(test::eventually([&] { return shard.counters().turns.load() > turns; }));
    const TimePoint before = std::chrono::steady_clock::now();

    ASSERT_GE(on(shard, [&] { return shard.now(); }), before);
  }
}

TEST(Shard, TheTimeStandsStillWithinATurn) {
  Shard shard(0);
  const auto [first, second] = [&] {
    std::pair<TimePoint, TimePoint> times;
    shard.post([&] { times.first = shard.now(); });
    shard.post([&] { times.second = shard.now(); });
    shard.run_ready();
    return times;
  }();

  EXPECT_EQ(first, second);
}

TEST(Shard, ThrowingTasksAreCountedReportedAndHarmless) {
  Shard shard(0);
  test::Mailbox<std::string> failures;
  shard.on_failure([&](std::string_view what) { failures.put(std::string(what)); });
  shard.start();

  shard.post([] { throw std::runtime_error("first"); });
  shard.post([] { throw 42; });
  shard.post([&] {
    shard.at_turn_end([] { throw std::runtime_error("at the end"); });
    shard.at_turn_end([&] { failures.put("still here"); });
  });

  EXPECT_EQ(failures.take(), "first");
  EXPECT_EQ(failures.take(), "an exception of unknown type");
  EXPECT_EQ(failures.take(), "at the end");
  EXPECT_EQ(failures.take(), "still here");
  EXPECT_EQ(shard.counters().failed_tasks.load(), 3U);
}

TEST(Shard, AThrowingTimerStopsNoOther) {
  ManualClock clock;
  Shard shard(0, clock);
  bool fired = false;
  CallbackTimer thrower([] { throw std::runtime_error("timer"); });
  CallbackTimer other([&] { fired = true; });
  shard.arm(thrower, seconds(1));
  shard.arm(other, seconds(1));

  clock.advance(seconds(2));
  shard.run_ready();

  EXPECT_TRUE(fired);
  EXPECT_EQ(shard.counters().failed_tasks.load(), 1U);
}

TEST(Shard, TimersFollowTheClockThatTheShardWasGiven) {
  ManualClock clock;
  Shard shard(0, clock);
  int fired = 0;
  CallbackTimer timer([&] { ++fired; });
  shard.arm(timer, seconds(60));

  shard.run_ready();
  clock.advance(seconds(60) - Milliseconds(1));
  shard.run_ready();
  EXPECT_EQ(fired, 0);
  clock.advance(2 * TimerWheel::kTick);
  shard.run_ready();

  EXPECT_EQ(fired, 1);
}

TEST(Shard, TimersThatWereArmedTogetherFireOneAfterTheOther) {
  ManualClock clock(UnixMillis{0}, 7);
  Shard shard(0, clock);
  std::set<Milliseconds> times;
  const TimePoint begun = clock.now();
  std::vector<std::unique_ptr<CallbackTimer>> timers;
  for (int i = 0; i < 200; ++i) {
    timers.push_back(std::make_unique<CallbackTimer>(
        [&] { times.insert(std::chrono::duration_cast<Milliseconds>(clock.now() - begun)); }));
    shard.arm(*timers.back(), seconds(10));
  }

  while (clock.now() - begun < seconds(12)) {
    clock.advance(TimerWheel::kTick);
    shard.run_ready();
  }

  EXPECT_EQ(shard.armed_timers(), 0U);
  EXPECT_GE(*times.begin(), seconds(10)) << "never before its time";
  EXPECT_LE(*times.rbegin(), seconds(11) + TimerWheel::kTick);
  EXPECT_GT(times.size(), 80U) << "of 200 steps";
}

TEST(Shard, AnExactTimerFiresAtItsTime) {
  ManualClock clock(UnixMillis{0}, 7);
  Shard shard(0, clock);
  int fired = 0;
  CallbackTimer timer([&] { ++fired; });
  shard.arm_exactly(timer, seconds(60));

  clock.advance(seconds(60) - Milliseconds(1));
  shard.run_ready();
  EXPECT_EQ(fired, 0);
  clock.advance(2 * TimerWheel::kTick);
  shard.run_ready();

  EXPECT_EQ(fired, 1);
}

TEST(Shard, ARunningShardNoticesThatItsClockWasMoved) {
  ManualClock clock;
  Shard shard(0, clock);
  std::promise<void> fired;
  CallbackTimer timer([&] { fired.set_value(); });
  shard.start();
  on(shard, [&] {
    shard.arm(timer, std::chrono::hours(1));
    return 0;
  });

  clock.advance(std::chrono::hours(2));
  shard.post([] {});

  EXPECT_EQ(fired.get_future().wait_for(test::kPatience), std::future_status::ready);
}

TEST(Shard, EndlessDelaysDoNotOverflow) {
  Shard shard(0);
  CallbackTimer timer([] { FAIL() << "far too early"; });

  shard.arm(timer, Milliseconds::max());
  shard.run_ready();

  EXPECT_TRUE(timer.armed());
}

struct Noisy final : Retirable {
  explicit Noisy(std::function<void()> at_end) : end(std::move(at_end)) {}
  ~Noisy() override { end(); }
  std::function<void()> end;
};

TEST(Shard, RetiredObjectsDieAfterTheTasksOfTheTurn) {
  Shard shard(0);
  std::vector<std::string> order;
  shard.post([&] {
    shard.retire(std::make_unique<Noisy>([&] { order.emplace_back("dead"); }));
    shard.at_turn_end([&] {
      order.emplace_back("turn end");
      shard.at_turn_end([&] { order.emplace_back("turn end again"); });
    });
    order.emplace_back("task");
  });

  shard.run_ready();

  EXPECT_THAT(order, ElementsAre("task", "turn end", "turn end again", "dead"));
}

// Whatever a destructor starts must not wait for the next event, which may be far away.
TEST(Shard, WhatDyingObjectsAskForHappensInTheSameTurn) {
  Shard shard(0);
  shard.start();
  std::promise<void> ran;
  shard.post(
      [&] { shard.retire(std::make_unique<Noisy>([&] { shard.at_turn_end([&] { ran.set_value(); }); })); });

  EXPECT_EQ(ran.get_future().wait_for(test::kPatience), std::future_status::ready);
}

TEST(Shard, TasksPostedAfterTheEndNeverRunButAreFreed) {
  auto held = std::make_shared<int>(1);
  {
    Shard shard(0);
    shard.start();
    shard.stop();
    shard.post([held] { FAIL() << "ran"; });
    EXPECT_EQ(held.use_count(), 2);
  }

  EXPECT_EQ(held.use_count(), 1);
}

TEST(ShardPool, RefusesMoreShardsThanASessionIdCanName) {
  EXPECT_THROW(ShardPool(kMostShards + 1), std::invalid_argument);
}

TEST(ShardPool, RunsOnEveryShardAndWaits) {
  ShardPool pool(3);
  pool.start();
  std::atomic<unsigned> seen{0};

  pool.run_on_all([&](Shard& shard) { seen |= 1U << shard.index(); });

  EXPECT_EQ(seen, 7U);
}

TEST(ShardPool, RunOnAllReturnsWhenATaskThrows) {
  ShardPool pool(2);
  pool.start();

  pool.run_on_all([](Shard&) { throw std::runtime_error("no"); });

  std::uint64_t failed = 0;
  pool.run_on_all([&](Shard& shard) {
    if (shard.index() == 0) failed = shard.counters().failed_tasks.load();
  });
  EXPECT_EQ(failed, 1U);
}

TEST(ShardPool, RunOnAllDoesNotWaitForShardsThatDoNotRun) {
  ShardPool pool(2);
  bool ran = false;

  pool.run_on_all([&](Shard&) { ran = true; });
  pool.start();
  pool.stop();
  pool.run_on_all([&](Shard&) { ran = true; });

  EXPECT_FALSE(ran);
}

TEST(ShardPool, LogsWhatTasksThrow) {
  std::vector<std::string> lines;
  const ManualClock clock;
  observe::Log log(
      {.format = observe::LogFormat::text}, [&](std::string_view line) { lines.emplace_back(line); }, clock);
  ShardPool pool(1, &log);
  pool.start();

  pool.at(0).post([] { throw std::runtime_error("out of luck"); });
  pool.stop();

  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], ::testing::HasSubstr("task failed shard=0 error=\"out of luck\""));
}

// What a queue of one shard holds may belong to another: both must still be there when it goes.
TEST(ShardPool, TasksLeftBehindMayReferToAnyShard) {
  ShardPool pool(2);
  pool.start();
  pool.stop();
  struct Homesick {
    explicit Homesick(Shard& shard) : home(shard) {}
    ~Homesick() {
      home.post([] {});
    }
    Shard& home;
  };
  pool.at(0).post([held = std::make_shared<Homesick>(pool.at(1))] {});
  pool.at(1).post([held = std::make_shared<Homesick>(pool.at(0))] {});
}

TEST(ShardPool, SecondListenerOnAPortIsToldSo) {
  ShardPool first(1), second(1);
  const auto port = first.listen({.addresses = {"127.0.0.1"}}, [](Shard&, StreamPtr) {});
  ASSERT_TRUE(port);

  const auto again = second.listen({.addresses = {"127.0.0.1"}, .port = *port}, [](Shard&, StreamPtr) {});

  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::already_exists);
}

}  // namespace
}  // namespace togglecast::net
