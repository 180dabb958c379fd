#include "service/accounts/admin_rates.hpp"

#include <gtest/gtest.h>

namespace togglecast::service {
namespace {

const TimePoint kBeginning{std::chrono::hours{1}};

TEST(AdminRates, LimitEachAdminAlone) {
  AdminRates rates({.per_second = 0.25, .burst = 2}, "changes");
  EXPECT_TRUE(rates.take(1, kBeginning));
  EXPECT_TRUE(rates.take(1, kBeginning));

  const auto third = rates.take(1, kBeginning);

  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Errc::rate_limited);
  EXPECT_EQ(third.error().message, "too many changes in a short time; slow down");
  EXPECT_EQ(third.error().retry_after, std::chrono::seconds{4});
  EXPECT_TRUE(rates.take(2, kBeginning));
  EXPECT_TRUE(rates.take(1, kBeginning + std::chrono::seconds{4}));
}

}  // namespace
}  // namespace togglecast::service
