// A connection of its own that reads. Log pages are in postgres_log_pages.cpp. Thread and error rules as in
// store.hpp.
#pragma once

#include <chrono>

#include "storage/postgres/log_rows.hpp"
#include "storage/postgres/postgres_fetched.hpp"
#include "storage/postgres/postgres_messages.hpp"
#include "storage/postgres/postgres_usage.hpp"
#include "storage/reader.hpp"

namespace togglecast::storage::postgres {

class PostgresReader final : public Reader {
 public:
  PostgresReader(const Target& target, LinkCounters& counters, std::chrono::seconds idempotency_ttl)
      : link_(target, counters),
        idempotency_ttl_(idempotency_ttl),
        messages_(link_),
        usage_(link_),
        fetched_(link_) {}

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
  [[nodiscard]] Result<OpenEnvironment> open(const std::string& environment, int patience = 1) {
    return open_environment(link_, environment, Transaction::Kind::read, patience);
  }

  Link link_;
  std::chrono::seconds idempotency_ttl_;
  PostgresMessageReader messages_;
  PostgresUsageReader usage_;
  PostgresFetchedReader fetched_;
};

}  // namespace togglecast::storage::postgres
