// A second connection to the database of a running server, as another process would have it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/sqlite/connection/database.hpp"
#include "storage/sqlite/log_rows.hpp"
#include "storage/sqlite/pruning.hpp"
#include "storage/sqlite/sqlite_messages.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"

namespace togglecast::storage::sqlite::testing {

class OtherProcess {
 public:
  /// `folder` is the data folder.
  explicit OtherProcess(const std::filesystem::path& folder)
      : database_(Database::open(folder / "togglecast.db", {}).value()) {}

  /// Commits one row after the newest one and answers it.
  domain::LogRow write(const std::string& environment, std::vector<domain::Op> ops) {
    return write_row(environment, std::move(ops), true);
  }
  /// The same, with a digest that does not continue the chain.
  domain::LogRow write_with_broken_chain(const std::string& environment, std::vector<domain::Op> ops) {
    return write_row(environment, std::move(ops), false);
  }
  /// Removes the rows up to `until`.
  void prune(const std::string& environment, domain::Revision until) {
    auto transaction = Transaction::begin(database_, "BEGIN IMMEDIATE").value();
    const auto number = environment_number(database_, environment).value();
    EXPECT_FALSE(prune_step(database_, number, until, {.rows = 10'000, .ops = 10'000}).value().more);
    EXPECT_TRUE(transaction.commit().has_value());
  }
  /// Takes back the changes after `revision` of `production`, each of which has made the platform with the id
  /// of its revision, as when an older backup is put in place.
  void lose_after(domain::Revision revision) {
    const std::string number = std::to_string(revision);
    const std::string sql = "BEGIN; DELETE FROM change_log_entity WHERE revision > " + number +
                            "; DELETE FROM entity WHERE id > " + number +
                            "; UPDATE environment SET revision = " + number +
                            ", digest = (SELECT digest FROM change_log WHERE revision = " + number +
                            "), as_of = (SELECT at FROM change_log WHERE revision = " + number +
                            "); DELETE FROM change_log WHERE revision > " + number + "; COMMIT";
    EXPECT_TRUE(database_.execute(sql.c_str()).has_value());
  }
  MessageWriter& messages() noexcept { return messages_; }
  Database& database() noexcept { return database_; }
  void create_environment(const std::string& key) {
    const std::string sql =
        "INSERT INTO environment (key, epoch, revision, digest, as_of, genesis, created_at) VALUES ('" + key +
        "', 1, 0, zeroblob(32), 1700000000000, zeroblob(32), 1700000000000)";
    EXPECT_TRUE(database_.execute(sql.c_str()).has_value());
  }

 private:
  domain::LogRow write_row(const std::string& environment, std::vector<domain::Op> ops, bool in_chain) {
    auto transaction = SqliteTransaction::begin(database_, environment, std::chrono::hours{24}).value();
    const domain::Head& head = transaction->head();
    auto row = domain::make_row(environment, head, head.as_of, {{"name", "another process"}},
                                {head.revision, std::move(ops)})
                   .value();
    if (!in_chain) row.head.digest = sha256("another history");
    const auto indexed = domain::index_row(row);
    EXPECT_TRUE(
        transaction->commit({.row = &indexed, .secrets = {}, .idempotency = {}, .outcome = {}, .at = {}})
            .has_value());
    return row;
  }

  Database database_;
  SqliteMessageWriter messages_{database_,
                                [this] { return Transaction::begin(database_, "BEGIN IMMEDIATE"); },
                                [](const Fence&) { return Result<void>(); }};
};

}  // namespace togglecast::storage::sqlite::testing
