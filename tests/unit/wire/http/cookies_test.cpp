#include "wire/http/cookies.hpp"

#include <gtest/gtest.h>

namespace togglecast::wire::http {
namespace {

TEST(Cookies, FindsAValueByItsWholeName) {
  EXPECT_EQ(cookie("a=1; b=2; c=3", "b"), "2");
  EXPECT_EQ(cookie("b=2", "b"), "2");
  EXPECT_EQ(cookie("bb=1; b=2", "b"), "2");
  EXPECT_EQ(cookie("a=b=2", "b"), std::nullopt);
  EXPECT_EQ(cookie("B=2", "b"), std::nullopt);
}

TEST(Cookies, TheFirstOfSeveralCounts) { EXPECT_EQ(cookie("b=1; b=2", "b"), "1"); }

TEST(Cookies, AValueMayHaveEqualsSignsQuotesOrNothing) {
  EXPECT_EQ(cookie("b=x=y==", "b"), "x=y==");
  EXPECT_EQ(cookie("b=\"x\"", "b"), "x");
  EXPECT_EQ(cookie("b=", "b"), "");
  EXPECT_EQ(cookie("b=\"", "b"), "\"");
}

TEST(Cookies, PassesOverWhatIsMalformed) {
  EXPECT_EQ(cookie("", "b"), std::nullopt);
  EXPECT_EQ(cookie(";;  ; =x; nonsense;b=2", "b"), "2");
  EXPECT_EQ(cookie("  b  =  2  ", "b"), "2");
}

}  // namespace
}  // namespace togglecast::wire::http
