#include "auth/login_throttle.hpp"

#include <gtest/gtest.h>

namespace togglecast::auth {
namespace {

using std::chrono::seconds;

class LoginBrakeTest : public ::testing::Test {
 protected:
  // Seconds to wait; 0 when the attempt is allowed.
  unsigned attempt(std::string_view account, std::string_view address = "192.0.2.1") {
    const auto allowed = brake_.attempt(account, address, clock_.now());
    if (allowed) return 0;
    EXPECT_EQ(allowed.error().code, Errc::rate_limited);
    return allowed.error().retry_after_seconds;
  }

  ManualClock clock_;
  LoginThrottle brake_{{.free_per_account = 2, .free_per_address = 4, .longest_wait = seconds(8)}};
};

TEST_F(LoginBrakeTest, WaitsTwiceAsLongEachTimeUpToABound) {
  EXPECT_EQ(attempt("owner", ""), 0U);
  EXPECT_EQ(attempt("owner", ""), 0U);
  EXPECT_EQ(attempt("owner", ""), 0U);
  for (const unsigned wait : {1U, 2U, 4U, 8U, 8U}) {
    EXPECT_EQ(attempt("owner", ""), wait);
    clock_.advance(seconds(wait));
    EXPECT_EQ(attempt("owner", ""), 0U);
  }
}

TEST_F(LoginBrakeTest, ASuccessClearsTheAccount) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(attempt("owner"), 0U);
  brake_.succeeded("owner", "192.0.2.1");

  EXPECT_EQ(attempt("owner"), 0U);
  EXPECT_EQ(attempt("owner"), 0U);
}

TEST_F(LoginBrakeTest, NobodyElsewhereIsLockedOut) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(attempt("owner", "192.0.2.1"), 0U);

  EXPECT_GT(attempt("owner", "192.0.2.1"), 0U);
  EXPECT_EQ(attempt("owner", "198.51.100.7"), 0U);
}

TEST_F(LoginBrakeTest, AnAddressThatTriesManyAccountsWaitsToo) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(attempt("user" + std::to_string(i)), 0U);

  EXPECT_GT(attempt("user9"), 0U);
}

TEST_F(LoginBrakeTest, WithoutAnAddressOnlyTheAccountCounts) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(attempt("user" + std::to_string(i), ""), 0U);
}

TEST_F(LoginBrakeTest, ForgetsAfterAWhile) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(attempt("owner"), 0U);
  clock_.advance(std::chrono::minutes(31));

  EXPECT_EQ(attempt("owner"), 0U);
  EXPECT_EQ(attempt("owner"), 0U);
  EXPECT_EQ(attempt("owner"), 0U);
}

TEST(LoginBrakeMemory, IsBounded) {
  ManualClock clock;
  LoginThrottle brake({.free_per_account = 1, .capacity = 10});
  EXPECT_TRUE(brake.attempt("owner", "", clock.now()).has_value());
  EXPECT_TRUE(brake.attempt("owner", "", clock.now()).has_value());
  EXPECT_FALSE(brake.attempt("owner", "", clock.now()).has_value());

  for (int i = 0; i < 10; ++i) {
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(brake.attempt("user" + std::to_string(i), "", clock.now()).has_value());
  }

  EXPECT_TRUE(brake.attempt("owner", "", clock.now()).has_value());  // the oldest record yielded
}

}  // namespace
}  // namespace togglecast::auth
