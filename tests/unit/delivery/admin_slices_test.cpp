// Admins are told whole entities: a commit of many, and what a slow admin missed, are worked out and encoded
// in slices between which the shard does other things.
#include "unit/delivery/delivery_fixture.hpp"

namespace togglecast::delivery::testing {
namespace {

using namespace domain::testing;
using domain::Kind;

class ManyEntities : public DeliveryTest {
 protected:
  static constexpr domain::Id kEntities = 300;

  void SetUp() override {
    begin_with({create(feature(1, "chat")), create(package(1, "pro", R"([{"feature_id":1}])")),
                create(client_on(1'000, "acme", 1))});
    clock_.step = std::chrono::milliseconds{1};  // each look at the clock finds the turn over
  }
  MemorySubscriber& admin(domain::Role role = domain::Role::viewer) {
    subscribers_.push_back(std::make_unique<MemorySubscriber>(&shard_, delivery_.get()));
    delivery_->enter(*subscribers_.back(), "production", role);
    return *subscribers_.back();
  }
  std::vector<domain::Op> many() {
    std::vector<domain::Op> ops;
    for (domain::Id id = 1; id <= kEntities; ++id)
      ops.push_back(create(client(id, "c" + std::to_string(id))));
    return ops;
  }
  // Counts the turns in which the shard does something else, until `done`.
  void beat_until(const std::function<bool()>& done) {
    ++beats_;
    if (!done()) shard_.at_turn_end([this, done] { shard_.post([this, done] { beat_until(done); }); });
  }
  void expect_current(const MemorySubscriber& subscriber) {
    EXPECT_EQ(ShardDelivery::told_admin(subscriber), newest_->revision());
    for (const domain::Id id : {domain::Id{1}, kEntities})
      EXPECT_EQ(subscriber.seen.at({Kind::client, id}), json::canonical(newest_->body(Kind::client, id)));
  }

  std::size_t beats_ = 0;
};

TEST_F(ManyEntities, OfOneCommitStopNobodyElse) {
  auto& first = admin();
  auto& second = admin();
  auto& owner = admin(domain::Role::owner);
  commit(many());

  beat_until([&] { return first.batches * second.batches * owner.batches != 0; });
  run();

  EXPECT_GE(beats_, std::size_t{4 * kEntities} - 10) << "worked out and encoded, for two roles";
  EXPECT_EQ(encoded_.value(), 2U);
  for (const auto* one : {&first, &second, &owner}) {
    EXPECT_EQ(one->batches, 1);
    expect_current(*one);
  }
}

TEST_F(ManyEntities, AnAdminThatLeavesMeanwhileTakesNobodyAlong) {
  auto& leaving = admin();
  auto& staying = admin();
  commit(many());

  beat_until([&] {
    if (beats_ == 5) SubscriberIndex::leave(leaving);
    return staying.batches != 0;
  });
  run();

  EXPECT_EQ(leaving.batches, 0);
  expect_current(staying);
}

TEST_F(ManyEntities, ThatASlowAdminMissedStopNobodyElse) {
  auto& slow = admin();
  slow.backlog = 1'000'000;
  commit(many());
  run();
  ASSERT_EQ(slow.batches, 0);

  drain(slow);
  EXPECT_EQ(delivery_->evaluations().size(), 1U);
  beat_until([&] { return slow.batches != 0; });
  run();

  EXPECT_GE(beats_, std::size_t{2 * kEntities} - 10);
  EXPECT_EQ(slow.batches, 1);
  expect_current(slow);
}

TEST_F(ManyEntities, WhatIsCommittedDuringACatchUpFollowsIt) {
  auto& slow = admin();
  slow.backlog = 1'000'000;
  commit(many());
  run();

  drain(slow);
  beat_until([&] {
    if (beats_ == 5) commit({rename(1, "Talk")});
    return slow.batches == 2;
  });
  run();

  EXPECT_EQ(slow.batches, 2);
  expect_current(slow);
  EXPECT_EQ(slow.seen.at({Kind::feature, 1}), json::canonical(newest_->body(Kind::feature, 1)));
}

TEST_F(ManyEntities, AnAdminThatLosesItsRoleDuringACatchUpIsToldWhatItMayStillRead) {
  auto& slow = admin(domain::Role::owner);
  slow.backlog = 1'000'000;
  auto ops = many();
  ops.push_back(create(token(1, 1'000)));
  commit(std::move(ops));
  run();

  drain(slow);
  beat_until([&] {
    if (beats_ == 5) slow.set_role(domain::Role::viewer);
    return slow.batches != 0;
  });
  run();

  EXPECT_EQ(slow.batches, 1);
  EXPECT_FALSE(slow.seen.contains({Kind::token, 1}));
  expect_current(slow);
}

// It has read a newer state meanwhile, in which something stood that is gone again.
TEST_F(ManyEntities, AnAdminWhoseCopyMovesDuringACatchUpIsToldWhatFollowsThatCopy) {
  auto& slow = admin();
  slow.backlog = 1'000'000;
  auto ops = many();
  ops.push_back(create(platform(7, "short-lived")));
  commit(std::move(ops));
  run();
  const auto copied = newest_->revision();
  commit({erase(*newest_->find<domain::Platform>(7))});
  run();

  drain(slow);
  beat_until([&] {
    if (beats_ == 5) {
      slow.seen[{Kind::platform, 7}] = "read over REST";
      for (domain::Id id = 1; id <= kEntities; ++id)
        slow.seen[{Kind::client, id}] = json::canonical(newest_->body(Kind::client, id));
      EXPECT_EQ(delivery_->catch_up_admin(slow, copied).value(), Missed::updates);
    }
    return slow.batches != 0;
  });
  run();

  EXPECT_FALSE(slow.seen.contains({Kind::platform, 7}));
  expect_current(slow);
}

TEST_F(ManyEntities, ThatAResumedAdminMissedAreComparedAndSentInSlices) {
  const auto from = newest_;
  commit(many());
  run();
  auto& back = admin();
  const auto to = newest_;
  std::optional<std::vector<domain::ViewUpdate>> missed;
  delivery_->compare_admin(back, from, to, domain::Kinds::all(),
                           [&](std::vector<domain::ViewUpdate> found) { missed = std::move(found); });
  beat_until([&] { return missed.has_value(); });
  run();
  EXPECT_GE(beats_, std::size_t{kEntities} - 10);
  ASSERT_EQ(missed->size(), std::size_t{kEntities});

  beats_ = 0;
  delivery_->send_missed(back, from->revision(), *std::move(missed), to);
  beat_until([&] {
    if (beats_ == 5) commit({rename(1, "Talk")});
    return back.batches == 2;
  });
  run();

  EXPECT_GE(beats_, std::size_t{kEntities} - 10);
  expect_current(back);
  EXPECT_EQ(back.seen.at({Kind::feature, 1}), json::canonical(newest_->body(Kind::feature, 1)));
}

TEST_F(ManyEntities, OfAnAdminThatEntersFromAnOlderStateFollow) {
  const auto told = newest_;
  commit(many());
  run();
  subscribers_.push_back(std::make_unique<MemorySubscriber>(&shard_, delivery_.get()));
  auto& late = *subscribers_.back();

  delivery_->enter(late, "production", domain::Role::viewer, told);
  beat_until([&] { return late.batches != 0; });
  run();

  expect_current(late);
}

// What a client sees of a commit is encoded in slices, too.
TEST_F(ManyEntities, OfAClientsPushAreEncodedInSlices) {
  constexpr domain::Id kPlatforms = 100;
  clock_.step = {};
  std::vector<domain::Op> ops;
  for (domain::Id id = 1; id <= kPlatforms; ++id)
    ops.push_back(create(platform(id, "p" + std::to_string(id))));
  commit(std::move(ops));
  run();
  auto& first = connect(1'000);
  auto& second = connect(1'000);
  std::vector<domain::Op> switched;
  for (domain::Id id = 1; id <= kPlatforms; ++id) {
    const auto before = newest_->find<domain::Platform>(id);
    auto after = *before;
    after.enabled = false;
    switched.push_back(update(*before, after));
  }
  const auto slices = slices_.value();
  const auto encoded = encoded_.value();
  clock_.step = std::chrono::milliseconds{1};

  commit(std::move(switched));
  run();

  EXPECT_GE(slices_.value(), slices + kPlatforms) << "one update a slice";
  EXPECT_EQ(encoded_.value(), encoded + 1);
  for (const auto* one : {&first, &second}) {
    EXPECT_EQ(one->batches, 1);
    EXPECT_EQ(one->seen, fresh_view(*one));
  }
}

}  // namespace
}  // namespace togglecast::delivery::testing
