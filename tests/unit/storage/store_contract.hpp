// What every store must keep to; each store instantiates the suite with a way to open one and open it again.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/store.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::storage::testing {

using domain::testing::client;
using domain::testing::create;
using domain::testing::erase;
using domain::testing::platform;
using domain::testing::update;

/// Opens and reopens the same store.
class Medium {
 public:
  virtual ~Medium() = default;
  virtual std::unique_ptr<Store> open() = 0;
};
using MakeMedium = std::function<std::unique_ptr<Medium>()>;

class StoreContract : public ::testing::TestWithParam<MakeMedium> {
 protected:
  StoreContract() : medium_(GetParam()()), store_(medium_->open()) {
    EXPECT_TRUE(store_->create_environment("production", sha256("genesis"), {1'700'000'000'000}).has_value());
  }

  void reopen() {
    store_.reset();
    store_ = medium_->open();
  }

  domain::LogRow row_on(const domain::Head& head, std::vector<domain::Op> ops,
                        const std::string& environment = "production") {
    return domain::make_row(environment, head, {head.as_of.value + 1'000}, {{"kind", "admin"}, {"id", 1}},
                            {head.revision, std::move(ops)})
        .value();
  }

  // Commits one row and answers it.
  domain::LogRow write(std::vector<domain::Op> ops, const std::string& environment = "production",
                       std::vector<SecretWrite> secrets = {}) {
    auto transaction = store_->begin(environment).value();
    const auto row = row_on(transaction->head(), std::move(ops), environment);
    const auto done = commit(*transaction, row, secrets);
    EXPECT_TRUE(done.has_value()) << done.error().message;
    return row;
  }
  static Result<void> commit(WriteTransaction& transaction, const domain::LogRow& row,
                             const std::vector<SecretWrite>& secrets = {}) {
    const auto indexed = domain::index_row(row);
    return transaction.commit(
        {.row = &indexed, .secrets = secrets, .idempotency = {}, .outcome = {}, .at = {}});
  }

  Loaded load(const std::string& environment, std::size_t recent) {
    return storage::load(*store_->open_reader().value(), environment, recent).value();
  }

  using Revisions = std::vector<domain::Revision>;

  Revisions found(const LogQuery& query) {
    Revisions revisions;
    const auto page = store_->open_reader().value()->log_page("production", query).value();
    for (const auto& row : page.rows) revisions.push_back(row.head.revision);
    return revisions;
  }

  std::string state(const std::string& environment = "production") {
    return domain::canonical_text(*load(environment, 10).snapshot);
  }

  std::unique_ptr<Medium> medium_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreContract, ANewEnvironmentIsEmptyAtRevisionZero) {
  const auto loaded = load("production", 10);

  EXPECT_EQ(loaded.snapshot->revision(), 0);
  EXPECT_EQ(loaded.snapshot->head().epoch, 1);
  EXPECT_EQ(loaded.snapshot->head().digest, sha256("genesis"));
  EXPECT_TRUE(loaded.recent.empty());
}

TEST_P(StoreContract, WhatWasCommittedIsThereAfterOpeningAgain) {
  write({create(platform(1, "web")), create(client(1, "acme"))});
  const auto last = write({update(platform(1, "web"), platform(1, "web", false))});

  reopen();

  const auto loaded = load("production", 10);
  EXPECT_EQ(loaded.snapshot->head(), last.head);
  EXPECT_FALSE(loaded.snapshot->find<domain::Platform>(1)->enabled);
  EXPECT_EQ(loaded.snapshot->find_by_key<domain::Client>("acme")->id, 1);
  ASSERT_EQ(loaded.recent.size(), 2U);
  EXPECT_EQ(loaded.recent[1].change_text, last.change_text);
  EXPECT_EQ(loaded.before.revision, 0);
}

TEST_P(StoreContract, LoadsAsManyRecentRowsAsAsked) {
  for (int i = 1; i <= 5; ++i) write({create(platform(i, "p" + std::to_string(i)))});

  const auto loaded = load("production", 2);

  ASSERT_EQ(loaded.recent.size(), 2U);
  EXPECT_EQ(loaded.recent[0].head.revision, 4);
  EXPECT_EQ(loaded.before.revision, 3);
}

TEST_P(StoreContract, ATransactionThatIsDroppedChangesNothing) {
  {
    auto transaction = store_->begin("production").value();
    EXPECT_EQ(transaction->head().revision, 0);
  }

  EXPECT_EQ(write({create(platform(1, "web"))}).head.revision, 1);
}

TEST_P(StoreContract, ARowMustFollowOnTheHead) {
  const auto stale = row_on(load("production", 0).snapshot->head(), {create(platform(2, "ios"))});
  write({create(platform(1, "web"))});
  const std::string before = state();

  auto transaction = store_->begin("production").value();
  const auto refused = commit(*transaction, stale);
  transaction.reset();

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(state(), before);
}

TEST_P(StoreContract, AReaderAnswersTheRowsAfterARevisionOldestFirst) {
  write({create(platform(1, "web"))});
  write({create(platform(2, "ios"))});
  const auto last = write({create(platform(3, "tv"))});
  auto reader = store_->open_reader().value();

  const auto rows = reader->rows_after("production", 1, 10).value();
  const auto first = reader->rows_after("production", 1, 1).value();

  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].head.revision, 2);
  EXPECT_EQ(rows[1].head, last.head);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].head.revision, 2);
  EXPECT_TRUE(reader->rows_after("production", 3, 10).value().empty());
  EXPECT_EQ(reader->rows_after("nowhere", 0, 10).error().code, Errc::not_found);
}

TEST_P(StoreContract, AReaderSeesTheRowsBelowAnOpenTransaction) {
  write({create(platform(1, "web"))});
  auto reader = store_->open_reader().value();

  const auto transaction = store_->begin("production").value();

  EXPECT_EQ(reader->rows_after("production", 0, 10).value().back().head, transaction->head());
}

TEST_P(StoreContract, TheVersionChangesWithEveryCommitAndOtherwiseStays) {
  auto reader = store_->open_reader().value();
  const auto at_first = reader->version().value();
  const auto idle = reader->version().value();
  write({create(platform(1, "web"))});
  const auto after_a_row = reader->version().value();
  ASSERT_TRUE(store_->create_environment("staging", sha256("other"), {1'700'000'000'000}).has_value());
  const auto after_an_environment = reader->version().value();

  EXPECT_EQ(idle, at_first);
  EXPECT_NE(after_a_row, at_first);
  EXPECT_NE(after_an_environment, after_a_row);
  EXPECT_EQ(reader->version().value(), after_an_environment);
}

TEST_P(StoreContract, AHealthyStoreSaysSoAndAProbeLeavesNothing) {
  write({create(platform(1, "web"))});
  const std::string before = state();

  EXPECT_TRUE(store_->health().check().has_value());
  EXPECT_TRUE(store_->health().probe_write().has_value());
  EXPECT_EQ(store_->health().origin(), Origin::same);
  EXPECT_EQ(state(), before);
  EXPECT_EQ(load("production", 10).snapshot->revision(), 1);
}

TEST_P(StoreContract, AnIdIsNeverGivenTwice) {
  write({create(platform(1, "web")), create(platform(2, "ios"))});
  write({erase(platform(2, "ios"))});
  reopen();

  auto transaction = store_->begin("production").value();

  EXPECT_EQ(transaction->last_id(domain::Kind::platform).value(), 2);
  EXPECT_EQ(transaction->last_id(domain::Kind::client).value(), 0);
}

TEST_P(StoreContract, EnvironmentsDoNotMeet) {
  ASSERT_TRUE(store_->create_environment("staging", sha256("other"), {1'700'000'000'000}).has_value());
  write({create(platform(1, "web"))});
  write({create(platform(1, "web", false))}, "staging");
  write({erase(platform(1, "web", false))}, "staging");

  const auto production = load("production", 10);
  const auto staging = load("staging", 10);
  EXPECT_TRUE(production.snapshot->find<domain::Platform>(1)->enabled);
  EXPECT_EQ(staging.snapshot->find<domain::Platform>(1), nullptr);
  EXPECT_EQ(production.snapshot->revision(), 1);
  EXPECT_EQ(staging.snapshot->revision(), 2);
  EXPECT_EQ(production.recent.size(), 1U);
  EXPECT_EQ(store_->open_reader().value()->log_page("production", {}).value().rows.size(), 1U);
  EXPECT_NE(production.snapshot->head().digest, staging.snapshot->head().digest);
}

TEST_P(StoreContract, ListsItsEnvironments) {
  ASSERT_TRUE(store_->create_environment("staging", sha256("other"), {1'700'000'000'000}).has_value());
  write({create(platform(1, "web"))});

  const auto found = store_->open_reader().value()->environments().value();

  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].key, "production");
  EXPECT_EQ(found[0].head.revision, 1);
  EXPECT_EQ(found[1].key, "staging");
  EXPECT_EQ(store_->create_environment("staging", sha256("x"), {}).error().code, Errc::already_exists);
  EXPECT_EQ(storage::load(*store_->open_reader().value(), "nowhere", 1).error().code, Errc::not_found);
  EXPECT_EQ(store_->begin("nowhere").error().code, Errc::not_found);
}

TEST_P(StoreContract, SecretsStandBesideTheirEntityAndGoWithIt) {
  write({create(client(4, "acme"))}, "production",
        {{domain::Kind::client, 4, Secret(std::string("a\0b", 3))}});
  auto reader = store_->open_reader().value();
  EXPECT_EQ(reader->secret("production", domain::Kind::client, 4).value()->reveal(), std::string("a\0b", 3));
  write({}, "production", {{domain::Kind::client, 4, Secret(std::string("changed"))}});
  EXPECT_EQ(reader->secret("production", domain::Kind::client, 4).value()->reveal(), "changed");

  write({erase(client(4, "acme"))});

  EXPECT_FALSE(reader->secret("production", domain::Kind::client, 4).value().has_value());
}

TEST_P(StoreContract, RemembersTheOutcomeOfARequestForItsActor) {
  const IdempotencyKey key{"admin 1", "k-1", sha256("request")};
  {
    auto transaction = store_->begin("production").value();
    const auto row = row_on(transaction->head(), {create(platform(1, "web"))});
    const auto indexed = domain::index_row(row);
    ASSERT_TRUE(transaction
                    ->commit({.row = &indexed,
                              .secrets = {},
                              .idempotency = key,
                              .outcome = {1, true, domain::Kind::platform, 1},
                              .at = {1'700'000'001'000}})
                    .has_value());
  }
  reopen();

  auto transaction = store_->begin("production").value();
  const UnixMillis now{1'700'000'002'000};
  const auto remembered = transaction->remembered(key, now).value();
  ASSERT_TRUE(remembered.has_value());
  EXPECT_EQ(remembered->request, key.request);
  EXPECT_EQ(remembered->outcome.revision, 1);
  EXPECT_TRUE(remembered->outcome.changed);
  EXPECT_EQ(transaction->row(1).value().change.ops.size(), 1U);
  EXPECT_FALSE(transaction->remembered({"admin 2", "k-1", key.request}, now).value().has_value());
}

TEST_P(StoreContract, ForgetsOutcomesAfterADay) {
  const auto remember = [&](const std::string& key, std::int64_t at) {
    auto transaction = store_->begin("production").value();
    ASSERT_TRUE(transaction
                    ->commit({.row = nullptr,
                              .secrets = {},
                              .idempotency = IdempotencyKey{"admin 1", key, sha256(key)},
                              .outcome = {},
                              .at = {at}})
                    .has_value());
  };
  remember("old", 1'700'000'000'000);
  remember("new", 1'700'000'000'000 + 86'400'000 + 1);

  auto transaction = store_->begin("production").value();
  const UnixMillis now{1'700'000'000'000 + 86'400'000 + 2};
  EXPECT_FALSE(transaction->remembered({"admin 1", "old", {}}, now).value().has_value());
  EXPECT_TRUE(transaction->remembered({"admin 1", "new", {}}, now).value().has_value());
}

// Old outcomes are deleted by later writes. Without one they are still there, and count as forgotten.
TEST_P(StoreContract, JudgesTheAgeOfAnOutcomeWhenItIsLookedUp) {
  constexpr std::int64_t kAt = 1'700'000'000'000, kDay = 86'400'000;
  {
    auto transaction = store_->begin("production").value();
    ASSERT_TRUE(transaction
                    ->commit({.row = nullptr,
                              .secrets = {},
                              .idempotency = IdempotencyKey{"admin 1", "only", sha256("only")},
                              .outcome = {},
                              .at = {kAt}})
                    .has_value());
  }

  auto transaction = store_->begin("production").value();
  EXPECT_TRUE(transaction->remembered({"admin 1", "only", {}}, {kAt + kDay}).value().has_value());
  EXPECT_FALSE(transaction->remembered({"admin 1", "only", {}}, {kAt + kDay + 1}).value().has_value());
}

}  // namespace togglecast::storage::testing
