// A store on the database of another one that is open, in the same process: for tests of several nodes on one
// store. It cannot do what only the owner of a data folder does.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "storage/process_leases.hpp"
#include "storage/sqlite/connection/database.hpp"
#include "storage/sqlite/sqlite_fetched.hpp"
#include "storage/sqlite/sqlite_messages.hpp"
#include "storage/sqlite/sqlite_reader.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "storage/sqlite/sqlite_transfer.hpp"
#include "storage/sqlite/sqlite_usage.hpp"
#include "storage/store.hpp"

namespace togglecast::storage::sqlite::testing {

class SecondStore final : public Store {
 public:
  /// `folder` is the data folder of the first one, which must outlive this one.
  explicit SecondStore(const std::filesystem::path& folder)
      : path_(folder / "togglecast.db"), database_(Database::open(path_, {}).value()) {}

  [[nodiscard]] Result<void> create_environment(const std::string&, const Sha256&, UnixMillis) override {
    return not_the_owner();
  }
  [[nodiscard]] Result<std::unique_ptr<WriteTransaction>> begin(const std::string& environment) override {
    return SqliteTransaction::begin(database_, environment, kKept, &leases_);
  }
  [[nodiscard]] Result<bool> raise_epoch(const std::string&, const domain::Head&) override {
    return not_the_owner();
  }
  [[nodiscard]] Result<Pruned> prune_log(const std::string&, domain::Revision, const PruneBounds&) override {
    return Pruned{};
  }
  [[nodiscard]] Result<bool> give_back_space() override { return false; }
  [[nodiscard]] Result<std::size_t> collect_assets(const std::string&, std::size_t) override { return 0; }
  [[nodiscard]] Result<std::unique_ptr<Reader>> open_reader() override {
    auto database = Database::open(path_, {.read_only = true});
    if (!database) return tl::unexpected(database.error());
    return std::make_unique<SqliteReader>(std::move(*database), kKept);
  }
  [[nodiscard]] MessageWriter& messages() noexcept override { return messages_; }
  [[nodiscard]] UsageWriter& usage() noexcept override { return usage_; }
  [[nodiscard]] FetchedWriter& fetched() noexcept override { return fetched_; }
  [[nodiscard]] ProcessLeases& leases() noexcept override { return leases_; }
  [[nodiscard]] Transfer& transfer() noexcept override { return transfer_; }
  [[nodiscard]] StoreHealth& health() noexcept override { return health_; }

 private:
  static constexpr std::chrono::hours kKept{24};

  struct Health final : StoreHealth {
    [[nodiscard]] Result<void> check() override { return {}; }
    [[nodiscard]] Result<void> probe_write() override { return {}; }
    [[nodiscard]] Origin origin() const noexcept override { return Origin::same; }
  };

  static tl::unexpected<Error> not_the_owner() {
    return fail(Errc::unavailable, "only the owner of the data folder does this");
  }

  std::filesystem::path path_;
  Database database_;
  Health health_;
  ProcessLeases leases_;  // this node believes that it has them, too
  SqliteMessageWriter messages_{database_,
                                [this] { return Transaction::begin(database_, "BEGIN IMMEDIATE"); },
                                [](const Fence&) { return Result<void>(); }};
  SqliteUsageWriter usage_{database_, [this] { return Transaction::begin(database_, "BEGIN IMMEDIATE"); }};
  SqliteFetchedWriter fetched_{database_,
                               [this] { return Transaction::begin(database_, "BEGIN IMMEDIATE"); }};
  SqliteTransfer transfer_{database_, [this] { return Transaction::begin(database_, "BEGIN IMMEDIATE"); }};
};

}  // namespace togglecast::storage::sqlite::testing
