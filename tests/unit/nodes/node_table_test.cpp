#include "nodes/node_table.hpp"

#include <gtest/gtest.h>

namespace togglecast::nodes {
namespace {

using Heard = NodeTable::Heard;

constexpr UnixMillis kWall{1'700'000'000'000};
const TimePoint kStart = TimePoint{} + std::chrono::hours{1};

Beacon from(std::string name) {
  Beacon beacon;
  beacon.name = std::move(name);
  return beacon;
}

TEST(NodeTable, ANodeIsGoneWhenItWasSilentForLongerThanThePatience) {
  NodeTable table(std::chrono::seconds{5});
  EXPECT_EQ(table.take("1", from("a"), {}, kStart, kWall), Heard::joined);
  EXPECT_EQ(table.take("2", from("b"), {}, kStart, kWall), Heard::joined);
  EXPECT_EQ(table.take("1", from("a"), {}, kStart + std::chrono::seconds{3}, kWall), Heard::again);

  EXPECT_TRUE(table.expire(kStart + std::chrono::seconds{5}, kWall).empty());
  const auto silent = table.expire(kStart + std::chrono::seconds{6}, kWall);

  ASSERT_EQ(silent.size(), 1U);
  EXPECT_EQ(silent[0].name, "b");
  EXPECT_FALSE(silent[0].left);
  EXPECT_EQ(table.live().size(), 1U);
  EXPECT_FALSE(table.is_live(table.live().at("1"), kStart + std::chrono::seconds{9}));
}

TEST(NodeTable, ANodeThatTakesLeaveIsNotLost) {
  NodeTable table(std::chrono::seconds{5});
  table.take("1", from("a"), {}, kStart, kWall);
  Beacon last = from("a");
  last.leaving = true;

  EXPECT_EQ(table.take("1", last, {}, kStart, kWall), Heard::left);
  EXPECT_EQ(table.take("1", last, {}, kStart, kWall), Heard::ignored);
  ASSERT_EQ(table.gone().size(), 1U);
  EXPECT_TRUE(table.gone().front().left);
  EXPECT_TRUE(table.expire(kStart + std::chrono::hours{1}, kWall).empty());
}

TEST(NodeTable, ANodeThatComesBackUnderItsNameIsNotAmongTheGone) {
  NodeTable table(std::chrono::seconds{5});
  table.take("1", from("a"), {}, kStart, kWall);
  table.expire(kStart + std::chrono::seconds{6}, kWall);

  EXPECT_EQ(table.take("2", from("a"), {}, kStart + std::chrono::seconds{7}, kWall), Heard::joined);
  EXPECT_TRUE(table.gone().empty());
}

TEST(NodeTable, ForgetsThoseThatHaveBeenGoneForLongAndHasBounds) {
  NodeTable table(std::chrono::seconds{5});
  for (int i = 0; i < 400; ++i)
    table.take(std::to_string(i), from("n" + std::to_string(i)), {}, kStart, kWall);
  EXPECT_EQ(table.live().size(), NodeTable::kMostLive);
  EXPECT_EQ(table.take("more", from("more"), {}, kStart, kWall), Heard::ignored);

  table.expire(kStart + std::chrono::seconds{6}, kWall);
  EXPECT_EQ(table.gone().size(), NodeTable::kMostGone);
  table.expire(kStart + std::chrono::seconds{6},
               UnixMillis{kWall.value + Milliseconds(NodeTable::kGoneShown).count() + 1});
  EXPECT_TRUE(table.gone().empty());
}

}  // namespace
}  // namespace togglecast::nodes
