// What was fetched, in SQLite. The writer works on the store's connection, the reader on that of its Reader.
// Thread and error rules as in storage/fetched.hpp.
#pragma once

#include <functional>
#include <utility>

#include "storage/fetched.hpp"
#include "storage/sqlite/connection/database.hpp"

namespace togglecast::storage::sqlite {

class SqliteFetchedWriter final : public FetchedWriter {
 public:
  /// `begin` begins a write transaction of `database`.
  SqliteFetchedWriter(Database& database, std::function<Result<Transaction>()> begin)
      : database_(database), begin_(std::move(begin)) {}

  [[nodiscard]] Result<void> keep(const std::string& environment, const Fetched& fetched) override;

 private:
  Database& database_;
  std::function<Result<Transaction>()> begin_;
};

class SqliteFetchedReader final : public FetchedReader {
 public:
  explicit SqliteFetchedReader(Database& database) : database_(database) {}

  [[nodiscard]] Result<std::vector<Fetched>> all(const std::string& environment) override;

 private:
  Database& database_;
};

}  // namespace togglecast::storage::sqlite
