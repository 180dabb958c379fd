#include "egress/breaker.hpp"

#include <gtest/gtest.h>

namespace togglecast::egress {
namespace {

using State = Breaker::State;
constexpr BreakerOptions kOptions{
    .failures = 3, .first = Milliseconds{1'000}, .longest = Milliseconds{4'000}};
constexpr TimePoint kStart{Milliseconds{1'000'000}};

class BreakerTest : public ::testing::Test {
 protected:
  TimePoint after(int milliseconds) const { return kStart + Milliseconds{milliseconds}; }
  void open(int at = 0) {
    for (unsigned i = 0; i < kOptions.failures; ++i) breaker_.failed(kOptions, after(at), jitter_);
  }

  Jitter jitter_{std::nullopt};
  Breaker breaker_;
};

TEST_F(BreakerTest, OpensAfterFailuresInARow) {
  EXPECT_FALSE(breaker_.failed(kOptions, kStart, jitter_));
  EXPECT_FALSE(breaker_.failed(kOptions, kStart, jitter_));
  EXPECT_EQ(breaker_.admit(kStart), Milliseconds{0});
  EXPECT_TRUE(breaker_.failed(kOptions, kStart, jitter_));

  EXPECT_EQ(breaker_.admit(kStart), Milliseconds{1'000});
  EXPECT_EQ(breaker_.state(kStart), State::open);
}

TEST_F(BreakerTest, ASuccessBetweenThemCountsFromTheBeginning) {
  breaker_.failed(kOptions, kStart, jitter_);
  breaker_.failed(kOptions, kStart, jitter_);
  EXPECT_FALSE(breaker_.succeeded());
  breaker_.failed(kOptions, kStart, jitter_);
  breaker_.failed(kOptions, kStart, jitter_);

  EXPECT_EQ(breaker_.state(kStart), State::closed);
}

TEST_F(BreakerTest, LetsOneProbeThroughWhenItsTimeIsOver) {
  open();

  EXPECT_EQ(breaker_.state(after(1'000)), State::half_open);
  EXPECT_EQ(breaker_.admit(after(1'000)), Milliseconds{0});
  EXPECT_GT(breaker_.admit(after(1'000)), Milliseconds{0});
}

TEST_F(BreakerTest, AProbeThatSucceedsClosesIt) {
  open();
  (void)breaker_.admit(after(1'000));

  EXPECT_TRUE(breaker_.succeeded());
  EXPECT_EQ(breaker_.state(after(1'000)), State::closed);
  EXPECT_EQ(breaker_.admit(after(1'000)), Milliseconds{0});
}

TEST_F(BreakerTest, EachProbeThatFailsDoublesTheTimeToALimit) {
  open();
  int at = 1'000;
  for (const int pause : {2'000, 4'000, 4'000}) {
    ASSERT_EQ(breaker_.admit(after(at)), Milliseconds{0});
    EXPECT_FALSE(breaker_.failed(kOptions, after(at), jitter_)) << "it was open before";
    EXPECT_EQ(breaker_.admit(after(at)), Milliseconds{pause});
    at += pause;
  }
}

TEST_F(BreakerTest, AProbeThatSaysNothingMakesRoomForAnother) {
  open();
  (void)breaker_.admit(after(1'000));
  breaker_.abandoned();

  EXPECT_EQ(breaker_.admit(after(1'000)), Milliseconds{0});
}

TEST_F(BreakerTest, FailuresOfRequestsThatWentOutBeforeDoNotProlongIt) {
  open();
  breaker_.failed(kOptions, after(900), jitter_);

  EXPECT_EQ(breaker_.admit(after(1'000)), Milliseconds{0});
}

}  // namespace
}  // namespace togglecast::egress
