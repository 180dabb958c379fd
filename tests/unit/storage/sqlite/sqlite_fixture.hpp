// A data folder with an SQLite store that writes platforms, and a second connection to its database.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "storage/sqlite/connection/database.hpp"
#include "storage/sqlite/sqlite_store.hpp"
#include "support/temporary_folder.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::storage::sqlite::testing {

/// Takes back what schemas after the fifth added, for tests that go on to take back more.
inline constexpr const char* kBackToFifthSchema =
    "DROP TABLE fetched; DROP TABLE usage; DROP TABLE unfinished_import;"
    "DROP TABLE message_receipt; DROP TABLE message; DROP TABLE message_counter;"
    "DROP TABLE asset_holder; DROP TABLE asset; DROP TABLE asset_content;"
    "DROP TABLE log_anchor; ALTER TABLE environment DROP COLUMN log_bytes;";

class SqliteFolder : public ::testing::Test {
 public:
  static Result<void> write(Store& store, int id, const std::string& description = {}) {
    auto transaction = store.begin("production");
    if (!transaction) return tl::unexpected(transaction.error());
    auto entity = domain::testing::platform(id, "p" + std::to_string(id));
    entity.description = description;
    const auto& head = (*transaction)->head();
    const auto row = domain::make_row("production", head, head.as_of, json::object{},
                                      {head.revision, {domain::testing::create(entity)}});
    const auto indexed = domain::index_row(*row);
    return (*transaction)
        ->commit({.row = &indexed, .secrets = {}, .idempotency = {}, .outcome = {}, .at = {}});
  }

 protected:
  std::filesystem::path data() const { return folder_.path() / "data"; }

  std::unique_ptr<SqliteStore> with_rows(int rows) {
    auto store = SqliteStore::open(data()).value();
    EXPECT_TRUE(store->create_environment("production", sha256("genesis"), {1'700'000'000'000}).has_value());
    for (int i = 1; i <= rows; ++i) EXPECT_TRUE(write(*store, i).has_value());
    return store;
  }

  static Result<Loaded> load(Store& store) {
    return storage::load(*store.open_reader().value(), "production", 10);
  }

  void tamper(const char* sql) {
    auto database = Database::open(data() / "togglecast.db", {}).value();
    ASSERT_TRUE(database.execute(sql).has_value());
  }

  togglecast::testing::TemporaryFolder folder_;
};

}  // namespace togglecast::storage::sqlite::testing
