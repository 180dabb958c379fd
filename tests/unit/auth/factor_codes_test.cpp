#include "auth/factor_codes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "auth/codes/recovery_codes.hpp"
#include "auth/codes/totp.hpp"

namespace togglecast::auth {
namespace {

class FactorCodesTest : public ::testing::Test {
 protected:
  FactorCodesTest() {
    keys_.add(SigningKey::make("first", random_signing_secret(random_)).value());
    factor_.username = "alice";
    factor_.sealed = codes_.make_secret("alice");
    factor_.confirmed_at = clock_.wall_now();
    for (const Secret& code : recovery_) factor_.recovery.push_back(digest_of_recovery_code(code.reveal()));
  }
  [[nodiscard]] Secret code(std::int64_t drift = 0) const {
    const auto step = static_cast<std::uint64_t>(step_at(clock_.wall_now()) + drift);
    return Secret(hotp(codes_.secret_of(factor_).value(), step));
  }
  [[nodiscard]] Result<void> prove(const Secret& code, const std::string& address = "192.0.2.1") {
    return codes_.prove(factor_, code, address);
  }
  /// Six digits that are the code of no step nearby.
  [[nodiscard]] Secret wrong() const {
    for (int number = 0;; ++number) {
      std::string text = std::to_string(number);
      text.insert(0, 6 - text.size(), '0');
      if (!codes_.use(factor_, Secret(text), clock_.wall_now())) return Secret(text);
    }
  }

  ManualClock clock_;
  SystemRandom random_;
  KeyRing keys_;
  FactorCodes codes_{keys_, random_, clock_};
  std::vector<Secret> recovery_ = random_recovery_codes(random_);
  domain::SecondFactor factor_;
};

TEST_F(FactorCodesTest, ACodeOfTheAppCountsOnce) {
  const Secret now = code();
  const auto after = codes_.use(factor_, now, clock_.wall_now());

  ASSERT_TRUE(after.has_value()) << after.error().message;
  EXPECT_EQ(after->last_step, step_at(clock_.wall_now()));
  EXPECT_EQ(codes_.use(*after, now, clock_.wall_now()).error().code, Errc::unauthenticated);
  EXPECT_TRUE(codes_.use(*after, code(1), clock_.wall_now()).has_value());
}

TEST_F(FactorCodesTest, SpacesInACodeDoNotCount) {
  const std::string text = code().reveal();

  EXPECT_TRUE(codes_.use(factor_, Secret(text.substr(0, 3) + ' ' + text.substr(3)), clock_.wall_now()));
}

TEST_F(FactorCodesTest, ARecoveryCodeCountsOnceAndLeavesTheOthers) {
  const auto after = codes_.use(factor_, recovery_[3], clock_.wall_now());

  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(after->recovery.size(), 9U);
  EXPECT_FALSE(codes_.use(*after, recovery_[3], clock_.wall_now()));
  EXPECT_TRUE(codes_.use(*after, recovery_[4], clock_.wall_now()));
}

TEST_F(FactorCodesTest, BeforeItIsConfirmedOnlyTheAppCounts) {
  factor_.confirmed_at.reset();

  EXPECT_FALSE(codes_.use(factor_, recovery_[0], clock_.wall_now()));
  EXPECT_TRUE(codes_.use(factor_, code(), clock_.wall_now()));
}

TEST_F(FactorCodesTest, ASecretSealedForAnotherAccountIsRefused) {
  factor_.username = "bob";

  EXPECT_EQ(codes_.use(factor_, Secret("123456"), clock_.wall_now()).error().code, Errc::internal);
}

TEST_F(FactorCodesTest, WrongCodesSlowTheNextOneDownTheRightOneToo) {
  for (int i = 0; i < 6; ++i) EXPECT_EQ(prove(wrong()).error().code, Errc::unauthenticated);

  const auto braked = prove(code());
  ASSERT_FALSE(braked);
  EXPECT_EQ(braked.error().code, Errc::rate_limited);
  EXPECT_EQ(braked.error().message, "too many wrong codes; try again in 1 s");
  clock_.advance(std::chrono::seconds{1});
  EXPECT_TRUE(prove(code()));
}

TEST_F(FactorCodesTest, ManyAddressesTogetherGetFewTries) {
  int tried = 0;
  for (int i = 0; i < 100; ++i)
    if (prove(wrong(), "192.0.2." + std::to_string(i)).error().code == Errc::unauthenticated) ++tried;

  EXPECT_EQ(tried, 11);
}

TEST_F(FactorCodesTest, AnAddressThatHasGotInIsNotLockedOutByStrangers) {
  ASSERT_TRUE(prove(code()));
  for (int i = 0; i < 50; ++i) (void)prove(wrong(), "198.51.100." + std::to_string(i));

  EXPECT_EQ(prove(code(), "203.0.113.1").error().code, Errc::rate_limited);
  EXPECT_TRUE(prove(code()));
}

TEST_F(FactorCodesTest, WrongCodesAtOnceAreAllCounted) {
  const Secret guess = wrong();
  std::atomic<int> tried{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n)
        if (prove(guess).error().code == Errc::unauthenticated) ++tried;
    });
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(tried, 6);
}

TEST_F(FactorCodesTest, OtherNodesAreToldAndCount) {
  ManualClock their_clock;
  FactorCodes theirs(keys_, random_, their_clock);
  codes_.tell([&](const LoginAttempt& attempt, bool opened) {
    EXPECT_TRUE(FactorCodes::is_of_codes(attempt));
    EXPECT_EQ(attempt.account.find("alice"), std::string::npos);
    theirs.checked_elsewhere(attempt, opened);
  });
  for (int i = 0; i < 6; ++i) (void)prove(wrong());

  EXPECT_EQ(theirs.prove(factor_, code(), "192.0.2.1").error().code, Errc::rate_limited);
}

}  // namespace
}  // namespace togglecast::auth
