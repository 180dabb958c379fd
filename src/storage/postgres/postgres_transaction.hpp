// Writes from locking the counter row to the commit. The rows of the last one and the commit leave in one
// message, so the row is locked no longer than needed. Thread and error rules as in store.hpp.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/postgres/log_rows.hpp"
#include "storage/write_transaction.hpp"

namespace togglecast::storage::postgres {

struct TransactionOptions {
  std::chrono::seconds idempotency_ttl{};
  std::string notice;  ///< payload of the notification that follows a commit
};

class PostgresTransaction final : public WriteTransaction {
 public:
  /// With `seen`, rows after that revision come in the same answer.
  [[nodiscard]] static Result<std::unique_ptr<WriteTransaction>> begin(Link& link,
                                                                       const std::string& environment,
                                                                       std::optional<domain::Revision> seen,
                                                                       const TransactionOptions& options);

  [[nodiscard]] const domain::Head& head() const noexcept override { return environment_.head; }
  [[nodiscard]] std::vector<domain::LogRow> take_unseen() override { return std::exchange(unseen_, {}); }
  [[nodiscard]] Result<domain::Id> last_id(domain::Kind kind) override;
  [[nodiscard]] Result<std::optional<RememberedOutcome>> remembered(const IdempotencyKey& key,
                                                                    UnixMillis now) override;
  [[nodiscard]] Result<domain::LogRow> row(domain::Revision revision) override;
  [[nodiscard]] Result<domain::Revision> last_touched(domain::Kind kind, domain::Id id,
                                                      domain::Revision until) override;
  [[nodiscard]] Result<domain::Revision> first_touched(domain::Kind kind, domain::Id id,
                                                       domain::Revision after) override;
  [[nodiscard]] Result<AssetUsage> asset_usage() override;
  [[nodiscard]] Result<bool> has_asset(const std::string& sha256) override;
  [[nodiscard]] Result<bool> has_bytes(const std::string& sha256) override;
  [[nodiscard]] Result<void> add(const Commit& what) override;
  [[nodiscard]] Result<void> commit(const Commit& what) override;

 private:
  PostgresTransaction(Transaction transaction, EnvironmentRow environment, std::vector<domain::LogRow> unseen,
                      TransactionOptions options)
      : transaction_(std::move(transaction)),
        environment_(std::move(environment)),
        unseen_(std::move(unseen)),
        options_(std::move(options)) {}

  [[nodiscard]] Result<std::vector<Statement>> statements_of(const Commit& what);
  [[nodiscard]] Result<void> write_assets(const Commit& what);
  void add_row(std::vector<Statement>& batch, const domain::IndexedRow& indexed) const;
  void add_entities(std::vector<Statement>& batch, const domain::IndexedRow& indexed) const;
  void add_outcome(std::vector<Statement>& batch, const IdempotencyKey& key, const Commit& what) const;
  [[nodiscard]] std::int64_t oldest_remembered(UnixMillis now) const noexcept {
    return now.value - std::chrono::milliseconds(options_.idempotency_ttl).count();
  }

  Transaction transaction_;
  EnvironmentRow environment_;
  std::vector<domain::LogRow> unseen_;
  TransactionOptions options_;
  bool has_rows_ = false;
};

}  // namespace togglecast::storage::postgres
