#include "base/jitter.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace togglecast {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(Jitter, MakesAWaitLongerByATenthAtMost) {
  Jitter jitter(7);
  std::set<Milliseconds> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(jitter.later(seconds(10)));

  EXPECT_GT(seen.size(), 500U);
  EXPECT_GE(*seen.begin(), seconds(10)) << "never before its time";
  EXPECT_LE(*seen.rbegin(), seconds(11));
}

TEST(Jitter, MakesALongWaitLongerBySecondsOnly) {
  Jitter jitter(7);
  for (int i = 0; i < 1'000; ++i) {
    const Milliseconds wait = jitter.later(minutes(60));
    EXPECT_GE(wait, minutes(60));
    EXPECT_LE(wait, minutes(60) + Jitter::kMost);
  }
}

TEST(Jitter, LeavesAShortWaitAlone) {
  Jitter jitter(7);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(jitter.later(Milliseconds{9}), Milliseconds{9});
    EXPECT_EQ(jitter.later(Milliseconds{0}), Milliseconds{0});
    EXPECT_EQ(jitter.later(Milliseconds{-5}), Milliseconds{-5});
  }
}

TEST(Jitter, DrawsTheSameWithTheSameSeed) {
  const auto draw = [](std::uint64_t seed) {
    Jitter jitter(seed);
    std::vector<Milliseconds> drawn;
    for (int i = 0; i < 20; ++i) drawn.push_back(jitter.later(seconds(60)));
    return drawn;
  };

  EXPECT_EQ(draw(3), draw(3));
  EXPECT_NE(draw(3), draw(4));
}

TEST(Jitter, SpreadsNothingWithoutASeed) {
  Jitter jitter(std::nullopt);

  EXPECT_EQ(jitter.later(seconds(60)), seconds(60));
  EXPECT_EQ(jitter.earlier(seconds(60)), seconds(60));
  EXPECT_EQ(jitter.come_back_after(10), 10U);
}

TEST(Jitter, TellsClientsDifferentTimes) {
  Jitter jitter(7);
  std::set<std::uint64_t> told;
  for (int i = 0; i < 300; ++i) told.insert(jitter.come_back_after(10));

  EXPECT_EQ(told, (std::set<std::uint64_t>{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}));
  EXPECT_EQ(jitter.come_back_after(0), 0U);
}

TEST(SystemClock, HasAnotherSeedEachTime) {
  const SystemClock clock;

  EXPECT_NE(clock.jitter_seed(), clock.jitter_seed());
  EXPECT_TRUE(clock.jitter_seed().has_value());
}

}  // namespace
}  // namespace togglecast
