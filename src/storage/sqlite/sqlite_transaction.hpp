// One write: from taking the counter row to the commit. Thread and error rules as in store.hpp.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "storage/process_leases.hpp"
#include "storage/sqlite/connection/database.hpp"
#include "storage/write_transaction.hpp"

namespace togglecast::storage::sqlite {

class SqliteTransaction final : public WriteTransaction {
 public:
  /// Without `leases`, every fence is taken as lost.
  [[nodiscard]] static Result<std::unique_ptr<WriteTransaction>> begin(Database& database,
                                                                       const std::string& environment,
                                                                       std::chrono::seconds idempotency_ttl,
                                                                       const ProcessLeases* leases = nullptr);

  [[nodiscard]] const domain::Head& head() const noexcept override { return head_; }
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
  SqliteTransaction(Database& database, Transaction transaction, std::int64_t environment,
                    const domain::Head& head, std::chrono::seconds idempotency_ttl,
                    const ProcessLeases* leases)
      : database_(database),
        transaction_(std::move(transaction)),
        environment_(environment),
        head_(head),
        idempotency_ttl_(idempotency_ttl),
        leases_(leases) {}

  [[nodiscard]] Result<void> write_row(const domain::IndexedRow& indexed);
  [[nodiscard]] Result<void> write_op(const domain::IndexedOp& op, domain::Revision revision);
  [[nodiscard]] Result<void> write_secret(const SecretWrite& secret);
  [[nodiscard]] Result<void> remember(const IdempotencyKey& key, const Commit& what);
  [[nodiscard]] std::int64_t oldest_remembered(UnixMillis now) const noexcept {
    return now.value - std::chrono::milliseconds(idempotency_ttl_).count();
  }

  Database& database_;
  Transaction transaction_;
  std::int64_t environment_;
  domain::Head head_;
  std::chrono::seconds idempotency_ttl_;
  const ProcessLeases* leases_;
};

}  // namespace togglecast::storage::sqlite
