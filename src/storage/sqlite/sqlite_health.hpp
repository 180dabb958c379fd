// The condition of the database file and of its write-ahead log. Both stay open while the server runs. A
// change that goes into a file which was moved, deleted or cut short would be gone at the next start.
// Thread and error rules as in store_health.hpp.
#pragma once

#include <utility>

#include "storage/sqlite/data_folder.hpp"
#include "storage/sqlite/database.hpp"
#include "storage/sqlite/file_identity_guard.hpp"
#include "storage/store_health.hpp"

namespace togglecast::storage::sqlite {

/// Both files as they were when the store opened them.
struct WatchedFiles {
  FileIdentityGuard database;
  FileIdentityGuard wal;

  [[nodiscard]] static Result<WatchedFiles> of(const DataFolder& folder);
};

class SqliteHealth final : public StoreHealth {
 public:
  /// `database` is the store's connection and must outlive this.
  SqliteHealth(Database& database, WatchedFiles files, Origin origin)
      : database_(database), files_(std::move(files)), origin_(origin) {}

  [[nodiscard]] Result<void> check() override;
  [[nodiscard]] Result<void> probe_write() override;
  /// `copied`: this file is a copy of the one that was opened last. That one may have received changes which
  /// this file does not have (decision 0015).
  [[nodiscard]] Origin origin() const noexcept override { return origin_; }

 private:
  Database& database_;
  WatchedFiles files_;
  bool wal_is_shorter_ = false;
  Origin origin_;
};

}  // namespace togglecast::storage::sqlite
