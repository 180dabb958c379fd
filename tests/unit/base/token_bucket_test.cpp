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

}  // namespace
}  // namespace togglecast
