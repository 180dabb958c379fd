#include "realtime/session/token_expiry.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace togglecast::realtime {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Milliseconds kWarning{60'000};

TEST(TokenExpiry, WarnsOneConnectionAfterTheOther) {
  std::set<Milliseconds> told;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    Jitter jitter(seed);
    told.insert(warn_after(hours(1), kWarning, jitter));
  }

  EXPECT_GT(told.size(), 900U);
  EXPECT_GE(*told.begin(), hours(1) - seconds(90));
  EXPECT_LE(*told.rbegin(), hours(1) - kWarning);
}

TEST(TokenExpiry, AShortLifeHasAWarningToo) {
  std::set<Milliseconds> told;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    Jitter jitter(seed);
    told.insert(warn_after(seconds(2), kWarning, jitter));
  }

  EXPECT_GT(told.size(), 300U) << "of 501 milliseconds";
  EXPECT_GE(*told.begin(), Milliseconds{500});
  EXPECT_LE(*told.rbegin(), Milliseconds{1'000});
}

TEST(TokenExpiry, IsDueAtOnceWhenNothingIsLeft) {
  Jitter jitter(1);

  EXPECT_EQ(warn_after(Milliseconds{0}, kWarning, jitter), Milliseconds{0});
  EXPECT_EQ(warn_after(Milliseconds{-5'000}, kWarning, jitter), Milliseconds{0});
}

}  // namespace
}  // namespace togglecast::realtime
