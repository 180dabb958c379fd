#include "base/token_bucket.hpp"

#include <gtest/gtest.h>

namespace togglecast {
namespace {

constexpr Rate kTwoASecond{.per_second = 2, .burst = 3};
const TimePoint kStart{std::chrono::hours{1}};

TEST(TokenBucket, GivesABurstAndThenSaysHowLongToWait) {
  TokenBucket bucket;

  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(kTwoASecond, kStart), Milliseconds{0});

  EXPECT_EQ(bucket.take(kTwoASecond, kStart), Milliseconds{500});
  EXPECT_EQ(bucket.take(kTwoASecond, kStart + Milliseconds{499}), Milliseconds{1});
  EXPECT_EQ(bucket.take(kTwoASecond, kStart + Milliseconds{500}), Milliseconds{0});
}

TEST(TokenBucket, NeverHoldsMoreThanItsBurst) {
  TokenBucket bucket;
  for (int i = 0; i < 3; ++i) (void)bucket.take(kTwoASecond, kStart);

  const TimePoint later = kStart + std::chrono::hours{1};

  EXPECT_TRUE(bucket.full(later));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(kTwoASecond, later), Milliseconds{0});
  EXPECT_GT(bucket.take(kTwoASecond, later), Milliseconds{0});
  EXPECT_FALSE(bucket.full(later));
}

TEST(TokenBucket, TakesWhatAnActionCosts) {
  TokenBucket bucket;

  EXPECT_EQ(bucket.take(kTwoASecond, kStart, 2), Milliseconds{0});

  EXPECT_EQ(bucket.take(kTwoASecond, kStart, 2), Milliseconds{500}) << "one is left, another one is missing";
  EXPECT_EQ(bucket.take(kTwoASecond, kStart), Milliseconds{0});
}

TEST(TokenBucket, AnActionThatCostsMoreThanTheBurstNeedsAFullBucket) {
  TokenBucket bucket;

  EXPECT_EQ(bucket.take(kTwoASecond, kStart, 100), Milliseconds{0});
  EXPECT_EQ(bucket.take(kTwoASecond, kStart, 100), Milliseconds{1'500});
}

TEST(TokenBucket, OwesWhatTurnedOutToCostMore) {
  TokenBucket bucket;
  EXPECT_EQ(bucket.take(kTwoASecond, kStart), Milliseconds{0});

  bucket.charge(kTwoASecond, kStart, 10);

  EXPECT_EQ(bucket.take(kTwoASecond, kStart), Milliseconds{4'500});
  EXPECT_EQ(bucket.take(kTwoASecond, kStart + Milliseconds{4'500}), Milliseconds{0});
}

TEST(TokenBucket, RoundingNeverTakesATokenAway) {
  for (const double per_second : {0.3, 0.7, 3.0, 7.0, 49.0, 333.0}) {
    TokenBucket bucket;
    const Rate rate{.per_second = per_second, .burst = 1'000};
    for (int i = 0; i < 1'000; ++i) EXPECT_EQ(bucket.take(rate, kStart), Milliseconds{0}) << per_second;
    EXPECT_GT(bucket.take(rate, kStart), Milliseconds{0}) << per_second;
  }
}

TEST(TokenBucket, HoldsItsRateForALongTime) {
  TokenBucket bucket;
  int taken = 0;

  for (int ms = 0; ms < 100'000; ++ms) {
    if (bucket.take(kTwoASecond, kStart + Milliseconds{ms}) == Milliseconds{0}) ++taken;
  }

  EXPECT_EQ(taken, 3 + 2 * 99 + 1) << "the burst, and two a second";
}

TEST(TokenBucket, ADebtWithoutEndIsCut) {
  TokenBucket bucket;

  bucket.charge(kTwoASecond, kStart, 1e300);

  EXPECT_GT(bucket.take(kTwoASecond, kStart), std::chrono::hours{24 * 365});
}

}  // namespace
}  // namespace togglecast
