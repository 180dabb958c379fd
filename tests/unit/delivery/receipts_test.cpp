// How far a change has come: its receipts in a push.
#include "delivery/receipts.hpp"

#include "unit/delivery/delivery_fixture.hpp"

namespace togglecast::delivery::testing {
namespace {

using namespace domain::testing;
using domain::Revision;

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
