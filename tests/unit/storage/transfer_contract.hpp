// The part of the contract of every store that is about moving its state into another store.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "domain/entities/asset.hpp"
#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

/// All rows of all tables, read in small parts.
inline std::vector<std::vector<Cells>> everything_of(Transfer& from) {
  std::vector<std::vector<Cells>> tables;
  for (const TransferTable& table : transfer_tables()) {
    std::vector<Cells>& rows = tables.emplace_back();
    for (Cells after;;) {
      const auto part = from.read(table, after, {.rows = 2});
      EXPECT_TRUE(part.has_value()) << table.name << ": " << part.error().message;
      if (!part || part->empty()) break;
      EXPECT_LE(part->size(), 2U);
      rows.insert(rows.end(), part->begin(), part->end());
      after = part->back();
    }
  }
  return tables;
}

/// Moves everything between two stores.
inline void move_everything(Transfer& from, Transfer& to) {
  ASSERT_TRUE(to.begin_import("here").has_value());
  const auto tables = everything_of(from);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto done = to.write(transfer_tables()[i], tables[i]);
    ASSERT_TRUE(done.has_value()) << transfer_tables()[i].name << ": " << done.error().message;
  }
  ASSERT_TRUE(to.finish_import().has_value());
}

class TransferContract : public StoreContract {
 protected:
  TransferContract() : other_medium_(GetParam()()), other_(other_medium_->open()) {}

  // A row of every table.
  void fill() {
    ASSERT_TRUE(store_->create_environment("staging", sha256("other"), {1'700'000'000'000}).has_value());
    write({create(client(1, "acme"))}, "production",
          {{domain::Kind::client, 1, Secret(std::string("\0hash\xff", 6))}});
    for (int id = 1; id <= 5; ++id) write({create(platform(id, "p" + std::to_string(id)))});
    write({erase(platform(5, "p5"))});
    write({create(client(1, "acme"))}, "staging");
    ASSERT_TRUE(store_->prune_log("production", 2, {}).has_value());
    const std::string bytes("\x89PNG\0\n", 6);
    const std::string sha256_of_bytes = domain::hex(sha256(bytes));
    auto with_icon = platform(6, "p6");
    domain::put_asset(with_icon.assets, {"icon", sha256_of_bytes, 6, "image/png"});
    {
      auto transaction = store_->begin("production").value();
      const auto row = row_on(transaction->head(), {create(with_icon)});
      const auto indexed = domain::index_row(row);
      const std::vector<AssetWrite> assets{{sha256_of_bytes, SharedBytes(bytes)}};
      ASSERT_TRUE(transaction
                      ->commit({.row = &indexed,
                                .secrets = {},
                                .assets = assets,
                                .idempotency = IdempotencyKey{"admin 1", "k", sha256("request")},
                                .outcome = {row.head.revision, true, domain::Kind::platform, 6},
                                .at = {1'700'000'000'000}})
                      .has_value());
    }
    const std::vector<Use> uses{{{domain::Kind::platform, 1}, {8}}};
    ASSERT_TRUE(store_->usage().note("production", uses).has_value());
    const Fetched keys{{domain::Kind::platform, 1}, "https://id.example/keys", "{}", {9}};
    ASSERT_TRUE(store_->fetched().keep("production", keys).has_value());
    NewMessage message;
    message.row = {.environment = "production",
                   .id = "m1",
                   .event = "notice",
                   .audience = R"({"kind":"all"})",
                   .payload = "{}",
                   .ack = "client",
                   .sender = "{}",
                   .at = {1},
                   .expires_at = {1'900'000'000'000}};
    const auto added = store_->messages().add(message, {});
    ASSERT_TRUE(added.has_value()) << added.error().message;
    const std::vector<MessageReceipt> receipts{{added->row.number, 7, "", {5}, {6}}};
    ASSERT_TRUE(store_->messages().record(receipts).has_value());
  }

  std::unique_ptr<Medium> other_medium_;
  std::unique_ptr<Store> other_;
};

TEST_P(TransferContract, EverythingIsTheSameInTheOtherStore) {
  fill();
  const auto before = everything_of(store_->transfer());
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_FALSE(before[i].empty()) << "the test has no row of " << transfer_tables()[i].name;

  move_everything(store_->transfer(), other_->transfer());

  EXPECT_EQ(everything_of(other_->transfer()), before);
  const auto production = storage::load(*other_->open_reader().value(), "production", 100).value();
  EXPECT_EQ(production.snapshot->head(), load("production", 1).snapshot->head());
  EXPECT_EQ(domain::canonical_text(*production.snapshot), state());
  EXPECT_EQ(production.before.revision, 2);
  EXPECT_EQ(other_->open_reader().value()->secret("production", domain::Kind::client, 1)->value().reveal(),
            std::string("\0hash\xff", 6));
}

TEST_P(TransferContract, TheOtherStoreGoesOnWhereThisOneWas) {
  fill();
  move_everything(store_->transfer(), other_->transfer());
  other_.reset();
  store_ = other_medium_->open();

  const auto last = load("production", 1).snapshot->head();
  const auto next = write({create(platform(7, "p7"))});
  EXPECT_EQ(next.head.revision, last.revision + 1);
  EXPECT_EQ(next.head.epoch, last.epoch);
  auto transaction = store_->begin("production").value();
  EXPECT_EQ(transaction->last_id(domain::Kind::platform).value(), 7);
  const auto remembered =
      transaction->remembered({"admin 1", "k", sha256("request")}, {1'700'000'000'000}).value();
  ASSERT_TRUE(remembered.has_value());
  EXPECT_EQ(remembered->outcome.id, 6);
  transaction.reset();
  NewMessage message;
  message.row = {.environment = "production",
                 .id = "m2",
                 .event = "e",
                 .audience = "{}",
                 .payload = "{}",
                 .ack = "client",
                 .sender = "{}",
                 .at = {1},
                 .expires_at = {1'900'000'000'000}};
  EXPECT_GT(store_->messages().add(message, {})->row.number, 1);
}

TEST_P(TransferContract, AStoreWithAStateTakesNoImport) {
  write({create(platform(1, "web"))});

  EXPECT_EQ(store_->transfer().begin_import("there").error().code, Errc::conflict);
  EXPECT_EQ(load("production", 1).snapshot->revision(), 1);
}

TEST_P(TransferContract, AnImportThatWasInterruptedBeginsAgain) {
  fill();
  ASSERT_TRUE(other_->transfer().begin_import("the first").has_value());
  const auto tables = everything_of(store_->transfer());
  for (std::size_t i = 0; i < tables.size(); ++i)
    ASSERT_TRUE(other_->transfer().write(transfer_tables()[i], tables[i]).has_value());
  other_.reset();
  other_ = other_medium_->open();
  EXPECT_EQ(other_->transfer().unfinished().value(), "the first");

  move_everything(store_->transfer(), other_->transfer());

  EXPECT_EQ(other_->transfer().unfinished().value(), "");
  EXPECT_EQ(everything_of(other_->transfer()), tables);
}

TEST_P(TransferContract, PartsAreBoundedByTheirBytesToo) {
  for (int id = 1; id <= 3; ++id) write({create(platform(id, "p" + std::to_string(id)))});

  EXPECT_EQ(store_->transfer().read(transfer_tables()[1], {}, {.rows = 100, .bytes = 1})->size(), 1U);
  EXPECT_EQ(store_->transfer().read(transfer_tables()[1], {}, {})->size(), 3U);
}

}  // namespace togglecast::storage::testing
