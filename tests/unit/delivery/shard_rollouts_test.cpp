// The stages of a connection, and the sums of one shard.
#include "delivery/receipts.hpp"

#include <map>

#include "unit/delivery/delivery_fixture.hpp"

namespace togglecast::delivery::testing {
namespace {

using namespace domain::testing;
using domain::Revision;

constexpr TimePoint kCommitted = TimePoint{} + std::chrono::seconds(100);

TimePoint after(int ms) { return kCommitted + Milliseconds{ms}; }

class KeptSums final : public RolloutSink {
 public:
  void close(const std::string& environment, Revision revision, std::size_t shard,
             const RolloutCounts& counts) override {
    EXPECT_EQ(environment, "production");
    EXPECT_EQ(shard, 3U);
    EXPECT_FALSE(closed.contains(revision)) << "closed twice";
    closed[revision] = counts;
  }
  std::map<Revision, RolloutCounts> closed;
};

class ShardRolloutsTest : public ::testing::Test {
 protected:
  void commit(Revision revision, int at = 0, bool confirm = false) {
    rollouts_.begin(revision, after(at), confirm, after(at));
    rollouts_.open(revision);
  }
  void push(Receipt& receipt, Revision revision, int at) {
    const std::uint32_t ms = rollouts_.age(revision, after(at));
    rollouts_.push(receipt, revision, ms);
    rollouts_.pushed(revision, ms, 1);
  }
  const RolloutCounts& counts(Revision revision) {
    static const RolloutCounts nothing;
    const RolloutCounts* found = rollouts_.counts(revision);
    EXPECT_NE(found, nullptr);
    return found == nullptr ? nothing : *found;
  }

  KeptSums kept_;
  RolloutOptions options_{Milliseconds{60'000}, &kept_, {}};
  ShardRollouts rollouts_{"production", 3, options_};
};

TEST_F(ShardRolloutsTest, AConnectionGoesThroughTheStages) {
  Receipt receipt;
  commit(1);

  push(receipt, 1, 2);
  EXPECT_EQ(receipt.stage, Stage::sent);
  ShardRollouts::pinged(receipt);
  rollouts_.answered(receipt, after(30));
  EXPECT_EQ(receipt.stage, Stage::received);
  EXPECT_FALSE(counts(1).settled());
  rollouts_.applied(receipt, 1, after(50));

  EXPECT_EQ(counts(1).concerned, 1U);
  EXPECT_EQ(counts(1).times(Stage::sent).last(), 2U);
  EXPECT_EQ(counts(1).times(Stage::received).last(), 30U);
  EXPECT_EQ(counts(1).times(Stage::applied).last(), 50U);
  EXPECT_TRUE(counts(1).settled());
}

TEST_F(ShardRolloutsTest, APongProvesOnlyWhatWasSentBeforeItsPing) {
  Receipt receipt;
  commit(1);
  ShardRollouts::pinged(receipt);  // the ping left before the change

  push(receipt, 1, 2);
  rollouts_.answered(receipt, after(30));
  EXPECT_EQ(receipt.stage, Stage::sent);

  ShardRollouts::pinged(receipt);
  commit(2, 40);
  push(receipt, 2, 41);
  rollouts_.answered(receipt, after(60));
  EXPECT_EQ(receipt.stage, Stage::sent) << "its ping left before the second change";
  EXPECT_EQ(counts(2).times(Stage::received).count(), 0U);
}

TEST_F(ShardRolloutsTest, WhatSaysThatItHasAppliedItHasReceivedIt) {
  Receipt receipt;
  commit(1);
  push(receipt, 1, 2);

  rollouts_.applied(receipt, 1, after(9));

  EXPECT_EQ(counts(1).times(Stage::received).last(), 9U);
  EXPECT_EQ(counts(1).times(Stage::applied).last(), 9U);
  rollouts_.applied(receipt, 1, after(10));
  EXPECT_EQ(counts(1).times(Stage::applied).count(), 1U) << "counted once";
}

TEST_F(ShardRolloutsTest, AReceiptOfAnEarlierRevisionProvesNothing) {
  Receipt receipt;
  commit(1);
  commit(2);
  push(receipt, 2, 2);

  rollouts_.applied(receipt, 1, after(9));
  rollouts_.received(receipt, 1, after(9));

  EXPECT_EQ(receipt.stage, Stage::sent);
  rollouts_.received(receipt, 2, after(10));
  EXPECT_EQ(receipt.stage, Stage::received);
}

TEST_F(ShardRolloutsTest, ANewerChangeSupersedesTheOneBefore) {
  Receipt quick;
  Receipt slow;
  commit(1);
  push(quick, 1, 1);
  push(slow, 1, 1);
  ShardRollouts::pinged(quick);
  rollouts_.answered(quick, after(5));

  commit(2, 10);
  push(quick, 2, 11);
  push(slow, 2, 11);

  EXPECT_EQ(counts(1).concerned, 2U);
  EXPECT_EQ(counts(1).of(Stage::sent), 2U);
  EXPECT_EQ(counts(1).of(Stage::received), 1U) << "the slow one left before its receipt";
  EXPECT_EQ(counts(1).superseded_before(Stage::received), 1U);
  EXPECT_EQ(counts(1).of(Stage::applied), 0U);
  EXPECT_EQ(counts(1).superseded_before(Stage::applied), 2U);
  EXPECT_TRUE(counts(1).settled());
  EXPECT_EQ(counts(2).of(Stage::received), 2U);
}

TEST_F(ShardRolloutsTest, WhoHasAppliedAChangeIsNotSuperseded) {
  Receipt receipt;
  commit(1);
  push(receipt, 1, 1);
  rollouts_.applied(receipt, 1, after(2));

  commit(2, 10);
  push(receipt, 2, 11);

  EXPECT_EQ(counts(1).superseded_before(Stage::applied), 0U);
  EXPECT_EQ(counts(1).times(Stage::applied).count(), 1U);
}

TEST_F(ShardRolloutsTest, AConnectionThatEndsIsGone) {
  Receipt receipt;
  commit(1);
  push(receipt, 1, 1);

  rollouts_.gone(receipt);
  rollouts_.gone(receipt);

  EXPECT_EQ(counts(1).gone_before(Stage::received), 1U);
  EXPECT_EQ(counts(1).of(Stage::received), 0U);
  EXPECT_EQ(counts(1).of(Stage::sent), 1U) << "it had been sent the change";
}

TEST_F(ShardRolloutsTest, ASlowConnectionWaitsAndIsSentTheChangeWithAllThatFollowed) {
  Receipt receipt;
  commit(1);
  rollouts_.wait(receipt, 1, after(1));
  EXPECT_EQ(receipt.stage, Stage::concerned);
  EXPECT_EQ(counts(1).concerned, 1U);
  EXPECT_EQ(counts(1).times(Stage::sent).count(), 0U);
  commit(2, 10);
  rollouts_.wait(receipt, 2, after(11));
  rollouts_.wait(receipt, 2, after(12));
  EXPECT_EQ(counts(1).superseded_before(Stage::sent), 1U);
  EXPECT_EQ(counts(2).concerned, 1U) << "counted once";

  rollouts_.sent(receipt, 1, after(400));
  EXPECT_EQ(receipt.stage, Stage::concerned) << "that does not cover it";
  rollouts_.sent(receipt, 5, after(500));

  EXPECT_EQ(receipt.stage, Stage::sent);
  EXPECT_EQ(counts(2).times(Stage::sent).last(), 490U) << "since its commit";
}

TEST_F(ShardRolloutsTest, AChangeThatTurnsOutToConcernNothingIsTakenBack) {
  Receipt receipt;
  commit(1);
  rollouts_.wait(receipt, 1, after(1));

  rollouts_.drop(receipt);

  EXPECT_EQ(counts(1).concerned, 0U);
  EXPECT_TRUE(counts(1).settled());
  EXPECT_EQ(receipt.stage, Stage::none);
}

TEST_F(ShardRolloutsTest, ARolloutIsOverAfterItsPatience) {
  Receipt receipt;
  commit(1);
  push(receipt, 1, 1);

  rollouts_.close_old(after(60'000));
  EXPECT_TRUE(kept_.closed.empty());
  rollouts_.close_old(after(60'001));

  EXPECT_EQ(rollouts_.counts(1), nullptr);
  ASSERT_TRUE(kept_.closed.contains(1));
  EXPECT_EQ(kept_.closed[1].times(Stage::sent).count(), 1U);

  ShardRollouts::pinged(receipt);
  rollouts_.answered(receipt, after(60'002));
  rollouts_.gone(receipt);
  EXPECT_EQ(kept_.closed[1].gone_before(Stage::applied), 0U) << "what comes later is not counted";
}

TEST_F(ShardRolloutsTest, TheNextCommitEndsWhatIsOver) {
  Receipt receipt;
  commit(1);
  push(receipt, 1, 1);

  commit(2, 61'000);

  EXPECT_TRUE(kept_.closed.contains(1));
}

TEST_F(ShardRolloutsTest, ChangesLongAgoAreForgottenAndTheirSumsKept) {
  Receipt receipt;
  commit(1);
  push(receipt, 1, 1);
  for (Revision revision = 2; revision <= 3'000; ++revision) commit(revision);

  EXPECT_EQ(rollouts_.counts(1), nullptr);
  EXPECT_TRUE(kept_.closed.contains(1)) << "closed early, because its place was needed";
  rollouts_.gone(receipt);
  EXPECT_EQ(counts(3'000).gone_before(Stage::applied), 0U);
}

TEST_F(ShardRolloutsTest, AServerThatBeginsLateKnowsNothingOfWhatWasBefore) {
  commit(5'000);

  EXPECT_EQ(rollouts_.counts(4'999), nullptr);
  EXPECT_NE(rollouts_.counts(5'000), nullptr);
  commit(5'000);  // once more
  commit(4'000);
  EXPECT_EQ(rollouts_.counts(4'000), nullptr);
}

TEST_F(ShardRolloutsTest, ChangesThatAreToldAsOneAreThatOne) {
  commit(1);
  commit(2, 0, true);
  commit(3);

  rollouts_.merge(0, 3);

  EXPECT_EQ(rollouts_.told_as(1), 3);
  EXPECT_EQ(rollouts_.told_as(2), 3);
  EXPECT_EQ(rollouts_.told_as(3), 3);
  EXPECT_TRUE(rollouts_.confirms(3)) << "one of them asked for it";
}

}  // namespace
}  // namespace togglecast::delivery::testing
