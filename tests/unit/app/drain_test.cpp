#include "app/drain.hpp"

#include <gtest/gtest.h>

namespace togglecast::app {
namespace {

TEST(DrainWindow, GrowsWithTheSessionsUpToFiveSeconds) {
  EXPECT_EQ(drain_window(0), Milliseconds(0));
  EXPECT_EQ(drain_window(1), Milliseconds(0));
  EXPECT_EQ(drain_window(500), Milliseconds(500));
  EXPECT_EQ(drain_window(5'000), Milliseconds(5'000));
  EXPECT_EQ(drain_window(1'000'000), Milliseconds(5'000));
}

}  // namespace
}  // namespace togglecast::app
