#include "storage/postgres/postgres_store.hpp"

#include <utility>

#include "storage/postgres/asset_rows.hpp"
#include "storage/postgres/migrations.hpp"
#include "storage/postgres/postgres_reader.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/pruning.hpp"

namespace togglecast::storage::postgres {
namespace {

// Whether the log has that row, or its head; a row that is no longer kept counts as there.
Result<bool> has_head(Transaction& transaction, const EnvironmentRow& environment, const domain::Head& head) {
  if (head.revision < environment.anchor.revision) return true;
  if (head.revision == environment.anchor.revision) return head.digest == environment.anchor.digest;
  const auto rows =
      transaction.run("SELECT digest FROM togglecast.change_log WHERE environment = $1 AND revision = $2",
                      Parameters().add(environment.number).add(head.revision));
  if (!rows) return tl::unexpected(rows.error());
  return !rows->empty() && rows->text(0, 0) == digest_bytes(head.digest);
}

}  // namespace

Result<std::unique_ptr<PostgresStore>> PostgresStore::open(const Target& target,
                                                           const PostgresOptions& options) {
  std::unique_ptr<PostgresStore> store(new PostgresStore(target, options));
  if (auto migrated = migrate(store->link_); !migrated) return tl::unexpected(migrated.error());
  return store;
}

Statement PostgresStore::notify() const {
  return {"SELECT pg_notify('togglecast', $1)", Parameters().add(options_.node)};
}

Result<void> PostgresStore::create_environment(const std::string& key, const Sha256& genesis, UnixMillis at) {
  if (!domain::is_key(key)) return fail_field("/key", std::string(domain::kKeyRule));
  auto begun = Transaction::begin(
      link_, Transaction::Kind::write,
      {{"INSERT INTO togglecast.environment (key, epoch, revision, digest, as_of, genesis, created_at) "
        "VALUES ($1, 1, 0, $2, $3, $2, $3) ON CONFLICT (key) DO NOTHING",
        Parameters().add(key).add_bytes(digest_bytes(genesis)).add(at.value)}});
  if (!begun) return tl::unexpected(begun.error());
  if (begun->answers.front().affected() == 0)
    return fail(Errc::already_exists, "there is already an environment " + key);
  return begun->transaction.commit({}, notify());
}

Result<std::unique_ptr<WriteTransaction>> PostgresStore::begin(const std::string& environment) {
  return PostgresTransaction::begin(link_, environment, {}, {options_.idempotency_ttl, options_.node});
}

Result<std::unique_ptr<WriteTransaction>> PostgresStore::begin_after(const std::string& environment,
                                                                     domain::Revision seen) {
  return PostgresTransaction::begin(link_, environment, seen, {options_.idempotency_ttl, options_.node});
}

Result<bool> PostgresStore::raise_epoch(const std::string& environment, const domain::Head& lost) {
  auto open = open_environment(link_, environment, Transaction::Kind::write);
  if (!open) return tl::unexpected(open.error());
  const EnvironmentRow& row = open->row;
  if (row.head.epoch > lost.epoch) return false;
  auto there = has_head(open->transaction, row, lost);
  if (!there) return there;
  if (*there && row.head.epoch == lost.epoch) return false;
  return open->transaction
      .commit({{"UPDATE togglecast.environment SET epoch = greatest($2, extract(epoch FROM now())::bigint) "
                "WHERE id = $1",
                Parameters().add(row.number).add(lost.epoch + 1)}},
              notify())
      .map([] { return true; });
}

Result<Pruned> PostgresStore::prune_log(const std::string& environment, domain::Revision until,
                                        const PruneBounds& bounds) {
  auto open = open_environment(link_, environment, Transaction::Kind::write);
  if (!open) return tl::unexpected(open.error());
  if (bounds.fence) {
    if (auto held = hold_lease(open->transaction, *bounds.fence); !held) return tl::unexpected(held.error());
  }
  auto pruned = prune_step(open->transaction, open->row, until, bounds);
  if (!pruned) return pruned;
  if (auto done = open->transaction.commit(); !done) return tl::unexpected(done.error());
  return pruned;
}

Result<std::size_t> PostgresStore::collect_assets(const std::string& environment, std::size_t most) {
  auto open = open_environment(link_, environment, Transaction::Kind::write);
  if (!open) return tl::unexpected(open.error());
  if (auto locked = lock_assets(open->transaction); !locked) return tl::unexpected(locked.error());
  auto removed = remove_unused_assets(open->transaction, open->row.number, most);
  if (!removed || *removed == 0) return removed;
  if (auto done = open->transaction.commit(); !done) return tl::unexpected(done.error());
  return removed;
}

Result<std::unique_ptr<Reader>> PostgresStore::open_reader() {
  return std::make_unique<PostgresReader>(link_.target(), *counters_, options_.idempotency_ttl);
}

}  // namespace togglecast::storage::postgres
