// How long a stage took, for many connections at once.
#include "delivery/receipts.hpp"

#include <gtest/gtest.h>

namespace togglecast::delivery::testing {
namespace {

TEST(StageTimes, AnswerHowLongItTook) {
  StageTimes times;
  EXPECT_FALSE(times.within(0.5).has_value());
  EXPECT_FALSE(times.last().has_value());

  for (std::uint32_t ms = 1; ms <= 100; ++ms) times.add(ms);

  EXPECT_EQ(times.count(), 100U);
  EXPECT_GE(*times.within(0.5), 50U);
  EXPECT_LE(*times.within(0.5), 63U) << "rounded up by a quarter at most";
  EXPECT_GE(*times.within(0.99), 99U);
  EXPECT_LE(*times.within(0.99), 100U) << "never above the last";
  EXPECT_EQ(times.last(), 100U);
}

TEST(StageTimes, NeverErrByMoreThanAQuarter) {
  for (std::uint32_t ms = 0; ms < 4'000'000; ms += 1 + ms / 7) {
    StageTimes times;
    times.add(ms);
    times.add(4'100'000);  // so that the last one does not hide the bucket's end

    EXPECT_GE(*times.within(0.5), ms);
    EXPECT_LE(*times.within(0.5), ms + ms / 4) << ms;
  }
}

TEST(StageTimes, OneAboveTheLastBucketIsCountedThere) {
  StageTimes times;
  times.add(4'000'000'000);

  EXPECT_EQ(times.count(), 1U);
  EXPECT_EQ(times.last(), 4'000'000'000);
}

TEST(StageTimes, AddUp) {
  StageTimes one;
  StageTimes other;
  one.add(3, 5);
  other.add(40);

  one.add(other);

  EXPECT_EQ(one.count(), 6U);
  EXPECT_EQ(one.within(0.5), 3U);
  EXPECT_EQ(one.last(), 40U);
}

}  // namespace
}  // namespace togglecast::delivery::testing
