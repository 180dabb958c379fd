// A connection to SQLite and its prepared statements; the only file pair that knows SQLite's own interface.
// Thread rule: a Database and its statements belong to one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace togglecast::storage::sqlite {

class Database;

/// A prepared statement, borrowed from its database's cache and reset when dropped. Parameters count from 1,
/// columns from 0. Views of a column live until the next `step`.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);

  /// True while there is a row.
  [[nodiscard]] Result<bool> step();
  /// For statements without rows.
  [[nodiscard]] Result<void> run();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::string_view blob(int column) const;

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement) : database_(&database), statement_(statement) {}

  Database* database_;
  sqlite3_stmt* statement_;
  int bind_error_ = 0;
};

struct DatabaseOptions {
  bool read_only = false;
  bool without_wal = false;    ///< read the file as it is, and nothing beside it; needs `read_only`
  bool unfinished = false;     ///< the file may end before its last pages: what is there is read
  std::int64_t max_pages = 0;  ///< 0: no bound; a full database answers as a full disk does
};

class Database {
 public:
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& path,
                                             const DatabaseOptions& options);
  Database(Database&&) noexcept = default;
  ~Database();

  /// The last connection leaves the write-ahead log as it is when it closes.
  void keep_wal() noexcept;
  /// Statements without parameters, separated by semicolons.
  [[nodiscard]] Result<void> execute(const char* sql);
  /// `sql` is a literal: its address is the key of the cache.
  [[nodiscard]] Result<Statement> prepare(const char* sql);
  /// The one integer that `sql` answers.
  [[nodiscard]] Result<std::int64_t> query_integer(const char* sql);
  [[nodiscard]] bool in_transaction() const noexcept;

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };
  Database(std::unique_ptr<sqlite3, Close> handle, std::string path)
      : handle_(std::move(handle)), path_(std::move(path)) {}
  [[nodiscard]] Error error(int code) const;

  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
  std::map<const char*, sqlite3_stmt*> cache_;
};

/// Begins on construction's success and rolls back when dropped before `commit`.
class Transaction {
 public:
  /// `begin` is `BEGIN` to read one consistent state, `BEGIN IMMEDIATE` to write.
  [[nodiscard]] static Result<Transaction> begin(Database& database, const char* begin);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace togglecast::storage::sqlite
