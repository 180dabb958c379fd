// The tables of SQLite for another store, and theirs into SQLite. The columns of transfer.hpp are those of
// migrations.cpp. Thread and error rules as in storage/transfer.hpp.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "storage/sqlite/connection/database.hpp"
#include "storage/transfer.hpp"

namespace togglecast::storage::sqlite {

class SqliteTransfer final : public Transfer {
 public:
  /// `begin` begins a write transaction of `database`.
  SqliteTransfer(Database& database, std::function<Result<Transaction>()> begin)
      : database_(database), begin_(std::move(begin)) {}

  [[nodiscard]] Result<std::vector<Cells>> read(const TransferTable& table, const Cells& after,
                                                const TransferBounds& bounds) override;
  [[nodiscard]] Result<std::string> unfinished() override;
  [[nodiscard]] Result<void> begin_import(const std::string& origin) override;
  [[nodiscard]] Result<void> write(const TransferTable& table, std::span<const Cells> rows) override;
  [[nodiscard]] Result<void> finish_import() override;

 private:
  Database& database_;
  std::function<Result<Transaction>()> begin_;
};

}  // namespace togglecast::storage::sqlite
