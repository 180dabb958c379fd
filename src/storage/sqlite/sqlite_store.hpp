// The store in one SQLite file: write-ahead log, every commit synced (`synchronous = FULL`), foreign keys on,
// one process per data folder. Thread and error rules as in store.hpp.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "storage/sqlite/data_folder.hpp"
#include "storage/sqlite/database.hpp"
#include "storage/sqlite/file_identity_guard.hpp"
#include "storage/store.hpp"

namespace togglecast::storage::sqlite {

struct SqliteOptions {
  std::chrono::hours idempotency_ttl{24};  ///< how long outcomes are remembered
  std::int64_t max_pages = 0;              ///< bound of the file in pages of 4 KiB; 0: none
};

class SqliteStore final : public Store {
 public:
  /// Locks the folder, opens or makes the database and brings its schema up to date.
  [[nodiscard]] static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& folder,
                                                                 const SqliteOptions& options = {});

  [[nodiscard]] Result<std::vector<Environment>> environments() override;
  [[nodiscard]] Result<void> create_environment(const std::string& key, const Sha256& genesis,
                                                UnixMillis at) override;
  [[nodiscard]] Result<Loaded> load(const std::string& environment, std::size_t recent) override;
  [[nodiscard]] Result<std::unique_ptr<WriteTransaction>> begin(const std::string& environment) override;
  [[nodiscard]] Result<std::unique_ptr<Reader>> open_reader() override;
  [[nodiscard]] Result<void> in_place() override;
  [[nodiscard]] Result<void> try_out() override;

  [[nodiscard]] const DataFolder& folder() const noexcept { return folder_; }
  /// The file is a copy of the one that was opened last: after that one may have come changes which this one
  /// does not have. The epochs of all environments were raised for it (decision 0015).
  [[nodiscard]] bool was_copied() const noexcept { return was_copied_; }

 private:
  SqliteStore(DataFolder folder, Database database, FileIdentityGuard file, FileIdentityGuard wal,
              const SqliteOptions& options, bool was_copied)
      : folder_(std::move(folder)),
        database_(std::move(database)),
        file_(std::move(file)),
        wal_(std::move(wal)),
        options_(options),
        was_copied_(was_copied) {}
  [[nodiscard]] Result<domain::Head> head_before(std::int64_t environment, domain::Revision revision);

  DataFolder folder_;  // unlocked last
  Database database_;
  FileIdentityGuard file_;
  FileIdentityGuard wal_;
  bool wal_is_shorter_ = false;
  SqliteOptions options_;
  bool was_copied_;
};

}  // namespace togglecast::storage::sqlite
