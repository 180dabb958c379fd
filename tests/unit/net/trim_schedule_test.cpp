#include "net/trim_schedule.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace togglecast::net {
namespace {

int looks_that_trim(TrimSchedule& schedule, std::uint64_t came, std::uint64_t went) {
  int trims = 0;
  for (int i = 0; i < 100; ++i) trims += schedule.look(came, went, 0) ? 1 : 0;
  return trims;
}

TEST(TrimSchedule, TrimsFourTimesAfterEnoughConnectionsCameOrWent) {
  TrimSchedule schedule(10, 100);

  EXPECT_EQ(looks_that_trim(schedule, 5, 4), 0);
  EXPECT_EQ(looks_that_trim(schedule, 5, 5), 4);
  EXPECT_EQ(looks_that_trim(schedule, 9, 9), 0);
  EXPECT_EQ(looks_that_trim(schedule, 9, 11), 4);
}

TEST(TrimSchedule, MoreConnectionsMeanwhileBeginTheFourLooksAgain) {
  TrimSchedule schedule(10, 100);
  EXPECT_TRUE(schedule.look(10, 0, 0));
  EXPECT_TRUE(schedule.look(10, 0, 0));
  EXPECT_TRUE(schedule.look(20, 0, 0));

  EXPECT_EQ(looks_that_trim(schedule, 20, 0), 3);
}

TEST(TrimSchedule, ASumThatSeemsToFallIsNoChange) {
  TrimSchedule schedule(10, 100);
  EXPECT_EQ(looks_that_trim(schedule, 100, 100), 4);

  EXPECT_EQ(looks_that_trim(schedule, 99, 100), 0);
  EXPECT_EQ(looks_that_trim(schedule, 100, 98), 0);
  EXPECT_EQ(looks_that_trim(schedule, 0, 0), 0);
  EXPECT_EQ(looks_that_trim(schedule, 104, 105), 0);
  EXPECT_EQ(looks_that_trim(schedule, 105, 105), 4);
}

TEST(TrimSchedule, NothingHappensWhileNobodyComesOrGoes) {
  TrimSchedule schedule(1, 100);

  EXPECT_EQ(looks_that_trim(schedule, 0, 0), 0);
}

TEST(TrimSchedule, TrimsWhenMuchMoreIsIdleThanTheLastTrimHadToLeave) {
  TrimSchedule schedule(10, 100);
  EXPECT_FALSE(schedule.look(0, 0, 99));
  EXPECT_TRUE(schedule.look(0, 0, 150));
  schedule.trimmed(60);

  EXPECT_FALSE(schedule.look(0, 0, 159));
  EXPECT_TRUE(schedule.look(0, 0, 160));
}

TEST(TrimSchedule, AWorseTrimIsForgottenOnceTheHeapIsInUseAgain) {
  TrimSchedule schedule(10, 100);
  EXPECT_TRUE(schedule.look(0, 0, 500));
  schedule.trimmed(500);
  EXPECT_FALSE(schedule.look(0, 0, 599));
  EXPECT_FALSE(schedule.look(0, 0, 10));

  EXPECT_TRUE(schedule.look(0, 0, 110));
}

}  // namespace
}  // namespace togglecast::net
