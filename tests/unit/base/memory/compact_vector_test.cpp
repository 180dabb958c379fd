#include "base/memory/compact_vector.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace togglecast {
namespace {

using Texts = CompactVector<std::shared_ptr<std::string>, 2>;

std::shared_ptr<std::string> text(const char* value) { return std::make_shared<std::string>(value); }

std::vector<std::string> read(const Texts& texts) {
  std::vector<std::string> out;
  for (const auto& one : texts) out.push_back(*one);
  return out;
}

TEST(CompactVector, TakesItsElementsAndEightBytes) {
  EXPECT_EQ(sizeof(CompactVector<std::shared_ptr<std::string>, 1>), 24U);
  EXPECT_EQ(sizeof(CompactVector<std::uint64_t, 3>), 32U);
}

TEST(CompactVector, KeepsTheOrderWhenItMovesToTheHeap) {
  Texts texts;
  for (const char* value : {"a", "b", "c", "d", "e"}) texts.push_back(text(value));

  EXPECT_EQ(read(texts), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(*texts.front(), "a");
  EXPECT_EQ(*texts.back(), "e");

  texts.erase(texts.begin() + 1);
  texts.pop_back();

  EXPECT_EQ(read(texts), (std::vector<std::string>{"a", "c", "d"}));
}

TEST(CompactVector, CopiesAndMovesInPlaceAndOnTheHeap) {
  for (const int count : {0, 1, 2, 3, 7}) {
    Texts texts;
    for (int i = 0; i < count; ++i) texts.push_back(text("x"));
    const auto size = static_cast<std::size_t>(count);

    const Texts copy = texts;
    Texts moved = std::move(texts);
    Texts assigned;
    assigned.push_back(text("before"));
    assigned = moved;
    assigned = std::move(moved);

    EXPECT_EQ(copy.size(), size);
    EXPECT_EQ(assigned.size(), size);
    for (const auto& one : copy) EXPECT_EQ(one.use_count(), 2) << "the copy's and the assigned one's";
  }
}

TEST(CompactVector, EndsItsElements) {
  const auto kept = text("kept");
  {
    Texts texts;
    for (int i = 0; i < 5; ++i) texts.push_back(kept);
    texts.pop_back();
    EXPECT_EQ(kept.use_count(), 5);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace togglecast
