// The store in a PostgreSQL database, which many servers may share. Every write locks the counter row of its
// environment first and takes all other locks after it, so writers wait for each other and never deadlock.
//
// While the server is away, calls fail with `unavailable` at once or after a time-out, and the next call
// tries again (link.hpp). Readers are connections of their own. Other nodes are told of each commit by a
// notification (listener.hpp). Thread and error rules as in store.hpp.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "storage/postgres/connection/link.hpp"
#include "storage/postgres/connection/target.hpp"
#include "storage/postgres/postgres_fetched.hpp"
#include "storage/postgres/postgres_health.hpp"
#include "storage/postgres/postgres_leases.hpp"
#include "storage/postgres/postgres_messages.hpp"
#include "storage/postgres/postgres_transfer.hpp"
#include "storage/postgres/postgres_usage.hpp"
#include "storage/store.hpp"

namespace togglecast::storage::postgres {

struct PostgresOptions {
  std::chrono::seconds idempotency_ttl{24 * 3'600};  ///< how long outcomes are remembered
  std::string node{};  ///< sent with each notification, so that a node can tell its own ones
};

class PostgresStore final : public Store {
 public:
  /// Connects, and makes the schema or brings it up to date.
  [[nodiscard]] static Result<std::unique_ptr<PostgresStore>> open(const Target& target,
                                                                   const PostgresOptions& options = {});
  PostgresStore(const PostgresStore&) = delete;
  PostgresStore& operator=(const PostgresStore&) = delete;

  [[nodiscard]] Result<void> create_environment(const std::string& key, const Sha256& genesis,
                                                UnixMillis at) override;
  [[nodiscard]] Result<std::unique_ptr<WriteTransaction>> begin(const std::string& environment) override;
  [[nodiscard]] Result<std::unique_ptr<WriteTransaction>> begin_after(const std::string& environment,
                                                                      domain::Revision seen) override;
  [[nodiscard]] Result<bool> raise_epoch(const std::string& environment, const domain::Head& lost) override;
  [[nodiscard]] Result<Pruned> prune_log(const std::string& environment, domain::Revision until,
                                         const PruneBounds& bounds) override;
  /// The server does that itself (autovacuum): there is never a step to do.
  [[nodiscard]] Result<bool> give_back_space() override { return false; }
  [[nodiscard]] Result<std::size_t> collect_assets(const std::string& environment, std::size_t most) override;
  [[nodiscard]] Result<std::unique_ptr<Reader>> open_reader() override;
  [[nodiscard]] MessageWriter& messages() noexcept override { return messages_; }
  [[nodiscard]] UsageWriter& usage() noexcept override { return usage_; }
  [[nodiscard]] FetchedWriter& fetched() noexcept override { return fetched_; }
  [[nodiscard]] Leases& leases() noexcept override { return leases_; }
  [[nodiscard]] Transfer& transfer() noexcept override { return transfer_; }
  [[nodiscard]] PostgresHealth& health() noexcept override { return health_; }

  /// Of all connections of this store and its readers.
  [[nodiscard]] const std::shared_ptr<LinkCounters>& counters() const noexcept { return counters_; }

 private:
  PostgresStore(const Target& target, PostgresOptions options)
      : counters_(std::make_shared<LinkCounters>()),
        options_(std::move(options)),
        link_(target, *counters_),
        health_(link_),
        messages_(link_, options_.node),
        usage_(link_),
        fetched_(link_),
        leases_(link_),
        transfer_(link_) {}
  [[nodiscard]] Statement notify() const;

  std::shared_ptr<LinkCounters> counters_;
  PostgresOptions options_;
  Link link_;
  PostgresHealth health_;
  PostgresMessageWriter messages_;
  PostgresUsageWriter usage_;
  PostgresFetchedWriter fetched_;
  PostgresLeases leases_;
  PostgresTransfer transfer_;
};

}  // namespace togglecast::storage::postgres
