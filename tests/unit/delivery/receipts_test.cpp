// How far a change has come: the stages of a connection, the sums of one shard, and both in a push.
#include "delivery/receipts.hpp"

#include <map>

#include "unit/delivery/delivery_fixture.hpp"

namespace togglecast::delivery::testing {
namespace {

using namespace domain::testing;
using domain::Revision;

constexpr TimePoint kCommitted = TimePoint{} + std::chrono::seconds(100);

TimePoint after(int ms) { return kCommitted + Milliseconds{ms}; }

TEST(StageTimes, AnswerHowLongItTook) {
  StageTimes times;
  EXPECT_FALSE(times.within(0.5).has_value());
  EXPECT_FALSE(times.last().has_value());

  for (std::uint32_t ms = 1; ms <= 100; ++ms) times.add(ms);

  EXPECT_EQ(times.count(), 100U);
  EXPECT_GE(*times.within(0.5), 50U);
  EXPECT_LE(*times.within(0.5), 63U) << "rounded up by a quarter at most";
  EXPECT_GE(*times.within(0.99), 99U);
  EXPECT_LE(*times.within(0.99), 100U) << "never above the last";
  EXPECT_EQ(times.last(), 100U);
}

TEST(StageTimes, NeverErrByMoreThanAQuarter) {
  for (std::uint32_t ms = 0; ms < 4'000'000; ms += 1 + ms / 7) {
    StageTimes times;
    times.add(ms);
    times.add(4'100'000);  // so that the last one does not hide the bucket's end

    EXPECT_GE(*times.within(0.5), ms);
    EXPECT_LE(*times.within(0.5), ms + ms / 4) << ms;
  }
}

TEST(StageTimes, OneAboveTheLastBucketIsCountedThere) {
  StageTimes times;
  times.add(4'000'000'000);

  EXPECT_EQ(times.count(), 1U);
  EXPECT_EQ(times.last(), 4'000'000'000);
}

TEST(StageTimes, AddUp) {
  StageTimes one;
  StageTimes other;
  one.add(3, 5);
  other.add(40);

  one.add(other);

  EXPECT_EQ(one.count(), 6U);
  EXPECT_EQ(one.within(0.5), 3U);
  EXPECT_EQ(one.last(), 40U);
}

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

// In pushes.
class ReceiptsInPushes : public DeliveryTest {
 protected:
  void SetUp() override {
    delivery_->index().keep_rollouts(options_);
    begin_with({create(feature(1, "chat")), create(feature(2, "video")),
                create(package(1, "pro", R"([{"feature_id":1},{"feature_id":2}])")),
                create(package(2, "free", R"([{"feature_id":1}])")), create(client_on(1, "acme", 1)),
                create(client_on(2, "basic", 2))});
  }
  const ShardRollouts& rollouts() { return delivery_->index().find("production")->rollouts; }
  const RolloutCounts& newest() {
    static const RolloutCounts nothing;
    const RolloutCounts* found = rollouts().counts(newest_->revision());
    return found == nullptr ? nothing : *found;
  }
  void pass(int ms) {
    clock_.pass(Milliseconds{ms});
    shard_.post([] {});
    run();
  }

  /// A change that asks for confirmation.
  changes::CommitPtr confirmed_change(std::vector<domain::Op> ops) {
    const auto row = domain::make_row("production", newest_->head(), {newest_->as_of().value + 1'000},
                                      {{"kind", "admin"}, {"id", 1}, {"confirm", true}},
                                      {newest_->revision(), std::move(ops)});
    EXPECT_TRUE(row.has_value());
    auto after = domain::apply(*newest_, row->change, row->head);
    EXPECT_TRUE(after.has_value());
    auto impact = domain::impact_of(*newest_, **after, row->change);
    auto commit =
        std::make_shared<const changes::Commit>(changes::Commit{*row, newest_, *after, std::move(impact)});
    newest_ = *after;
    model_->advance(newest_);
    return commit;
  }
  /// A session of this client, which had all up to `had`, comes back.
  MemorySubscriber& resume(domain::Id client, Revision had) {
    auto& back = connect(client);
    const auto from = model_->at("production", had);
    const auto to = newest_;
    const domain::Viewpoint before{from, from->find<domain::Client>(client), back.context()};
    const domain::Viewpoint after{to, to->find<domain::Client>(client), back.context()};
    domain::ClientView old_view(*from, *before.client, back.context().get());
    domain::ClientView new_view(*to, *after.client, back.context().get());
    delivery_->send_missed(back, had, domain::diff_client_view(old_view, new_view, domain::Step::merged), to);
    return back;
  }

  RolloutOptions options_;
};

TEST_F(ReceiptsInPushes, AChangeConcernsThoseWhoseViewDiffers) {
  auto& pro = connect(1);
  auto& free = connect(2);

  commit({rename(2, "Calls")});
  run();

  EXPECT_EQ(newest().concerned, 1U);
  EXPECT_EQ(newest().times(Stage::sent).count(), 1U);
  EXPECT_EQ(pro.receipt().stage, Stage::sent);
  EXPECT_EQ(pro.receipt().revision, newest_->revision());
  EXPECT_EQ(free.receipt().stage, Stage::none);
}

TEST_F(ReceiptsInPushes, TimeCountsFromTheCommit) {
  connect(1);
  pass(500);

  delivery_->on_commit(change({rename(2, "Calls")}), clock_.now() - Milliseconds{80});
  run();

  EXPECT_EQ(newest().times(Stage::sent).last(), 80U);
}

TEST_F(ReceiptsInPushes, AReceiptAboveWhatWasSentIsNone) {
  auto& pro = connect(1);
  commit({rename(2, "Calls")});
  run();

  SubscriberIndex::acknowledge(pro, newest_->revision() + 1);
  EXPECT_EQ(newest().times(Stage::applied).count(), 0U);
  SubscriberIndex::acknowledge(pro, newest_->revision());

  EXPECT_EQ(newest().times(Stage::applied).count(), 1U);
  EXPECT_TRUE(newest().settled());
}

TEST_F(ReceiptsInPushes, ABusyConnectionIsSentTheChangeWhenItDrains) {
  auto& pro = connect(1);
  pro.backlog = 1'000'000;
  commit({rename(2, "Calls")});
  run();
  EXPECT_EQ(newest().concerned, 1U);
  EXPECT_EQ(newest().times(Stage::sent).count(), 0U);
  EXPECT_EQ(pro.receipt().stage, Stage::concerned);

  pass(700);
  drain(pro);

  EXPECT_EQ(newest().times(Stage::sent).last(), 700U);
  EXPECT_EQ(pro.receipt().stage, Stage::sent);
}

TEST_F(ReceiptsInPushes, ABusyConnectionIsNotConcernedByWhatWasChangedBack) {
  auto& pro = connect(1);
  pro.backlog = 1'000'000;
  commit({rename(2, "Calls")});
  commit({rename(2, "Feature video")});
  run();
  EXPECT_EQ(newest().concerned, 1U) << "nobody has looked";

  drain(pro);

  EXPECT_EQ(newest().concerned, 0U);
  EXPECT_EQ(pro.batches, 0);
  EXPECT_EQ(pro.receipt().stage, Stage::none);
}

TEST_F(ReceiptsInPushes, AFullStateCoversTheChange) {
  auto& pro = connect(1);
  pro.backlog = 1'000'000;
  commit({rename(2, "Calls")});
  run();

  pro.backlog = 0;
  delivery_->send_full_state(pro, "test");
  run();

  EXPECT_EQ(newest().times(Stage::sent).count(), 1U);
  EXPECT_EQ(pro.full_states_sent, 1);
}

TEST_F(ReceiptsInPushes, AnAnswerProvesWhatHadBeenSentBeforeTheQuestion) {
  auto& pro = connect(1);
  const Revision nothing = pro.provable();
  commit({rename(2, "Calls")});
  run();
  const Revision proven = pro.provable();

  SubscriberIndex::received(pro, nothing);
  EXPECT_EQ(newest().times(Stage::received).count(), 0U);
  SubscriberIndex::received(pro, proven);

  EXPECT_EQ(newest().times(Stage::received).count(), 1U);
  EXPECT_EQ(pro.provable(), 0);
}

TEST_F(ReceiptsInPushes, AConnectionThatLeavesIsGoneAndOneThatComesIsNotConcerned) {
  auto& pro = connect(1);
  commit({rename(2, "Calls")});
  run();

  SubscriberIndex::leave(pro);
  auto& again = connect(1);

  EXPECT_EQ(newest().gone_before(Stage::received), 1U);
  EXPECT_EQ(newest().concerned, 1U);
  EXPECT_EQ(again.receipt().stage, Stage::none);
  EXPECT_TRUE(newest().settled());
}

TEST_F(ReceiptsInPushes, ASessionThatComesBackCountsAsResumed) {
  auto& pro = connect(1);
  const Revision had = newest_->revision();
  commit({rename(2, "Calls")});
  run();
  SubscriberIndex::leave(pro);

  resume(1, had);

  EXPECT_EQ(newest().gone_before(Stage::received), 1U);
  EXPECT_EQ(newest().resumed, 1U);
  EXPECT_EQ(newest().concerned, 1U) << "it was counted before";
  EXPECT_TRUE(newest().settled());
}

TEST_F(ReceiptsInPushes, ASessionCountsAsResumedForTheChangesThatConcernIt) {
  connect(1);
  const Revision had = newest_->revision();
  commit({rename(1, "Talk")});
  const Revision first = newest_->revision();
  commit({rename(2, "Calls")});  // the package `free` has no such feature
  const Revision second = newest_->revision();
  run();

  resume(2, had);

  EXPECT_EQ(rollouts().counts(first)->resumed, 1U);
  EXPECT_EQ(rollouts().counts(second)->resumed, 0U);
}

TEST_F(ReceiptsInPushes, ASessionThatMissedNothingIsNotResumedInARollout) {
  connect(1);
  commit({rename(2, "Calls")});
  run();

  resume(1, newest_->revision());

  EXPECT_EQ(newest().resumed, 0U);
}

TEST_F(ReceiptsInPushes, ARolloutWithResumedSessionsOnlyIsKept) {
  struct Sink final : RolloutSink {
    void close(const std::string&, Revision revision, std::size_t, const RolloutCounts& counts) override {
      resumed[revision] = counts.resumed;
    }
    std::map<Revision, std::uint32_t> resumed;
  } sink;
  options_.sink = &sink;
  const Revision had = newest_->revision();
  commit({rename(2, "Calls")});
  const Revision missed = newest_->revision();
  run();
  EXPECT_EQ(rollouts().counts(missed), nullptr) << "nobody was connected";

  resume(1, had);
  pass(static_cast<int>(options_.patience.count()) + 1);
  commit({rename(2, "Video")});
  run();

  EXPECT_EQ(sink.resumed[missed], 1U);
  EXPECT_EQ(rollouts().counts(missed), nullptr) << "it is over";
  resume(1, had);
  EXPECT_EQ(rollouts().counts(missed), nullptr) << "and stays so";
}

TEST_F(ReceiptsInPushes, AFullStateIsSentWithAQuestionWhenAChangeAsksForIt) {
  auto& pro = connect(1);
  pro.backlog = 1'000'000;
  delivery_->on_commit(confirmed_change({rename(2, "Calls")}));
  run();

  pro.backlog = 0;
  delivery_->send_full_state(pro, "test");
  run();

  EXPECT_EQ(pro.full_states_sent, 1);
  EXPECT_EQ(pro.confirmed, 1);
  delivery_->send_full_state(pro, "again");
  run();
  EXPECT_EQ(pro.confirmed, 2) << "it has proven nothing yet";
  SubscriberIndex::received(pro, pro.provable());
  delivery_->send_full_state(pro, "again");
  run();
  EXPECT_EQ(pro.confirmed, 2);
}

TEST_F(ReceiptsInPushes, ManyChangesAtOnceAreOneRollout) {
  auto& pro = connect(1);
  clock_.step = std::chrono::milliseconds{2};  // each look at the clock ends the slice
  std::vector<changes::CommitPtr> commits;
  for (int i = 0; i < 40; ++i) commits.push_back(change({rename(2, "Calls " + std::to_string(i))}));
  for (const auto& one : commits) delivery_->on_commit(one);
  run();

  const Revision first = commits.front()->after->revision();
  EXPECT_EQ(pro.revision, newest_->revision());
  EXPECT_EQ(rollouts().told_as(newest_->revision()), newest_->revision());
  std::uint32_t concerned = 0;
  for (Revision revision = first; revision <= newest_->revision(); ++revision)
    if (const auto* counts = rollouts().counts(revision)) concerned += counts->concerned;
  EXPECT_EQ(static_cast<int>(concerned), pro.batches);
}

TEST_F(ReceiptsInPushes, AChangeThatAsksForItIsSentWithAQuestion) {
  auto& pro = connect(1);

  delivery_->on_commit(confirmed_change({rename(2, "Calls")}));
  run();

  EXPECT_EQ(pro.batches, 1);
  EXPECT_EQ(pro.confirmed, 1);
}

}  // namespace
}  // namespace togglecast::delivery::testing
