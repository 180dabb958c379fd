// The part of the contract of every store that is about removing old rows of the log.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

class PruneContract : public StoreContract {
 protected:
  static constexpr UnixMillis kNow{1'700'000'900'000};

  // Rows with one op each, from the head on.
  void write_rows(int count, const std::string& environment = "production") {
    const auto from = static_cast<int>(kept(environment).newest.revision);
    for (int i = from + 1; i <= from + count; ++i)
      write({create(platform(i, "p" + std::to_string(i)))}, environment);
  }
  // All steps; answers how many there were.
  int prune(domain::Revision until, const PruneBounds& bounds = {},
            const std::string& environment = "production") {
    for (int steps = 1;; ++steps) {
      const auto pruned = store_->prune_log(environment, until, bounds);
      EXPECT_TRUE(pruned.has_value()) << pruned.error().message;
      if (!pruned || !pruned->more) return steps;
    }
  }
  KeptLog kept(const std::string& environment = "production") {
    return store_->open_reader().value()->kept_log(environment, kNow).value();
  }
  // The kept rows follow on one another from the anchor to the head, by both ways to read them.
  void expect_whole(const std::string& environment = "production") {
    const auto reader = store_->open_reader().value();
    const auto log = kept(environment);
    const auto end = reader->follow_chain(environment, log.before, 1'000'000);
    ASSERT_TRUE(end.has_value()) << end.error().message;
    EXPECT_EQ(end->revision, log.newest.revision);
    EXPECT_EQ(end->digest, log.newest.digest);
    const auto loaded = storage::load(*reader, environment, 1'000'000);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    EXPECT_EQ(loaded->before, log.before);
    EXPECT_EQ(static_cast<std::int64_t>(loaded->recent.size()), log.rows());
  }
  static void expect_not_kept(const Error& error, domain::Revision oldest) {
    EXPECT_EQ(error.code, Errc::not_found) << error.message;
    ASSERT_EQ(error.details.size(), 1U) << error.message;
    EXPECT_EQ(error.details[0].reason, std::to_string(oldest));
    EXPECT_NE(error.message.find("no longer kept"), std::string::npos) << error.message;
  }
};

TEST_P(PruneContract, AWholeLogIsKeptFromItsBeginning) {
  write_rows(3);

  const auto log = kept();

  EXPECT_TRUE(log.is_whole());
  EXPECT_EQ(log.before.digest, sha256("genesis"));
  EXPECT_EQ(log.rows(), 3);
  EXPECT_EQ(log.oldest(), 1);
  EXPECT_EQ(log.oldest_at, UnixMillis{1'700'000'001'000});
  expect_whole();
}

TEST_P(PruneContract, TheRestOfAPrunedLogStillVerifies) {
  write_rows(10);
  const std::string before = state();

  prune(6);

  const auto log = kept();
  EXPECT_EQ(log.before.revision, 6);
  EXPECT_EQ(log.rows(), 4);
  EXPECT_EQ(log.oldest_at, UnixMillis{1'700'000'007'000});
  EXPECT_EQ(found({}), (Revisions{10, 9, 8, 7}));
  EXPECT_EQ(state(), before);
  expect_whole();
  reopen();
  expect_whole();
  write_rows(2);
  expect_whole();
  EXPECT_EQ(kept().rows(), 6);
}

TEST_P(PruneContract, CountsTheBytesOfTheRowsThatAreKept) {
  write_rows(4);
  std::int64_t bytes = 0;
  for (const auto& row : load("production", 2).recent)
    bytes += static_cast<std::int64_t>(row.actor_text.size() + row.change_text.size());

  const auto all = kept().bytes;
  prune(2);

  EXPECT_GT(all, bytes);
  EXPECT_EQ(kept().bytes, bytes);
}

TEST_P(PruneContract, AStepRemovesAFewRows) {
  write_rows(10);

  const auto first = store_->prune_log("production", 9, {.rows = 4, .ops = 100}).value();

  EXPECT_EQ(first.rows, 4U);
  EXPECT_TRUE(first.more);
  EXPECT_EQ(kept().before.revision, 4);
  expect_whole();
  EXPECT_EQ(prune(9, {.rows = 4, .ops = 100}), 2);
  EXPECT_EQ(kept().before.revision, 9);
}

TEST_P(PruneContract, AStepEndsWhenItHasRemovedEnoughBytes) {
  write_rows(3);

  EXPECT_EQ(store_->prune_log("production", 3, {.rows = 4, .ops = 100, .bytes = 1})->rows, 1U);
  expect_whole();
}

// The log is whole after each of the steps, also when the process ends there.
TEST_P(PruneContract, AChangeOfManyEntitiesIsRemovedInManySteps) {
  std::vector<domain::Op> many;
  for (int i = 1; i <= 50; ++i) many.push_back(create(platform(i, "p" + std::to_string(i))));
  write(many);
  write({create(client(1, "acme"))});
  write({create(client(2, "beta"))});

  int steps = 1;
  for (; store_->prune_log("production", 2, {.rows = 4, .ops = 10})->more; ++steps) {
    reopen();
    EXPECT_EQ(kept().before.revision, 2) << "all are gone for readers at once";
    EXPECT_EQ(found({}), (Revisions{3}));
    expect_whole();
  }

  EXPECT_EQ(steps, 6);
  EXPECT_EQ(kept().rows(), 1);
  expect_whole();
}

TEST_P(PruneContract, ALogMayLoseAllItsRows) {
  write_rows(3);

  prune(99);

  EXPECT_EQ(kept().rows(), 0);
  EXPECT_EQ(kept().oldest_at, UnixMillis{1'700'000'003'000});
  expect_whole();
  write_rows(1);
  EXPECT_EQ(found({}), (Revisions{4}));
  expect_whole();
}

TEST_P(PruneContract, ChangesInWhichOnlyTimePassedGoLikeOthers) {
  write_rows(1);
  for (int i = 0; i < 6; ++i) write({});
  write_rows(1);

  prune(5, {.rows = 2, .ops = 1});

  EXPECT_EQ(kept().rows(), 3);
  EXPECT_EQ(found({}), (Revisions{8}));
  expect_whole();
}

TEST_P(PruneContract, NothingIsRemovedTwiceOrBackwards) {
  write_rows(5);
  prune(3);

  const auto again = store_->prune_log("production", 2, {}).value();

  EXPECT_EQ(again.rows, 0U);
  EXPECT_FALSE(again.more);
  EXPECT_EQ(kept().before.revision, 3);
}

TEST_P(PruneContract, WhoAsksForARemovedRowLearnsWhichIsTheOldest) {
  write_rows(10);
  prune(6);
  const auto reader = store_->open_reader().value();
  const auto time_of = [](int revision) { return UnixMillis{1'700'000'000'000 + revision * 1'000}; };

  expect_not_kept(reader->rows_after("production", 5, 10).error(), 7);
  expect_not_kept(reader->head_before("production", 6).error(), 7);
  expect_not_kept(reader->revision_at("production", {time_of(6).value - 1}).error(), 7);
  expect_not_kept(store_->begin("production").value()->row(6).error(), 7);
  EXPECT_EQ(reader->rows_after("production", 6, 10)->size(), 4U);
  EXPECT_EQ(reader->rows_before("production", 9, 10)->size(), 2U);
  EXPECT_TRUE(reader->rows_before("production", 7, 10)->empty());
  EXPECT_EQ(reader->head_before("production", 7)->revision, 6);
  EXPECT_EQ(reader->revision_at("production", time_of(6)).value(), 6);
  EXPECT_EQ(reader->revision_at("production", time_of(8)).value(), 8);
  EXPECT_EQ(store_->begin("production").value()->row(7)->head.revision, 7);
  EXPECT_EQ(store_->begin("production").value()->row(11).error().details.size(), 0U);
}

TEST_P(PruneContract, AnEntityIsFoundInKeptRowsOnly) {
  write({create(platform(1, "web"))});
  write({update(platform(1, "web"), platform(1, "web", false))});
  write({create(client(1, "acme"))});
  write({update(platform(1, "web", false), platform(1, "web"))});
  prune(2);

  const auto transaction = store_->begin("production").value();

  EXPECT_EQ(transaction->last_touched(domain::Kind::platform, 1, 4).value(), 4);
  EXPECT_EQ(transaction->last_touched(domain::Kind::platform, 1, 3).value(), 0);
  EXPECT_EQ(transaction->first_touched(domain::Kind::platform, 1, 0).value(), 4);
  EXPECT_EQ(transaction->first_touched(domain::Kind::platform, 1, 4).value(), 0);
}

TEST_P(PruneContract, EachEnvironmentLosesItsOwnRows) {
  ASSERT_TRUE(store_->create_environment("staging", sha256("other"), {1'700'000'000'000}).has_value());
  write_rows(5);
  write_rows(5, "staging");

  prune(4);

  EXPECT_EQ(kept().rows(), 1);
  EXPECT_TRUE(kept("staging").is_whole());
  expect_whole("staging");
  prune(2, {}, "staging");
  EXPECT_EQ(kept("staging").before.revision, 2);
  EXPECT_EQ(kept().before.revision, 4);
  EXPECT_EQ(store_->prune_log("nowhere", 1, {}).error().code, Errc::not_found);
}

TEST_P(PruneContract, SaysWhichRevisionARememberedOutcomeNeeds) {
  constexpr std::int64_t kDay = 86'400'000;
  const auto remember = [&](const std::string& key, domain::Revision revision, std::int64_t at) {
    auto transaction = store_->begin("production").value();
    ASSERT_TRUE(transaction
                    ->commit({.row = nullptr,
                              .secrets = {},
                              .idempotency = IdempotencyKey{"admin 1", key, sha256(key)},
                              .outcome = {revision, true, domain::Kind::platform, 1},
                              .at = {at}})
                    .has_value());
  };
  write_rows(5);
  EXPECT_EQ(kept().needed, 0);
  remember("first", 2, kNow.value);
  remember("second", 4, kNow.value + 1'000);
  const auto reader = store_->open_reader().value();

  EXPECT_EQ(reader->kept_log("production", kNow)->needed, 2);
  EXPECT_EQ(reader->kept_log("production", {kNow.value + kDay + 1})->needed, 4);
  EXPECT_EQ(reader->kept_log("production", {kNow.value + kDay + 1'001})->needed, 0);
}

TEST_P(PruneContract, ANewEpochIsLaterThanAnyBefore) {
  write_rows(2);

  domain::Head lost = kept().newest;
  lost.epoch = 8'999'999'999;
  lost.revision = 7;
  EXPECT_TRUE(store_->raise_epoch("production", lost).value());
  const auto first = kept().newest;
  lost = first;
  lost.digest = sha256("another history");
  EXPECT_TRUE(store_->raise_epoch("production", lost).value());

  EXPECT_EQ(first.epoch, 9'000'000'000) << "later than the clock says";
  EXPECT_EQ(first.revision, 2);
  EXPECT_EQ(kept().newest.epoch, 9'000'000'001);
  write_rows(1);
  EXPECT_EQ(load("production", 1).recent.back().head.epoch, 9'000'000'001);
  expect_whole();
  EXPECT_EQ(store_->raise_epoch("nowhere", lost).error().code, Errc::not_found);
}

TEST_P(PruneContract, NodesThatNoticeTheSameLossBeginOneEpoch) {
  write_rows(2);
  domain::Head lost = kept().newest;
  lost.revision = 9;
  domain::Head lost_by_another = lost;
  lost_by_another.revision = 8;

  EXPECT_TRUE(store_->raise_epoch("production", lost).value());
  const auto raised = kept().newest.epoch;
  EXPECT_FALSE(store_->raise_epoch("production", lost).value());
  EXPECT_FALSE(store_->raise_epoch("production", lost_by_another).value());

  EXPECT_EQ(kept().newest.epoch, raised);
}

TEST_P(PruneContract, ALogThatHasWhatSeemedLostKeepsItsEpoch) {
  write_rows(5);
  const auto third = store_->open_reader().value()->head_before("production", 4).value();
  const auto pruned = store_->open_reader().value()->head_before("production", 2).value();
  prune(2);

  EXPECT_FALSE(store_->raise_epoch("production", kept().newest).value());
  EXPECT_FALSE(store_->raise_epoch("production", third).value());
  EXPECT_FALSE(store_->raise_epoch("production", pruned).value()) << "nothing says that it was lost";

  EXPECT_EQ(kept().newest.epoch, 1);
}

TEST_P(PruneContract, AStoreThatHasNothingToGiveBackSaysSo) {
  write_rows(2);

  EXPECT_FALSE(store_->give_back_space().value());
}

}  // namespace togglecast::storage::testing
