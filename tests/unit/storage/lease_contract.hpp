// The part of the contract of every store that is about leases. A lease that lasts no time has expired when
// the next call comes.
#pragma once

#include <string>

#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

class LeaseContract : public StoreContract {
 protected:
  static constexpr Milliseconds kLong = std::chrono::hours{1};
  static constexpr Milliseconds kNothing{0};

  LeaseState acquire(const std::string& holder, Milliseconds lasts = kLong) {
    return store_->leases().acquire("upkeep", holder, lasts).value();
  }
  Fence fence_of(const std::string& holder, std::int64_t number) { return {"upkeep", holder, number}; }
  Result<void> commit_with(const Fence& fence, int id) {
    auto transaction = store_->begin("production").value();
    const auto row = row_on(transaction->head(), {create(platform(id, "p" + std::to_string(id)))});
    const auto indexed = domain::index_row(row);
    return transaction->commit(
        {.row = &indexed, .secrets = {}, .idempotency = {}, .outcome = {}, .at = {}, .fence = fence});
  }
};

TEST_P(LeaseContract, ALeaseThatNobodyHasIsHadAtOnce) { EXPECT_EQ(acquire("a").holder, "a"); }

TEST_P(LeaseContract, OneNodeHasItUntilItGivesItBack) {
  const auto first = acquire("a");

  EXPECT_EQ(acquire("b").holder, "a");
  EXPECT_EQ(acquire("b").number, first.number);
  ASSERT_TRUE(store_->leases().release("upkeep", "b").has_value());
  EXPECT_EQ(acquire("b").holder, "a") << "only the holder gives it back";
  ASSERT_TRUE(store_->leases().release("upkeep", "a").has_value());
  EXPECT_EQ(acquire("b").holder, "b");
  EXPECT_EQ(acquire("a").holder, "b");
}

TEST_P(LeaseContract, ANodeThatDiesLosesItWhenItExpires) {
  const auto of_dead = acquire("a", kNothing);

  const auto next = acquire("b");

  EXPECT_EQ(next.holder, "b");
  EXPECT_GT(next.number, of_dead.number);
}

TEST_P(LeaseContract, RenewingKeepsTheNumberAndEachNewHolderGetsAHigherOne) {
  const auto first = acquire("a");

  EXPECT_EQ(acquire("a").number, first.number);
  EXPECT_EQ(acquire("a", kNothing).number, first.number);
  EXPECT_EQ(acquire("a").number, first.number) << "it had expired, and nobody had taken it";
  ASSERT_TRUE(store_->leases().release("upkeep", "a").has_value());
  EXPECT_GT(acquire("a").number, first.number) << "another node may have had it between";
}

TEST_P(LeaseContract, LeasesOfOtherNamesAreIndependent) {
  acquire("a");

  EXPECT_EQ(store_->leases().acquire("other", "b", kLong)->holder, "b");
}

TEST_P(LeaseContract, ACommitNeedsTheLeaseOfItsFence) {
  const auto slept = acquire("a", kNothing);
  EXPECT_TRUE(commit_with(fence_of("a", slept.number), 1).has_value()) << "nobody has taken it yet";
  const auto awake = acquire("b");

  const auto refused = commit_with(fence_of("a", slept.number), 2);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(load("production", 1).snapshot->revision(), 1);
  EXPECT_FALSE(commit_with(fence_of("b", slept.number), 2).has_value()) << "the number counts";
  EXPECT_FALSE(commit_with({"never", "b", awake.number}, 2).has_value());
  EXPECT_TRUE(commit_with(fence_of("b", awake.number), 2).has_value());
}

TEST_P(LeaseContract, PruningAndForgettingNeedTheLeaseOfTheirFence) {
  for (int id = 1; id <= 3; ++id) write({create(platform(id, "p" + std::to_string(id)))});
  const auto slept = fence_of("a", acquire("a", kNothing).number);
  const auto awake = fence_of("b", acquire("b").number);

  EXPECT_EQ(store_->prune_log("production", 2, {.fence = slept}).error().code, Errc::conflict);
  EXPECT_EQ(store_->messages().forget({1}, {1}, 1, 1, slept).error().code, Errc::conflict);
  EXPECT_EQ(store_->open_reader().value()->kept_log("production", {1})->rows(), 3);

  EXPECT_TRUE(store_->messages().forget({1}, {1}, 1, 1, awake).has_value());
  EXPECT_TRUE(store_->prune_log("production", 2, {.fence = awake}).has_value());
  EXPECT_EQ(store_->open_reader().value()->kept_log("production", {1})->rows(), 1);
}

}  // namespace togglecast::storage::testing
