// The condition of the database file and of its write-ahead log. Both stay open while the server runs. A
// change that goes into a file which was moved, deleted or cut short would be gone at the next start.
// Thread and error rules as in store_health.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "storage/sqlite/connection/database.hpp"
#include "storage/sqlite/data_folder.hpp"
#include "storage/sqlite/file_identity_guard.hpp"
#include "storage/sqlite/wal_proof.hpp"
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
  SqliteHealth(Database& database, const DataFolder& folder, WatchedFiles files, Origin origin,
               std::filesystem::path set_aside)
      : database_(database),
        folder_(folder),
        files_(std::move(files)),
        wal_(folder.wal()),
        origin_(origin),
        set_aside_(std::move(set_aside)) {}

  [[nodiscard]] Result<void> check() override;
  [[nodiscard]] Result<void> probe_write() override;
  /// `copied`: this file is a copy of the one that was opened last. That one may have received changes which
  /// this file does not have (decision 0015).
  [[nodiscard]] Origin origin() const noexcept override { return origin_; }
  [[nodiscard]] std::string set_aside() const override { return set_aside_.string(); }
  /// Another program wrote other content into the database file. The write-ahead log must not follow it
  /// there.
  [[nodiscard]] bool overwritten() const noexcept { return overwritten_; }
  [[nodiscard]] WalKeeper& wal() noexcept { return wal_; }

 private:
  [[nodiscard]] Result<void> check_content();

  Database& database_;
  const DataFolder& folder_;
  WatchedFiles files_;
  WalKeeper wal_;
  std::int64_t proven_at_ = 0;  // the change of the database file whose content was looked at
  bool overwritten_ = false;
  bool wal_is_shorter_ = false;
  Origin origin_;
  std::filesystem::path set_aside_;
};

}  // namespace togglecast::storage::sqlite
