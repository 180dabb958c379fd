// The store in one SQLite file: write-ahead log, every commit synced (`synchronous = FULL`), foreign keys on,
// one process per data folder. Thread and error rules as in store.hpp.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "storage/process_leases.hpp"
#include "storage/sqlite/connection/database.hpp"
#include "storage/sqlite/data_folder.hpp"
#include "storage/sqlite/sqlite_fetched.hpp"
#include "storage/sqlite/sqlite_health.hpp"
#include "storage/sqlite/sqlite_messages.hpp"
#include "storage/sqlite/sqlite_transfer.hpp"
#include "storage/sqlite/sqlite_usage.hpp"
#include "storage/store.hpp"

namespace togglecast::storage::sqlite {

struct SqliteOptions {
  std::chrono::seconds idempotency_ttl{24 * 3'600};  ///< how long outcomes are remembered
  std::int64_t max_pages = 0;                        ///< bound of the file in pages of 4 KiB; 0: none
};

class SqliteStore final : public Store {
 public:
  /// Locks the folder, sets a write-ahead log aside that does not belong to the database, opens or makes the
  /// database, and migrates its schema.
  [[nodiscard]] static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& folder,
                                                                 const SqliteOptions& options = {});
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;
  ~SqliteStore() override;

  [[nodiscard]] Result<void> create_environment(const std::string& key, const Sha256& genesis,
                                                UnixMillis at) override;
  [[nodiscard]] Result<std::unique_ptr<WriteTransaction>> begin(const std::string& environment) override;
  [[nodiscard]] Result<bool> raise_epoch(const std::string& environment, const domain::Head& lost) override;
  [[nodiscard]] Result<Pruned> prune_log(const std::string& environment, domain::Revision until,
                                         const PruneBounds& bounds) override;
  [[nodiscard]] Result<bool> give_back_space() override;
  [[nodiscard]] Result<std::size_t> collect_assets(const std::string& environment, std::size_t most) override;
  [[nodiscard]] Result<std::unique_ptr<Reader>> open_reader() override;
  [[nodiscard]] MessageWriter& messages() noexcept override { return messages_; }
  [[nodiscard]] UsageWriter& usage() noexcept override { return usage_; }
  [[nodiscard]] FetchedWriter& fetched() noexcept override { return fetched_; }
  [[nodiscard]] ProcessLeases& leases() noexcept override { return leases_; }
  [[nodiscard]] Transfer& transfer() noexcept override { return transfer_; }
  [[nodiscard]] SqliteHealth& health() noexcept override { return health_; }

  [[nodiscard]] const DataFolder& folder() const noexcept { return folder_; }

 private:
  SqliteStore(DataFolder folder, Database database, WatchedFiles files, const SqliteOptions& options,
              Origin origin, std::filesystem::path set_aside)
      : folder_(std::move(folder)),
        database_(std::move(database)),
        health_(database_, folder_, std::move(files), origin, std::move(set_aside)),
        options_(options),
        messages_(
            database_, [this] { return begin_checked(); },
            [this](const Fence& fence) { return leases_.check(fence); }),
        usage_(database_, [this] { return begin_checked(); }),
        fetched_(database_, [this] { return begin_checked(); }),
        transfer_(database_, [this] { return begin_checked(); }) {}

  // A write transaction that is one step of the database's life.
  [[nodiscard]] Result<Transaction> begin_counted();
  // The same, once the files are known to be in place.
  [[nodiscard]] Result<Transaction> begin_checked();

  DataFolder folder_;  // unlocked last
  Database database_;
  SqliteHealth health_;
  SqliteOptions options_;
  ProcessLeases leases_;
  SqliteMessageWriter messages_;
  SqliteUsageWriter usage_;
  SqliteFetchedWriter fetched_;
  SqliteTransfer transfer_;
};

}  // namespace togglecast::storage::sqlite
