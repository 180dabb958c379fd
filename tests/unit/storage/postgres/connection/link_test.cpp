#include "storage/postgres/connection/link.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/temporary_folder.hpp"

namespace togglecast::storage::postgres {
namespace {

using Steady = Backoff::Steady;

constexpr Milliseconds kNothing{0};

/// The pauses after so many failures in a row.
std::vector<Milliseconds> pauses(Backoff& backoff, int failures) {
  std::vector<Milliseconds> drawn;
  for (int n = 0; n < failures; ++n) {
    backoff.failed(Steady::time_point{});
    drawn.push_back(backoff.drawn());
  }
  return drawn;
}

TEST(PostgresBackoff, LetsTheFirstTryThroughAtOnce) {
  const Backoff backoff;

  EXPECT_TRUE(backoff.is_over(Steady::now()));
}

TEST(PostgresBackoff, IsOverWhenThePauseHasPassedAndNotSooner) {
  Backoff backoff;
  const Steady::time_point now{Milliseconds{5'000}};

  backoff.failed(now);

  ASSERT_GT(backoff.drawn(), kNothing);
  EXPECT_FALSE(backoff.is_over(now));
  EXPECT_FALSE(backoff.is_over(now + backoff.drawn() - Milliseconds{1}));
  EXPECT_TRUE(backoff.is_over(now + backoff.drawn()));
}

// Each pause is drawn from the upper half of one that doubles.
TEST(PostgresBackoff, DoublesFromATenthOfASecondUpToTwo) {
  const std::vector<Milliseconds> longest{Milliseconds{100},   Milliseconds{200},   Milliseconds{400},
                                          Milliseconds{800},   Milliseconds{1'600}, Milliseconds{2'000},
                                          Milliseconds{2'000}, Milliseconds{2'000}};
  for (int round = 0; round < 200; ++round) {
    Backoff backoff;
    const auto drawn = pauses(backoff, static_cast<int>(longest.size()));
    for (std::size_t n = 0; n < longest.size(); ++n) {
      EXPECT_GE(drawn[n], longest[n] / 2) << "failure " << n + 1;
      EXPECT_LE(drawn[n], longest[n]) << "failure " << n + 1;
    }
  }
}

// Many nodes lose the server at the same moment, and must not come back at the same moment. Of 300 draws from
// 51 and from 1,001 values, half of them are reached except once in far more runs than anybody makes.
TEST(PostgresBackoff, VariesFromNodeToNode) {
  std::set<Milliseconds> first, late;
  for (int node = 0; node < 300; ++node) {
    Backoff backoff;
    const auto drawn = pauses(backoff, 6);
    first.insert(drawn.front());
    late.insert(drawn.back());
  }

  EXPECT_GT(first.size(), 25U);
  EXPECT_GT(late.size(), 150U);
  EXPECT_LT(*late.begin(), Milliseconds{1'250});
  EXPECT_GT(*late.rbegin(), Milliseconds{1'750});
}

TEST(PostgresBackoff, BeginsAgainWithAShortPauseAfterItWorked) {
  Backoff backoff;
  (void)pauses(backoff, 6);

  backoff.worked();
  backoff.failed(Steady::time_point{});

  EXPECT_LE(backoff.drawn(), Milliseconds{100});
}

TEST(PostgresLink, FailsAtOnceWithTheLastReasonBetweenTwoTries) {
  const togglecast::testing::TemporaryFolder nobody;
  LinkCounters counters;
  Link link({.text = "host=" + nobody.path().string() + " user=togglecast dbname=togglecast"}, counters);

  // The sixth pause lasts a second at least. The calls that follow take far less.
  constexpr std::uint64_t kTries = 6;
  std::string reason;
  ASSERT_TRUE(test::eventually([&] {
    const auto failed = link.connection();
    if (!failed) reason = failed.error().message;
    return counters.failures >= kTries;
  }));
  for (int n = 0; n < 10; ++n) {
    const auto refused = link.ask("SELECT 1");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_EQ(refused.error().message, reason);
  }

  EXPECT_EQ(counters.failures, kTries) << "no further try";
  EXPECT_EQ(counters.connects, 0U);
}

}  // namespace
}  // namespace togglecast::storage::postgres
