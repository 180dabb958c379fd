#include "auth/login_throttle.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace togglecast::auth {
namespace {

using std::chrono::seconds;

constexpr const char* kHome = "192.0.2.1";
constexpr const char* kElsewhere = "198.51.100.7";

class LoginThrottleTest : public ::testing::Test {
 protected:
  static LoginAttempt of(std::string account, std::string address) {
    const bool exists = !account.starts_with("unknown");
    return {std::move(account), exists, std::move(address)};
  }
  // Seconds until a password would be checked; 0 when it would be checked now.
  unsigned wait(const std::string& account, const std::string& address = kHome) {
    const auto allowed = throttle_.check(of(account, address), clock_.now());
    if (allowed) return 0;
    EXPECT_EQ(allowed.error().code, Errc::rate_limited);
    return static_cast<unsigned>(allowed.error().retry_after / std::chrono::seconds{1});
  }
  void fail(const std::string& account, const std::string& address = kHome, int times = 1) {
    for (int i = 0; i < times; ++i) throttle_.failed(of(account, address), clock_.now());
  }
  void succeed(const std::string& account, const std::string& address = kHome) {
    throttle_.succeeded(of(account, address));
  }
  static std::string stranger(int number) { return "203.0.113." + std::to_string(number); }

  ManualClock clock_;
  LoginThrottle throttle_{{.free_per_pair = 2,
                           .free_per_address = 4,
                           .free_per_account = 6,
                           .longest_wait = seconds(8),
                           .longest_account_wait = seconds(4),
                           .capacity = 10}};
};

TEST_F(LoginThrottleTest, WaitsTwiceAsLongEachTimeUpToABound) {
  fail("owner", "", 2);
  EXPECT_EQ(wait("owner", ""), 0U);
  for (const unsigned expected : {1U, 2U, 4U, 8U, 8U}) {
    fail("owner", "");
    EXPECT_EQ(wait("owner", ""), expected);
    clock_.advance(seconds(expected));
    EXPECT_EQ(wait("owner", ""), 0U);
  }
}

TEST_F(LoginThrottleTest, AttemptsWithoutAnOutcomeCountNothing) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(wait("owner"), 0U);
  EXPECT_EQ(throttle_.remembered(), 0U);
}

TEST_F(LoginThrottleTest, ASuccessClearsTheAccountAtThisAddress) {
  fail("owner", kHome, 3);
  EXPECT_GT(wait("owner"), 0U);

  succeed("owner");

  EXPECT_EQ(wait("owner"), 0U);
}

TEST_F(LoginThrottleTest, FailuresElsewhereDoNotLockOutAnOwner) {
  fail("owner", kHome, 3);

  EXPECT_GT(wait("owner", kHome), 0U);
  EXPECT_EQ(wait("owner", kElsewhere), 0U);
}

TEST_F(LoginThrottleTest, AnAddressThatTriesManyAccountsWaits) {
  for (int i = 0; i < 5; ++i) fail("user" + std::to_string(i));

  EXPECT_GT(wait("user9"), 0U);
}

TEST_F(LoginThrottleTest, ManyAddressesThatTryOneAccountWait) {
  for (int i = 0; i < 7; ++i) fail("owner", stranger(i));

  EXPECT_EQ(wait("owner", stranger(99)), 1U);
  EXPECT_EQ(wait("other", stranger(99)), 0U);
  for (int i = 10; i < 20; ++i) fail("owner", stranger(i));
  EXPECT_EQ(wait("owner", stranger(99)), 4U) << "the bound of this wait";
}

TEST_F(LoginThrottleTest, AnAddressThatLoggedInBeforeIsSparedTheWaitsThatOthersCaused) {
  succeed("owner", kHome);
  for (int i = 0; i < 20; ++i) fail("owner", stranger(i));
  for (int i = 0; i < 20; ++i) fail("user" + std::to_string(i), kHome);

  EXPECT_EQ(wait("owner", kHome), 0U);
  EXPECT_GT(wait("owner", kElsewhere), 0U);
  EXPECT_GT(wait("other", kHome), 0U);
  fail("owner", kHome, 3);
  EXPECT_GT(wait("owner", kHome), 0U) << "its own failures count";
}

TEST_F(LoginThrottleTest, OnlyTheLastAddressesOfAnAccountAreSpared) {
  for (int i = 0; i < 9; ++i) succeed("owner", stranger(i));
  for (int i = 20; i < 40; ++i) fail("owner", stranger(i));

  EXPECT_GT(wait("owner", stranger(0)), 0U);
  for (int i = 1; i < 9; ++i) EXPECT_EQ(wait("owner", stranger(i)), 0U) << i;
}

TEST_F(LoginThrottleTest, WithoutAnAddressOnlyTheAccountCounts) {
  for (int i = 0; i < 20; ++i) fail("user" + std::to_string(i), "");

  EXPECT_EQ(wait("user99", ""), 0U);
}

TEST_F(LoginThrottleTest, ForgetsAfterAWhile) {
  fail("owner", kHome, 3);
  clock_.advance(std::chrono::minutes(31));

  fail("owner", kHome, 2);

  EXPECT_EQ(wait("owner"), 0U);
}

TEST_F(LoginThrottleTest, ANameWithoutAccountWaitsLikeAnAccount) {
  for (const auto& [name, address] : {std::pair{"owner", kHome}, std::pair{"unknown", kElsewhere}}) {
    fail(name, address, 2);
    EXPECT_EQ(wait(name, address), 0U) << name;
    fail(name, address, 1);
    EXPECT_EQ(wait(name, address), 1U) << name;
    for (int i = 0; i < 6; ++i) fail(name, stranger(i));
    EXPECT_GT(wait(name, stranger(99)), 0U) << name;
  }
}

TEST_F(LoginThrottleTest, NamesWithoutAccountDoNotPushOutTheRecordsOfAccounts) {
  fail("owner", kHome, 3);

  for (int i = 0; i < 10'000; ++i) {
    fail("unknown" + std::to_string(i), kElsewhere);
    clock_.advance(Milliseconds(1));
  }

  EXPECT_LE(throttle_.remembered(), 5U * 10U);
  EXPECT_EQ(wait("unknown9999", kHome), 0U);
  clock_.advance(seconds(-10));
  EXPECT_GT(wait("owner", kHome), 0U);
}

TEST_F(LoginThrottleTest, TheRecordWithTheFewestFailuresYields) {
  fail("owner", kHome, 3);

  for (int i = 0; i < 100; ++i) fail("owner", stranger(i));

  EXPECT_GT(wait("owner", kHome), 0U);
}

}  // namespace
}  // namespace togglecast::auth
