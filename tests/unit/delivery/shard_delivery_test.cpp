// One shard's delivery to subscribers of a transport that is not Socket.IO: every kind of step, and what
// happens in the middle of one.
#include "delivery/shard_delivery.hpp"

#include "unit/delivery/delivery_fixture.hpp"

namespace togglecast::delivery::testing {
namespace {

using namespace domain::testing;
using domain::Kind;

class ShardDeliveryTest : public DeliveryTest {
 protected:
  void SetUp() override {
    begin_with({create(feature(1, "chat")), create(feature(2, "video")),
                create(package(1, "pro", R"([{"feature_id":1},{"feature_id":2}])")),
                create(package(2, "free", R"([{"feature_id":1}])")), create(client_on(1, "acme", 1)),
                create(client_on(2, "basic", 2)), create(token(1, 1))});
  }
  void expect_up_to_date(const MemorySubscriber& subscriber) {
    EXPECT_EQ(subscriber.seen, fresh_view(subscriber));
    EXPECT_EQ(SubscriberIndex::told(subscriber), newest_->revision());
  }
};

TEST_F(ShardDeliveryTest, AChangeReachesThoseWhomItConcerns) {
  auto& pro = connect(1);
  auto& free = connect(2);

  commit({rename(2, "Calls")});
  run();

  EXPECT_EQ(pro.batches, 1);
  EXPECT_EQ(free.batches, 0);
  expect_up_to_date(pro);
  expect_up_to_date(free);
}

TEST_F(ShardDeliveryTest, ARepeatedCommitIsIgnored) {
  auto& pro = connect(1);
  const auto known = change({rename(1, "Talk")});
  delivery_->on_commit(known);
  run();

  delivery_->on_commit(known);
  run();

  EXPECT_EQ(pro.batches, 1);
  EXPECT_EQ(delivery_->current("production"), newest_);
  expect_up_to_date(pro);
}

TEST_F(ShardDeliveryTest, AfterAGapEachSubscriberGetsWhatItMissed) {
  auto& pro = connect(1);
  auto& free = connect(2);
  const auto lost = change({rename(2, "Calls"), erase(*newest_->find<domain::TokenRecord>(1))});
  const auto moved = client_on(2, "basic", 1);
  const auto lost_too = change({update(*newest_->find<domain::Client>(2), moved)});
  const auto arrives = change({rename(1, "Talk")});

  delivery_->on_commit(arrives);
  run();

  EXPECT_EQ(delivery_->current("production"), newest_);
  expect_up_to_date(pro);
  expect_up_to_date(free);
  EXPECT_EQ(free.client()->package_id, 1) << "it moved in the gap";
  EXPECT_EQ(pro.rechecks, 1) << "its token went in the gap";

  // What was lost arrives after all.
  delivery_->on_commit(lost);
  delivery_->on_commit(lost_too);
  run();
  EXPECT_EQ(delivery_->current("production"), newest_);
  EXPECT_EQ(pro.batches, 1);
  EXPECT_EQ(free.batches, 1);
}

TEST_F(ShardDeliveryTest, AGapAmongCommitsThatWaitInNumbersIsAGapToo) {
  auto& pro = connect(1);
  pro.on_send = [&] {  // in the middle of a push: all of these wait for its end
    pro.on_send = nullptr;
    for (int i = 0; i < 20; ++i) {
      const auto next = change({rename(1 + i % 2, "Name " + std::to_string(i))});
      if (i != 7) delivery_->on_commit(next);
    }
  };

  commit({rename(1, "Talk")});
  run();

  expect_up_to_date(pro);
}

TEST_F(ShardDeliveryTest, AnEnvironmentMayBeginAtAnyTime) {
  bool reached = false;
  delivery_->when_reached("staging", 1, [&] { reached = true; });
  EXPECT_EQ(delivery_->current("staging"), nullptr);
  const auto production = newest_;

  begin_with({create(platform(1, "web")), create(client(1, "acme"))}, "staging");

  EXPECT_TRUE(reached);
  EXPECT_EQ(delivery_->current("staging"), first_);
  EXPECT_EQ(delivery_->current("production"), production);
  commit({create(platform(2, "ios"))});
  run();
  EXPECT_EQ(delivery_->current("staging"), newest_);
  delivery_->begin(first_);
  EXPECT_EQ(delivery_->current("staging"), newest_) << "the beginning came late";
}

TEST_F(ShardDeliveryTest, AnEnvironmentBeginsAgainInALaterEpochEvenAtALowerRevision) {
  const auto before = first_;
  auto& pro = connect(1);
  auto& in_push = connect(2);
  in_push.on_send = [&] { in_push.on_send = nullptr; };
  for (int i = 0; i < 3; ++i) commit({rename(1, "Name " + std::to_string(i))});
  run();
  SubscriberIndex::acknowledge(pro, newest_->revision());
  const auto waiting = change({rename(1, "Never seen")});  // of the old epoch, and lost

  domain::Head head = before->head();
  head.epoch += 1;
  newest_ = domain::apply(*before, {before->revision(), {}}, head).value();
  model_->add(changes::Ring(newest_));
  EXPECT_TRUE(delivery_->begin(newest_));
  EXPECT_FALSE(delivery_->begin(newest_)) << "once";

  EXPECT_EQ(delivery_->current("production"), newest_);
  EXPECT_EQ(pro.rechecks, 1) << "its token may be among what was lost";
  EXPECT_EQ(pro.acknowledged(), 0);
  commit({rename(2, "Calls")});
  run();
  const int told = pro.batches;
  EXPECT_EQ(SubscriberIndex::told(pro), 0) << "nothing is told on top of a state that is void";
  delivery_->send_full_state(pro, "new_epoch");
  run();
  expect_up_to_date(pro);
  drain(in_push);
  run();
  expect_up_to_date(in_push);
  commit({rename(1, "Talk")});
  run();
  EXPECT_EQ(pro.batches, told + 1) << "and updates follow";
  expect_up_to_date(pro);
  expect_up_to_date(in_push);
}

TEST_F(ShardDeliveryTest, DeparturesInTheMiddleOfAPushTakeNobodyElseOutOfIt) {
  constexpr int kSubscribers = 2'000;
  std::vector<MemorySubscriber*> all;
  for (int i = 0; i < kSubscribers; ++i) all.push_back(&connect(1));
  // Each subscriber that is told leaves at once. Every second one takes along one that was not told. Another
  // one comes each time.
  std::size_t told = 0;
  for (auto* one : all) {
    one->on_send = [&, one] {
      ++told;
      SubscriberIndex::leave(*one);
      if (told % 2 == 0) SubscriberIndex::leave(*all[told / 2]);
      connect(1);
    };
  }

  commit({rename(1, "Talk")});
  run();

  for (auto* one : all) EXPECT_EQ(one->entered(), false);
  for (const auto& one : subscribers_)
    if (one->entered()) expect_up_to_date(*one);
  for (auto* one : all) EXPECT_LE(one->batches, 1);
  EXPECT_GE(told, static_cast<std::size_t>(kSubscribers / 2));
  EXPECT_LT(told, static_cast<std::size_t>(kSubscribers)) << "some left before it was their turn";
  EXPECT_EQ(encoded_.value(), 1U);
}

TEST_F(ShardDeliveryTest, ABusySubscriberIsAdvancedOverEverythingAtOnce) {
  auto& busy = connect(1);
  busy.backlog = 1'000'000;
  for (int i = 0; i < 5; ++i) {
    commit({rename(1, "Name " + std::to_string(i))});
    run();
  }
  EXPECT_EQ(busy.batches, 0);
  EXPECT_EQ(SubscriberIndex::told(busy), first_->revision());

  drain(busy);

  EXPECT_EQ(busy.batches, 1);
  expect_up_to_date(busy);
}

TEST_F(ShardDeliveryTest, WhatFailsForOneSubscriberIsMadeUpForAndFailsForNobodyElse) {
  auto& first = connect(1);
  auto& failing = connect(1);
  auto& last = connect(1);
  failing.fails = true;

  commit({rename(1, "Talk")});
  while (first.batches * failing.batches * last.batches == 0) {
    clock_.pass(std::chrono::milliseconds{1});
    run();
  }

  for (const auto* one : {&first, &failing, &last}) {
    expect_up_to_date(*one);
    EXPECT_EQ(one->batches, 1);
  }
}

TEST_F(ShardDeliveryTest, AClientThatIsDeletedIsSentAwayBeforeItIsToldAnything) {
  auto& pro = connect(1);

  commit({erase(*newest_->find<domain::TokenRecord>(1)), erase(*newest_->find<domain::Client>(1))});
  run();

  EXPECT_FALSE(pro.entered());
  EXPECT_EQ(pro.batches, 0);
  EXPECT_EQ(delivery_->index().count("production", {}).clients, 0U);
}

TEST_F(ShardDeliveryTest, AnAdminIsToldWholeEntitiesAndByWhom) {
  MemorySubscriber admin(&shard_, delivery_.get());
  delivery_->enter(admin, "production", domain::Role::viewer);

  commit({rename(1, "Talk")});
  run();

  EXPECT_EQ(admin.batches, 1);
  EXPECT_EQ(admin.seen.at({Kind::feature, 1}), json::canonical(newest_->body(Kind::feature, 1)));
}

// It has read the state between two changes that the socket gets as one step.
TEST_F(ShardDeliveryTest, AnAdminWhoseCopyIsNewerThanItsPushesLosesWhatCameBeforeTheCopyAndWentAfterIt) {
  MemorySubscriber admin(&shard_, delivery_.get());
  delivery_->enter(admin, "production", domain::Role::viewer);
  admin.backlog = 1'000'000;
  commit({create(platform(7, "short-lived"))});
  run();
  admin.seen[{Kind::platform, 7}] = json::canonical(newest_->body(Kind::platform, 7));
  const auto copied = newest_->revision();
  commit({erase(*newest_->find<domain::Platform>(7))});
  run();

  EXPECT_EQ(delivery_->catch_up_admin(admin, copied), Missed::updates);
  drain(admin);
  run();

  EXPECT_EQ(admin.batches, 1);
  EXPECT_FALSE(admin.seen.contains({Kind::platform, 7}));
  EXPECT_EQ(ShardDelivery::told_admin(admin), newest_->revision());
}

// It renews its token while an update is on its way.
TEST_F(ShardDeliveryTest, AnAdminThatEntersAgainKeepsItsPlace) {
  MemorySubscriber admin(&shard_, delivery_.get());
  delivery_->enter(admin, "production", domain::Role::viewer);
  admin.backlog = 1'000'000;
  commit({rename(1, "Talk")});
  run();
  ASSERT_EQ(admin.batches, 0);

  delivery_->enter(admin, "production", domain::Role::viewer);
  drain(admin);
  run();

  EXPECT_EQ(admin.seen.at({Kind::feature, 1}), json::canonical(newest_->body(Kind::feature, 1)));
}

TEST_F(ShardDeliveryTest, WaitingForARevisionEndsWithItOrAfterAWhile) {
  const auto next = newest_->revision() + 1;
  int reached = 0, late = 0, at_once = 0;
  delivery_->when_reached("production", next - 1, Milliseconds{100}, [&] { ++at_once; });
  delivery_->when_reached("production", next, Milliseconds{100}, [&] { ++reached; });
  delivery_->when_reached("production", next + 1, Milliseconds{100}, [&] { ++late; });
  EXPECT_EQ(at_once, 1);

  commit({rename(1, "Talk")});
  run();
  EXPECT_EQ(reached, 1);
  EXPECT_EQ(late, 0);

  clock_.pass(std::chrono::milliseconds{200});
  run();
  run();
  EXPECT_EQ(late, 1);
  commit({rename(1, "Chat")});
  run();
  EXPECT_EQ(late, 1) << "once";
  EXPECT_EQ(reached, 1);
}

TEST_F(ShardDeliveryTest, CatchingUpSendsWhatIsMissingFromTheRevisionThatIsClaimed) {
  auto& pro = connect(1);
  const auto before = newest_->revision();
  commit({rename(1, "Talk")});
  run();
  ASSERT_EQ(pro.batches, 1);

  EXPECT_EQ(catch_up(pro, before).value(), true);
  run();
  EXPECT_EQ(pro.batches, 2);
  EXPECT_EQ(catch_up(pro, newest_->revision()).value(), false);
  run();
  EXPECT_EQ(pro.batches, 2);
  EXPECT_EQ(catch_up(pro, newest_->revision() + 1).value(), true) << "ahead: the full state";
  run();
  EXPECT_EQ(pro.full_states_sent, 1);
  expect_up_to_date(pro);
}

TEST_F(ShardDeliveryTest, CatchingUpIsLimitedUnlessItFollowsFromWhatWasTold) {
  auto& pro = connect(1);
  const auto before = newest_->revision();
  commit({rename(1, "Talk")});
  run();

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(catch_up(pro, before).value(), true) << i;
    EXPECT_EQ(catch_up(pro, before).value(), true) << "on its way already";
    run();
  }
  const auto refused = catch_up(pro, before);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::rate_limited);
  EXPECT_EQ(limited_.value(), 1U);
  EXPECT_EQ(catch_up(pro, newest_->revision()).value(), false);
  EXPECT_EQ(pro.batches, 4);
}

TEST_F(ShardDeliveryTest, AnAdminThatMissedTooMuchReadsEverythingAgain) {
  MemorySubscriber admin(&shard_, delivery_.get());
  delivery_->enter(admin, "production", domain::Role::viewer);
  std::vector<domain::Op> ops;
  for (domain::Id id = 11; id <= 2'011; ++id) ops.push_back(create(client(id, "c" + std::to_string(id))));
  commit(std::move(ops));
  commit({create(platform(1, "web"))});
  for (int turn = 0; turn < 100; ++turn) run();
  ASSERT_EQ(ShardDelivery::told_admin(admin), newest_->revision());

  EXPECT_EQ(delivery_->catch_up_admin(admin, newest_->revision() - 1).value(), Missed::updates);
  drain(admin);
  EXPECT_EQ(delivery_->catch_up_admin(admin, first_->revision()).value(), Missed::out_of_reach);
}

}  // namespace
}  // namespace togglecast::delivery::testing
