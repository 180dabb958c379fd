// Usage in SQLite. The writer works on the store's connection, the reader on that of its Reader. Thread and
// error rules as in storage/usage.hpp.
#pragma once

#include <functional>
#include <utility>

#include "storage/sqlite/connection/database.hpp"
#include "storage/usage.hpp"

namespace togglecast::storage::sqlite {

class SqliteUsageWriter final : public UsageWriter {
 public:
  /// `begin` begins a write transaction of `database`.
  SqliteUsageWriter(Database& database, std::function<Result<Transaction>()> begin)
      : database_(database), begin_(std::move(begin)) {}

  [[nodiscard]] Result<void> note(const std::string& environment, std::span<const Use> uses) override;
  [[nodiscard]] Result<Advanced> advance(const std::string& environment, const UsedEntity& of,
                                         std::int64_t from, UnixMillis at) override;

 private:
  Database& database_;
  std::function<Result<Transaction>()> begin_;
};

class SqliteUsageReader final : public UsageReader {
 public:
  explicit SqliteUsageReader(Database& database) : database_(database) {}

  [[nodiscard]] Result<std::vector<Usage>> all(const std::string& environment) override;
  [[nodiscard]] Result<Usage> of(const std::string& environment, const UsedEntity& entity) override;

 private:
  Database& database_;
};

}  // namespace togglecast::storage::sqlite
