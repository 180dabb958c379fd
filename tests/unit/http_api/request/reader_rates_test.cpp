#include "http_api/request/reader_rates.hpp"

#include <gtest/gtest.h>

namespace togglecast::http_api {
namespace {

constexpr Rate kRate{.per_second = 100, .burst = 1'000};

TEST(ReaderRates, EachReaderHasItsOwn) {
  ReaderRates rates(kRate, "slow down (--rate)");
  const TimePoint now{};

  EXPECT_TRUE(rates.take("a", now, 1'000).has_value());
  const auto refused = rates.take("a", now, 150);
  EXPECT_TRUE(rates.take("b", now, 1'000).has_value());

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::rate_limited);
  EXPECT_EQ(refused.error().message, "slow down (--rate)");
  EXPECT_EQ(refused.error().retry_after, Milliseconds{1500});
  EXPECT_TRUE(rates.take("a", now + std::chrono::seconds(2), 150).has_value());
}

TEST(ReaderRates, MoreThanTheBurstIsPossibleOnceItIsFull) {
  ReaderRates rates(kRate, "slow down (--rate)");

  EXPECT_TRUE(rates.take("a", TimePoint{}, 5'000).has_value());
  EXPECT_FALSE(rates.take("a", TimePoint{}, 1).has_value());
}

TEST(ReaderRates, ReadersThatRestAreForgotten) {
  ReaderRates rates(kRate, "slow down (--rate)");
  TimePoint now{};
  for (int i = 0; i < 100'000; ++i) {
    now += std::chrono::milliseconds(100);
    ASSERT_TRUE(rates.take(std::to_string(i), now, 100).has_value());
  }

  EXPECT_LT(rates.readers(), 5'000U);
}

}  // namespace
}  // namespace togglecast::http_api
