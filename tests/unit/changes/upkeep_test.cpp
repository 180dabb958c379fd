// Which node does the upkeep, and that a node which lost the lease changes nothing.
#include "changes/upkeep.hpp"

#include "changes/scheduler.hpp"
#include "changes/timed_changes.hpp"
#include "unit/changes/changes_fixture.hpp"

namespace togglecast::changes {
namespace {

using testing::create;

class LeaseKeeperTest : public testing::ChangesTest {
 protected:
  void SetUp() override {
    options_.pipeline.upkeep = &mine_;
    open();
    tail_->start();
  }
  std::unique_ptr<LeaseKeeper> keeper(Upkeep& upkeep, const std::string& node,
                                      Milliseconds lasts = std::chrono::hours{1}) {
    return std::make_unique<LeaseKeeper>(
        *committer_, upkeep, log_, metrics_,
        LeaseKeeperOptions{.node = node, .lasts = lasts, .renew = Milliseconds{1}});
  }
  std::size_t logged(std::string_view part) {
    const std::scoped_lock lock(lines_mutex_);
    std::size_t count = 0;
    for (const std::string& line : lines_) count += line.find(part) != std::string::npos ? 1 : 0;
    return count;
  }
  // A client whose override ends in a minute.
  void write_override() {
    const auto made =
        committer_->perform(own_write("production", Source::rest, [](WriteContext& context) -> Result<Draft> {
          auto one = domain::testing::feature(1, "chat");
          auto client = domain::testing::client(1, "acme");
          domain::evaluation::Override ends;
          ends.feature = 1;
          ends.value = true;
          ends.expires_at = UnixMillis{context.at().value + 60'000};
          client.overrides.push_back(ends);
          return Draft{
              domain::Kind::client, 1, {create_op(one, 1, context), create_op(client, 1, context)}, {}};
        }));
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
  bool is_overridden() const { return !current()->find<domain::Client>(1)->overrides.empty(); }

  Upkeep mine_, theirs_;
};

TEST_F(LeaseKeeperTest, ALeaseThatNobodyHasIsHeldAtOnce) {
  keeper(mine_, "a")->take(*store_);

  EXPECT_TRUE(mine_.is_mine());
  EXPECT_TRUE(counted("togglecast_lease_held{lease=\"upkeep\"} 1"));
  EXPECT_EQ(logged("this node does the timers"), 1U);
}

TEST_F(LeaseKeeperTest, ItIsRenewedAndGivenBackAtTheEnd) {
  committer_->start();
  const auto a = keeper(mine_, "a");
  const auto b = keeper(theirs_, "b");
  a->start();
  ASSERT_TRUE(test::eventually([this] { return mine_.is_mine(); }));
  b->start();

  ASSERT_TRUE(test::eventually([this] { return logged("another node does the timers") == 1; }));
  EXPECT_FALSE(theirs_.is_mine());
  a->stop();

  EXPECT_TRUE(test::eventually([this] { return theirs_.is_mine(); }));
  EXPECT_FALSE(mine_.is_mine());
  b->stop();
}

TEST_F(LeaseKeeperTest, ANodeThatSleptLearnsThatItLostTheLease) {
  const auto a = keeper(mine_, "a", Milliseconds{0});
  const auto b = keeper(theirs_, "b");
  a->take(*store_);
  b->take(*store_);
  EXPECT_TRUE(mine_.is_mine()) << "it sleeps";
  EXPECT_TRUE(theirs_.is_mine());

  a->take(*store_);

  EXPECT_FALSE(mine_.is_mine());
  EXPECT_EQ(logged("another node has taken over"), 1U);
}

TEST_F(LeaseKeeperTest, WhatANodeDoesWithALostLeaseIsRefused) {
  write_override();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(committer_->perform(creation("p" + std::to_string(i))).has_value());
  keeper(mine_, "a", Milliseconds{0})->take(*store_);
  const auto fence = mine_.fence();
  keeper(theirs_, "b")->take(*store_);
  clock_.advance(std::chrono::minutes{2});

  WriteRequest timed = timed_change("production");
  timed.fence = fence;
  const auto refused = committer_->perform(timed);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_TRUE(is_overridden());
  EXPECT_EQ(current()->revision(), 4);
  EXPECT_FALSE(mine_.is_mine()) << "it knows now";
  EXPECT_TRUE(committer_->health().has_value()) << "the store is as it should be";
  EXPECT_EQ(logged("the store failed"), 0U);
}

TEST_F(LeaseKeeperTest, OldChangesAreRemovedByTheHolderAlone) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(committer_->perform(creation("p" + std::to_string(i))).has_value());
  const auto rows = [this] { return store_->open_reader().value()->kept_log("production", {1})->rows(); };
  CommitPipeline pipeline(*store_, model_, *tail_, clock_, log_, metrics_, options_.pipeline);
  EXPECT_FALSE(pipeline.prune("production", 2)) << "nobody has the lease";
  keeper(mine_, "a", Milliseconds{0})->take(*store_);
  keeper(theirs_, "b")->take(*store_);

  EXPECT_FALSE(pipeline.prune("production", 2));
  EXPECT_EQ(rows(), 5);
  EXPECT_FALSE(mine_.is_mine());
  ASSERT_TRUE(store_->leases().release(kUpkeepLease, "b").has_value());
  keeper(mine_, "a")->take(*store_);
  while (pipeline.prune("production", 2)) continue;

  EXPECT_EQ(rows(), 3);
  EXPECT_EQ(logged("could not be removed"), 0U);
}

TEST_F(LeaseKeeperTest, TheTimersWaitForTheLeaseAndGoOnWithIt) {
  write_override();
  committer_->start();
  Scheduler time(*committer_, model_, feed_, mine_, clock_, log_);
  mine_.on_taken([&time] { time.look(); });
  time.start();
  clock_.advance(std::chrono::minutes{2});
  time.look();
  ASSERT_TRUE(committer_->submit_task([](storage::Store&) {}));

  EXPECT_EQ(current()->revision(), 1);
  const auto a = keeper(mine_, "a");
  a->start();

  EXPECT_TRUE(becomes(2));
  EXPECT_FALSE(is_overridden());
  a->stop();
  time.stop();
  committer_->stop();
}

TEST_F(LeaseKeeperTest, ADueChangeIsWrittenOnceHoweverManyNodesTry) {
  write_override();
  clock_.advance(std::chrono::minutes{2});

  const auto first = committer_->perform(timed_change("production"));
  const auto second = committer_->perform(timed_change("production"));

  ASSERT_TRUE(first.has_value());
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE(first->changed);
  EXPECT_FALSE(second->changed);
  EXPECT_EQ(current()->revision(), 2);
}

// Two nodes with committers of their own, one of which does not know yet what the other one has written.
TEST_F(LeaseKeeperTest, ANodeThatDoesNotKnowOfADueChangeThatWasWrittenDoesNotWriteItAgain) {
  write_override();
  ReadModel other_model;
  ChangeFeed other_feed;
  Tail other_tail(other_model, other_feed, store_->open_reader().value(), log_, metrics_, tail_options_);
  ASSERT_TRUE(other_tail.follow().has_value());
  Committer other(*store_, other_model, other_tail, clock_, log_, metrics_, options_);
  clock_.advance(std::chrono::minutes{2});
  ASSERT_TRUE(committer_->perform(timed_change("production"))->changed);
  ASSERT_EQ(other_model.current("production")->revision(), 1);
  ASSERT_TRUE(is_due(*other_model.current("production"), clock_.wall_now()));

  const auto again = other.perform(timed_change("production"));

  ASSERT_TRUE(again.has_value());
  EXPECT_FALSE(again->changed);
  EXPECT_EQ(other_model.current("production")->revision(), 2);
}

}  // namespace
}  // namespace togglecast::changes
