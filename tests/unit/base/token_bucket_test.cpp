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

  EXPECT_TRUE(bucket.full(kTwoASecond, later));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(kTwoASecond, later), Milliseconds{0});
  EXPECT_GT(bucket.take(kTwoASecond, later), Milliseconds{0});
  EXPECT_FALSE(bucket.full(kTwoASecond, later));
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

}  // namespace
}  // namespace togglecast
