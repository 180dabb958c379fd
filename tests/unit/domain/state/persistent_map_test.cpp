#include "domain/state/persistent_map.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace togglecast::domain {
namespace {

using Map = PersistentMap<std::int64_t, int>;
using Difference = std::tuple<std::int64_t, int, int>;  // key, before, after; -1 is absent

std::vector<std::pair<std::int64_t, int>> entries(const Map& map) {
  std::vector<std::pair<std::int64_t, int>> out;
  map.for_each([&](std::int64_t key, int value) { out.emplace_back(key, value); });
  return out;
}

std::vector<Difference> differences(const Map& before, const Map& after) {
  std::vector<Difference> out;
  Map::differences(before, after, [&](std::int64_t key, const int* was, const int* is) {
    out.emplace_back(key, was == nullptr ? -1 : *was, is == nullptr ? -1 : *is);
  });
  return out;
}

TEST(PersistentMap, AnOldVersionKeepsWhatItHad) {
  const Map one = Map().insert(1, 10);

  const Map two = one.insert(1, 11).insert(2, 20);
  const Map three = two.erase(1);

  EXPECT_EQ(entries(one), (std::vector<std::pair<std::int64_t, int>>{{1, 10}}));
  EXPECT_EQ(entries(two), (std::vector<std::pair<std::int64_t, int>>{{1, 11}, {2, 20}}));
  EXPECT_EQ(entries(three), (std::vector<std::pair<std::int64_t, int>>{{2, 20}}));
  EXPECT_EQ(three.size(), 1U);
  EXPECT_EQ(three.find(1), nullptr);
}

TEST(PersistentMap, ErasingWhatIsAbsentChangesNothing) {
  const Map map = Map().insert(1, 10);

  EXPECT_EQ(map.erase(2).size(), 1U);
  EXPECT_TRUE(differences(map, map.erase(2)).empty());
}

TEST(PersistentMap, WalksFromAKeyUntilTold) {
  Map map;
  for (int i = 1; i <= 100; ++i) map = map.insert(i, i);
  std::vector<std::int64_t> seen;

  map.for_each_from(std::int64_t{40}, [&](std::int64_t key, int) {
    seen.push_back(key);
    return seen.size() < 3;
  });

  EXPECT_EQ(seen, (std::vector<std::int64_t>{40, 41, 42}));
}

TEST(PersistentMap, BehavesAsAStandardMapUnderRandomEdits) {
  std::mt19937 random(7);
  Map map;
  std::map<std::int64_t, int> model;

  for (int step = 0; step < 4'000; ++step) {
    const auto key = static_cast<std::int64_t>(random() % 300);
    if (random() % 3 == 0) {
      map = map.erase(key);
      model.erase(key);
    } else {
      map = map.insert(key, step);
      model[key] = step;
    }
    ASSERT_EQ(map.size(), model.size());
  }

  EXPECT_EQ(entries(map), (std::vector<std::pair<std::int64_t, int>>(model.begin(), model.end())));
}

TEST(PersistentMap, DifferencesAreExactlyTheDifferentKeysInOrder) {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    Map before;
    for (int i = 0; i < 60; ++i) before = before.insert(static_cast<std::int64_t>(random() % 100), 1);
    Map after = before;
    for (int i = 0; i < 12; ++i) {
      const auto key = static_cast<std::int64_t>(random() % 100);
      after = random() % 2 == 0 ? after.erase(key) : after.insert(key, 2);
    }
    std::vector<Difference> expected;
    for (std::int64_t key = 0; key < 100; ++key) {
      const int* was = before.find(key);
      const int* is = after.find(key);
      if ((was == nullptr ? -1 : *was) != (is == nullptr ? -1 : *is))
        expected.emplace_back(key, was == nullptr ? -1 : *was, is == nullptr ? -1 : *is);
    }

    EXPECT_EQ(differences(before, after), expected);
  }
}

TEST(PersistentMap, FindsKeysByAnythingComparable) {
  const auto map = PersistentMap<std::string, int>().insert("web", 1);

  EXPECT_EQ(*map.find(std::string_view("web")), 1);
  EXPECT_EQ(map.find("ios"), nullptr);
}

struct Counted {
  explicit Counted(int number) : value(number) {}
  Counted(const Counted& other) : value(other.value) { ++copies; }
  Counted& operator=(const Counted&) = delete;
  friend bool operator==(const Counted& a, const Counted& b) { return a.value == b.value; }
  int value;
  static inline int copies = 0;
};

TEST(PersistentMap, AnEditCopiesOnlyThePathToIt) {
  PersistentMap<std::int64_t, Counted> counted;
  for (int i = 0; i < 10'000; ++i) counted = counted.insert(i, Counted(i));
  Counted::copies = 0;

  const auto edited = counted.insert(5'000, Counted(-1));

  EXPECT_LT(Counted::copies, 100);
  EXPECT_EQ(edited.find(5'000)->value, -1);
  EXPECT_EQ(counted.find(5'000)->value, 5'000);
}

TEST(PersistentMap, ComparingNeighboursLooksAtFewEntries) {
  PersistentMap<std::int64_t, Counted> map;
  for (int i = 0; i < 10'000; ++i) map = map.insert(i, Counted(i));
  const auto edited = map.insert(5'000, Counted(-1)).erase(7);
  Counted::copies = 0;
  int found = 0;

  PersistentMap<std::int64_t, Counted>::differences(
      map, edited, [&](std::int64_t, const Counted*, const Counted*) { ++found; });

  EXPECT_EQ(found, 2);
  EXPECT_LT(Counted::copies, 200);
}

}  // namespace
}  // namespace togglecast::domain
