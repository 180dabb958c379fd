#include "base/memory/recently_used.hpp"

#include <gtest/gtest.h>

#include <string>

namespace togglecast {
namespace {

TEST(RecentlyUsed, IsKnownByItsWholeText) {
  RecentlyUsed<int> kept(8);
  kept.keep("a.b.c", 7);

  EXPECT_EQ(kept.find("a.b.c"), 7);
  EXPECT_EQ(kept.find("a.b.d"), std::nullopt);
  EXPECT_EQ(kept.find("a.b."), std::nullopt);
}

TEST(RecentlyUsed, WhatComesAgainStaysAndTheRestMakesRoom) {
  RecentlyUsed<int> kept(8);
  kept.keep("again", 1);
  kept.keep("once", 2);

  for (int i = 0; i < 100; ++i) {
    kept.keep("stranger " + std::to_string(i), 3);
    ASSERT_EQ(kept.find("again"), 1) << i;
  }

  EXPECT_EQ(kept.find("once"), std::nullopt);
  int strangers = 0;
  for (int i = 0; i < 100; ++i) strangers += kept.find("stranger " + std::to_string(i)) ? 1 : 0;
  EXPECT_GT(strangers, 0);
  EXPECT_LE(strangers, 8);
}

TEST(RecentlyUsed, MakesRoomByWeight) {
  RecentlyUsed<int> kept(1'000);
  kept.keep("heavy", 1, 400);
  for (int i = 0; i < 10; ++i) kept.keep("heavy", i, 400);
  EXPECT_EQ(kept.find("heavy"), 9) << "it counts once";

  kept.keep("another", 2, 400);
  EXPECT_EQ(kept.find("heavy"), 9) << "one of the older ones, by now of the recent";
  kept.keep("third", 3, 400);

  EXPECT_EQ(kept.find("another"), std::nullopt);
  EXPECT_EQ(kept.find("third"), 3);
}

TEST(RecentlyUsed, TheLastValueCounts) {
  RecentlyUsed<int> kept(8);
  kept.keep("a", 1);
  kept.keep("a", 2);

  EXPECT_EQ(kept.find("a"), 2);
}

}  // namespace
}  // namespace togglecast
