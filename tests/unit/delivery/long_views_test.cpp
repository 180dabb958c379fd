// Views whose rules take long are evaluated in slices between which the shard does other things.
#include "unit/delivery/delivery_fixture.hpp"

namespace togglecast::delivery::testing {
namespace {

using namespace domain::testing;
using domain::Kind;

// Views of many features, whose rules use almost all of their allowance.
class LongViews : public DeliveryTest {
 protected:
  void SetUp() override { begin_with_features(100); }
  void begin_with_features(domain::Id count) {
    long_features_ = static_cast<std::size_t>(count);
    std::string list;
    for (int i = 0; i < 2'400; ++i) list += "1,";
    const std::string rule = R"({"if":[{"and":[{"none":[[)" + list +
                             R"(1],{"==":[{"var":""},2]}]},{"==":[{"var":"region"},"eu"]}]},"on","off"]})";
    std::vector<domain::Op> ops;
    std::string assigned = R"({"feature_id":2000})";
    const auto made = feature(1, "f1", R"({"targeting":)" + rule + "}");
    for (domain::Id id = 1; id <= count; ++id) {
      auto one = made;
      one.id = id;
      one.key = "f" + std::to_string(id);
      ops.push_back(create(one));
      assigned += R"(,{"feature_id":)" + std::to_string(id) + "}";
    }
    ops.push_back(create(feature(2'000, "cheap", R"({"targeting":{"if":[{"var":"region"},"on","off"]}})")));
    ops.push_back(create(package(1, "all", "[" + assigned + "]")));
    ops.push_back(create(package(2, "few", R"([{"feature_id":2000}])")));
    for (domain::Id id = 1; id <= 3; ++id) ops.push_back(create(client_on(id, "c" + std::to_string(id), 1)));
    ops.push_back(create(client_on(9, "quick", 2)));
    begin_with(std::move(ops));
    domain::evaluation::Root root;
    const auto& first = newest_->feature(1)->flag;
    ASSERT_GT(first.evaluate(root).steps, 9'000U);
    ASSERT_EQ(first.evaluate(root).error, domain::evaluation::ErrorCode::none);
    clock_.step = std::chrono::milliseconds{1};  // each look at the clock finds the turn over
  }
  // Counts the turns in which the shard does something else, until it has nothing left to evaluate.
  void beat() {
    ++beats_;
    if (delivery_->evaluations().size() == 0 && !pushing_) return;
    shard_.at_turn_end([this] { shard_.post([this] { beat(); }); });
  }

  std::size_t long_features_ = 0;
  std::size_t beats_ = 0;
  bool pushing_ = false;
};

class AThousandLongViews : public LongViews {
 protected:
  void SetUp() override { begin_with_features(1'000); }
};

TEST_F(AThousandLongViews, StopNobodyElseWhenTheirConnectionsStart) {
  auto& one = connect(1, {{"region", "eu"}});
  auto& two = connect(2, {{"region", "us"}});
  EXPECT_FALSE(one.entered() || two.entered());
  auto& quick = connect(9, {{"region", "eu"}});
  EXPECT_TRUE(quick.entered()) << "few steps are done at once, however many wait";

  beat();
  run();

  EXPECT_GE(beats_, 2 * long_features_) << "one rule a turn";
  EXPECT_TRUE(one.entered() && two.entered());
  EXPECT_EQ(one.seen, fresh_view(one));
  EXPECT_EQ(two.seen, fresh_view(two));
}

TEST_F(LongViews, OfANewerLoginTakeThePlaceOfTheFirst) {
  auto& one = connect(1);
  log_in(one, 1, {{"region", "eu"}});
  EXPECT_EQ(one.superseded, 1);

  run();

  EXPECT_EQ(one.superseded, 1);
  ASSERT_TRUE(one.entered());
  EXPECT_NE(one.seen.at({Kind::feature, 1}).find(R"("enabled":true)"), std::string::npos);
}

TEST_F(LongViews, AreCaughtUpWithWhatWasCommittedMeanwhile) {
  auto& one = connect(1, {{"region", "eu"}});
  const auto began = newest_->revision();
  commit({rename(2'000, "Renamed")});
  commit({rename(7, "Renamed")});

  run();

  ASSERT_TRUE(one.entered());
  EXPECT_EQ(one.batches, 1) << "one difference, from " << began;
  EXPECT_EQ(one.seen, fresh_view(one));
  EXPECT_EQ(SubscriberIndex::told(one), newest_->revision());
  EXPECT_EQ(one.creates_of_known, 0);
}

TEST_F(LongViews, EndWithTheirConnection) {
  auto gone = std::make_unique<MemorySubscriber>(&shard_, delivery_.get());
  log_in(*gone, 1, {});
  EXPECT_EQ(delivery_->evaluations().size(), 1U);
  gone.reset();

  beat();
  run();

  EXPECT_LE(beats_, 3U);
  EXPECT_EQ(delivery_->evaluations().size(), 0U);
}

TEST_F(LongViews, OfAPushStopNobodyElse) {
  clock_.step = {};
  auto& one = connect(1, {{"region", "eu"}});
  auto& two = connect(2, {{"region", "us"}});
  clock_.step = std::chrono::milliseconds{1};
  const auto before = newest_->find<domain::Package>(1);
  auto after = *before;
  for (auto& assignment : after.plan.features) assignment.limit = 5;
  one.on_send = two.on_send = [this, told = std::make_shared<int>(0)] { pushing_ = ++*told < 2; };
  pushing_ = true;
  commit({update(*before, after)});

  beat();
  run();

  EXPECT_GE(beats_, 4 * long_features_) << "before and after, for two";
  EXPECT_EQ(one.batches + two.batches, 2);
  EXPECT_EQ(one.seen, fresh_view(one));
  EXPECT_EQ(two.seen, fresh_view(two));
}

TEST_F(LongViews, OfASlowReaderStopNobodyElse) {
  clock_.step = {};
  auto& one = connect(1, {{"region", "eu"}});
  one.backlog = 1'000'000;
  const auto client = newest_->find<domain::Client>(1);
  auto moved = *client;
  moved.attributes = {{"plan", "gold"}};
  commit({update(*client, moved)});
  run();
  clock_.step = std::chrono::milliseconds{1};
  drain(one);
  EXPECT_EQ(delivery_->evaluations().size(), 1U);

  beat();
  commit({rename(5, "Renamed")});
  run();

  EXPECT_GE(beats_, 2 * long_features_);
  EXPECT_EQ(one.seen, fresh_view(one));
  EXPECT_EQ(SubscriberIndex::told(one), newest_->revision());
}

TEST_F(LongViews, AChangeThatWaitsForOneIsNotSentBefore) {
  clock_.step = {};
  auto& one = connect(1, {{"region", "eu"}});
  clock_.step = std::chrono::milliseconds{1};
  log_in(one, 1, {{"region", "us"}});
  ASSERT_EQ(delivery_->evaluations().size(), 1U);

  commit({rename(5, "Renamed")});
  EXPECT_EQ(one.receipt().stage, Stage::concerned);
  while (delivery_->evaluations().size() != 0 && one.revision < newest_->revision()) {
    EXPECT_EQ(one.receipt().stage, Stage::concerned);
    run();
  }
  run();

  EXPECT_EQ(one.seen, fresh_view(one));
  EXPECT_EQ(one.receipt().stage, Stage::sent);
  EXPECT_EQ(one.receipt().revision, newest_->revision());
}

TEST_F(LongViews, AreNotEvaluatedAgainWhereNothingChanged) {
  clock_.step = {};
  auto& one = connect(1, {{"region", "eu"}});
  one.backlog = 1'000'000;
  commit({rename(5, "Renamed")});
  run();
  clock_.step = std::chrono::milliseconds{1};

  drain(one);
  beat();
  run();

  EXPECT_LE(beats_, 5U);
  EXPECT_EQ(one.seen, fresh_view(one));
}

}  // namespace
}  // namespace togglecast::delivery::testing
