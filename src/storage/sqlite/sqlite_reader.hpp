// A read-only connection next to the store's own. Log pages are in sqlite_log_pages.cpp. Thread and error
// rules as in store.hpp.
#pragma once

#include <chrono>

#include "storage/reader.hpp"
#include "storage/sqlite/connection/database.hpp"
#include "storage/sqlite/sqlite_fetched.hpp"
#include "storage/sqlite/sqlite_messages.hpp"
#include "storage/sqlite/sqlite_usage.hpp"

namespace togglecast::storage::sqlite {

class SqliteReader final : public Reader {
 public:
  SqliteReader(Database database, std::chrono::seconds idempotency_ttl)
      : database_(std::move(database)),
        idempotency_ttl_(idempotency_ttl),
        messages_(database_),
        usage_(database_),
        fetched_(database_) {}

  [[nodiscard]] Result<std::int64_t> version() override;
  [[nodiscard]] Result<std::vector<Environment>> environments() override;
  [[nodiscard]] Result<StoredState> state(const std::string& environment, std::size_t recent) override;
  [[nodiscard]] Result<std::vector<domain::LogRow>> rows_after(const std::string& environment,
                                                               domain::Revision after,
                                                               std::size_t limit) override;
  [[nodiscard]] Result<LogPage> log_page(const std::string& environment, const LogQuery& query) override;
  [[nodiscard]] Result<std::vector<domain::LogRow>> rows_before(const std::string& environment,
                                                                domain::Revision before,
                                                                std::size_t limit) override;
  [[nodiscard]] Result<domain::Head> head_before(const std::string& environment,
                                                 domain::Revision revision) override;
  [[nodiscard]] Result<KeptLog> kept_log(const std::string& environment, UnixMillis now) override;
  [[nodiscard]] Result<domain::Head> follow_chain(const std::string& environment, const domain::Head& from,
                                                  std::size_t limit) override;
  [[nodiscard]] Result<domain::Revision> revision_at(const std::string& environment,
                                                     UnixMillis time) override;
  [[nodiscard]] Result<std::optional<Secret>> secret(const std::string& environment, domain::Kind kind,
                                                     domain::Id id) override;
  [[nodiscard]] Result<std::optional<StoredAsset>> asset(const std::string& environment,
                                                         const std::string& sha256) override;
  [[nodiscard]] Result<AssetUsage> asset_usage(const std::string& environment) override;
  [[nodiscard]] MessageReader& messages() noexcept override { return messages_; }
  [[nodiscard]] UsageReader& usage() noexcept override { return usage_; }
  [[nodiscard]] FetchedReader& fetched() noexcept override { return fetched_; }

 private:
  // Revisions from `first` up to, not including, `before`.
  struct Range {
    domain::Revision first = 0;
    domain::Revision before = 0;
  };
  [[nodiscard]] Result<Range> range_of(std::int64_t environment, const LogQuery& query);
  [[nodiscard]] Result<domain::Revision> first_at_or_after(std::int64_t environment, UnixMillis time);
  [[nodiscard]] Result<Statement> ops_of_interest(std::int64_t environment, const LogQuery& query,
                                                  const Range& range);

  [[nodiscard]] Result<domain::Head> head_before(std::int64_t environment, domain::Revision revision);
  [[nodiscard]] Result<domain::Revision> oldest_remembered(std::int64_t environment, UnixMillis now);

  Database database_;
  std::chrono::seconds idempotency_ttl_;
  SqliteMessageReader messages_;
  SqliteUsageReader usage_;
  SqliteFetchedReader fetched_;
};

}  // namespace togglecast::storage::sqlite
