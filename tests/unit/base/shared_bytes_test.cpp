#include "base/shared_bytes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace togglecast {
namespace {

TEST(SharedBytes, CopiesWhatItIsGivenOnce) {
  std::string source = "bytes";
  const SharedBytes bytes(source);
  source = "other";
  const SharedBytes copy = bytes;

  EXPECT_EQ(copy.view(), "bytes");
  EXPECT_EQ(copy.view().data(), bytes.view().data());
  EXPECT_TRUE(copy.same_as(bytes));
  EXPECT_FALSE(SharedBytes("bytes").same_as(bytes));
}

TEST(SharedBytes, TellsNothingFromEmpty) {
  const SharedBytes nothing;
  const SharedBytes empty("");

  EXPECT_FALSE(nothing);
  EXPECT_TRUE(empty);
  EXPECT_TRUE(nothing.empty());
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(nothing.view(), "");
}

TEST(SharedBytes, IsMovedAndAssigned) {
  SharedBytes first("one");
  SharedBytes second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): nothing is what a moved-from one holds
  first = second;
  first = *&first;
  second = SharedBytes("two");

  EXPECT_EQ(first.view(), "one");
  EXPECT_EQ(second.view(), "two");
}

TEST(SharedBytes, IsFilledInPlace) {
  const SharedBytes bytes = SharedBytes::make(3, [](char* out) { std::string_view("abc").copy(out, 3); });

  EXPECT_EQ(bytes.view(), "abc");
}

TEST(SharedBytes, OutlivesItsThread) {
  std::vector<std::thread> threads;
  SharedBytes bytes("shared");
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = bytes] {
      for (int n = 0; n < 1000; ++n) {
        const SharedBytes again = copy;
        ASSERT_EQ(again.view(), "shared");
      }
    });
  }
  bytes = SharedBytes();
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace togglecast
