// The part of the contract of every store that is about several writes in one transaction.
#pragma once

#include <string>
#include <vector>

#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

class TogetherContract : public StoreContract {
 protected:
  /// Adds the creation of a platform, with an idempotency key of the same name.
  Result<domain::LogRow> add(WriteTransaction& transaction, int id) {
    const std::string key = "p" + std::to_string(id);
    auto row = row_on(transaction.head(), {create(platform(id, key))});
    const auto indexed = domain::index_row(row);
    auto added = transaction.add({.row = &indexed,
                                  .secrets = {},
                                  .idempotency = IdempotencyKey{"admin 1", key, sha256(key)},
                                  .outcome = {row.head.revision, true, domain::Kind::platform, id},
                                  .at = row.head.as_of});
    if (!added) return tl::unexpected(added.error());
    return row;
  }
};

TEST_P(TogetherContract, WritesBecomeDurableTogether) {
  domain::LogRow last;
  {
    auto transaction = store_->begin("production").value();
    for (int id = 1; id <= 3; ++id) last = add(*transaction, id).value();
    EXPECT_EQ(transaction->head(), last.head);
    EXPECT_EQ(load("production", 10).snapshot->revision(), 0) << "nobody else sees them yet";
    ASSERT_TRUE(transaction->commit({}).has_value());
  }

  reopen();

  const auto loaded = load("production", 10);
  EXPECT_EQ(loaded.snapshot->head(), last.head);
  EXPECT_EQ(loaded.recent.size(), 3U);
  EXPECT_NE(loaded.snapshot->find_by_key<domain::Platform>("p2"), nullptr);
}

TEST_P(TogetherContract, TheTransactionSeesWhatItHasAdded) {
  auto transaction = store_->begin("production").value();
  const auto first = add(*transaction, 7).value();

  EXPECT_EQ(transaction->last_id(domain::Kind::platform).value(), 7);
  EXPECT_EQ(transaction->row(1)->change_text, first.change_text);
  EXPECT_EQ(transaction->last_touched(domain::Kind::platform, 7, 1).value(), 1);
  const auto remembered = transaction->remembered({"admin 1", "p7", sha256("p7")}, first.head.as_of).value();
  ASSERT_TRUE(remembered.has_value());
  EXPECT_EQ(remembered->outcome.revision, 1);
}

TEST_P(TogetherContract, DroppedWithoutACommitTheyChangeNothing) {
  {
    auto transaction = store_->begin("production").value();
    ASSERT_TRUE(add(*transaction, 1).has_value());
    ASSERT_TRUE(add(*transaction, 2).has_value());
  }

  EXPECT_EQ(load("production", 10).snapshot->revision(), 0);
  EXPECT_EQ(write({create(platform(1, "p1"))}).head.revision, 1);
}

TEST_P(TogetherContract, TheLastOneMayComeWithTheCommit) {
  {
    auto transaction = store_->begin("production").value();
    ASSERT_TRUE(add(*transaction, 1).has_value());
    ASSERT_TRUE(commit(*transaction, row_on(transaction->head(), {create(platform(2, "p2"))})).has_value());
  }

  EXPECT_EQ(load("production", 10).snapshot->revision(), 2);
}

TEST_P(TogetherContract, ARowThatDoesNotFollowIsRefused) {
  auto transaction = store_->begin("production").value();
  const domain::Head before = transaction->head();
  ASSERT_TRUE(add(*transaction, 1).has_value());
  const auto row = row_on(before, {create(platform(2, "p2"))});
  const auto indexed = domain::index_row(row);

  const auto added = transaction->add({.row = &indexed, .secrets = {}, .idempotency = {}, .outcome = {}});

  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().code, Errc::conflict);
}

}  // namespace togglecast::storage::testing
