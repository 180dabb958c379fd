#include "net/output_queues.hpp"

#include <gtest/gtest.h>

#include "local_stream.hpp"
#include "net/shard_pool.hpp"

namespace togglecast::net {
namespace {

using test::LocalStream;

/// A queue that says when it is shed, and empties then.
struct Queue final : OutputQueue {
  Queue(Shard& its_shard, std::size_t bytes) : shard(its_shard) { hold(bytes); }
  ~Queue() override { hold(0); }
  void hold(std::size_t bytes) { shard.output_queues().set(*this, bytes); }
  void shed() override {
    was_shed = true;
    hold(0);
  }
  Shard& shard;
  bool was_shed = false;
};

class OutputQueuesTest : public ::testing::Test {
 protected:
  void SetUp() override { pool_.limit_queued_bytes(1'000); }
  // Rounds go from shard to shard.
  void run() {
    for (int i = 0; i < 100; ++i)
      for (std::size_t shard = 0; shard < pool_.size(); ++shard) pool_.at(shard).run_ready();
  }
  void pass(Milliseconds time) {
    clock_.advance(time);
    run();
  }
  const OutputBudget& budget() const { return pool_.output_budget(); }

  ManualClock clock_;
  ShardPool pool_{2, nullptr, clock_};
};

TEST_F(OutputQueuesTest, CountsWhatAllShardsHold) {
  Queue one(pool_.at(0), 300);
  {
    const Queue two(pool_.at(1), 500);
    EXPECT_EQ(budget().bytes(), 800U);
    one.hold(100);
    EXPECT_EQ(budget().bytes(), 600U);
  }

  EXPECT_EQ(budget().bytes(), 100U);
}

TEST_F(OutputQueuesTest, AboveTheBudgetTheLargestPaysWhereverItIs) {
  const Queue small(pool_.at(0), 300);
  const Queue large(pool_.at(1), 600);
  run();
  EXPECT_EQ(budget().shed(), 0U);

  const Queue newcomer(pool_.at(0), 200);
  run();

  EXPECT_TRUE(large.was_shed);
  EXPECT_FALSE(small.was_shed);
  EXPECT_FALSE(newcomer.was_shed);
  EXPECT_EQ(budget().shed(), 1U);
}

TEST_F(OutputQueuesTest, AnOldQueuePaysBeforeALargeOneThatHasJustBegun) {
  const Queue old(pool_.at(0), 300);
  pass(Milliseconds{9'000});

  const Queue young(pool_.at(1), 800);
  run();

  EXPECT_TRUE(old.was_shed);
  EXPECT_FALSE(young.was_shed);
}

TEST_F(OutputQueuesTest, AsManyPayAsItTakes) {
  const Queue first(pool_.at(0), 330), second(pool_.at(0), 330), third(pool_.at(1), 330);
  pass(Milliseconds{9'000});

  const Queue newcomer(pool_.at(1), 900);
  run();

  EXPECT_TRUE(first.was_shed && second.was_shed && third.was_shed);
  EXPECT_FALSE(newcomer.was_shed);
  EXPECT_EQ(budget().shed(), 3U);
  EXPECT_EQ(budget().bytes(), 900U);
}

TEST_F(OutputQueuesTest, ABlockCountsOnceOnAllShardsAndInAllTurns) {
  const SharedBytes block(std::string(600, 'x'));
  std::vector<QueuedBlock> holders;
  for (int i = 0; i < 1'000; ++i) {
    holders.emplace_back(pool_.at(static_cast<std::size_t>(i % 2)).output_queues(), block);
    if (i % 100 == 0) run();  // another turn
    EXPECT_EQ(budget().bytes(), 600U);
  }

  // The last to have it is of another shard than the first.
  holders.erase(holders.begin(), holders.begin() + 999);
  EXPECT_EQ(budget().bytes(), 600U);
  holders.clear();
  EXPECT_EQ(budget().bytes(), 0U);
  const QueuedBlock again(pool_.at(1).output_queues(), block);
  EXPECT_EQ(budget().bytes(), 600U);
}

TEST_F(OutputQueuesTest, AQueueWeighsItsShareOfABlock) {
  const SharedBytes block(std::string(600, 'x'));
  OutputQueues& queues = pool_.at(0).output_queues();
  const QueuedBlock first(queues, block), second(queues, block), third(queues, block);

  EXPECT_EQ(first.share(), 600U);
  EXPECT_EQ(second.share(), 300U);
  EXPECT_EQ(third.share(), 200U);
}

TEST_F(OutputQueuesTest, AQueuedBlockThatMovesCountsOnce) {
  const SharedBytes block(std::string(600, 'x'));
  OutputQueues& queues = pool_.at(0).output_queues();
  QueuedBlock first(queues, block);
  QueuedBlock other(queues, SharedBytes(std::string(100, 'y')));
  EXPECT_EQ(budget().bytes(), 700U);
  other = std::move(first);
  EXPECT_EQ(budget().bytes(), 700U) << "they have changed places";

  { const QueuedBlock taken = std::move(other); }

  EXPECT_EQ(budget().bytes(), 100U);
}

TEST_F(OutputQueuesTest, ABlockedStreamCountsAndIsClosed) {
  LocalStream blocked(pool_.at(0));
  EXPECT_EQ(budget().bytes(), 0U);
  blocked.block();
  EXPECT_GT(budget().bytes(), 1'000U);

  run();

  EXPECT_EQ(blocked.ends, std::vector{StreamEnd::overflow});
  EXPECT_TRUE(blocked.stream->closed());
  EXPECT_EQ(budget().bytes(), 0U);
}

// As one asset, or one announcement, for many that do not read.
TEST_F(OutputQueuesTest, ABlockThatBlockedStreamsGetInManyTurnsCountsOnce) {
  pool_.limit_queued_bytes(OutputBudget::kDefault);
  std::vector<std::unique_ptr<LocalStream>> blocked;
  for (std::size_t i = 0; i < 6; ++i) {
    blocked.push_back(std::make_unique<LocalStream>(pool_.at(i % 2)));
    blocked.back()->block();
  }
  const std::size_t before = budget().bytes();
  const SharedBytes asset(std::string(1 << 20, 'x'));

  for (auto& one : blocked) {
    one->stream->send(asset);
    run();
  }

  EXPECT_GE(budget().bytes(), before + asset.size());
  EXPECT_LT(budget().bytes(), before + asset.size() + 10'000);
  blocked.clear();
  run();
  EXPECT_EQ(budget().bytes(), 0U);
}

TEST_F(OutputQueuesTest, WhatAPeerTakesCountsNoMore) {
  pool_.limit_queued_bytes(OutputBudget::kDefault);
  LocalStream slow(pool_.at(0));
  slow.block();
  EXPECT_GT(budget().bytes(), 0U);

  while (slow.drained == 0) {
    (void)slow.peer.receive();
    run();
  }

  EXPECT_EQ(budget().bytes(), 0U);
}

}  // namespace
}  // namespace togglecast::net
