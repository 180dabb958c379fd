#include "storage/postgres/postgres_transaction.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/fail_point.hpp"
#include "storage/postgres/asset_rows.hpp"
#include "storage/postgres/postgres_leases.hpp"
#include "storage/reader.hpp"

namespace togglecast::storage::postgres {
namespace {

constexpr std::size_t kUnseenAtOnce = 64;  // rows of other nodes; a Reader reads what lies behind them

}  // namespace

// Each statement sees what was committed before it began: the second one waits for the lock of the first, so
// it has every row up to the head.
Result<std::unique_ptr<WriteTransaction>> PostgresTransaction::begin(Link& link,
                                                                     const std::string& environment,
                                                                     std::optional<domain::Revision> seen,
                                                                     const TransactionOptions& options) {
  std::vector<Statement> statements{environment_of(environment, true)};
  if (seen) statements.push_back(rows_of_environment(environment, *seen, kUnseenAtOnce));
  auto begun = Transaction::begin(link, Transaction::Kind::write, std::move(statements));
  if (!begun) return tl::unexpected(begun.error());
  const auto row = read_environment(begun->answers.front(), environment);
  if (!row) return tl::unexpected(row.error());
  std::vector<domain::LogRow> unseen;
  if (seen) {
    auto rows = read_rows(begun->answers.back());
    if (!rows) return tl::unexpected(rows.error());
    unseen = std::move(*rows);
  }
  return std::unique_ptr<WriteTransaction>(
      new PostgresTransaction(std::move(begun->transaction), *row, std::move(unseen), options));
}

Result<domain::Id> PostgresTransaction::last_id(domain::Kind kind) {
  const auto rows =
      transaction_.run("SELECT last FROM togglecast.id_counter WHERE environment = $1 AND kind = $2",
                       Parameters().add(environment_.number).add(domain::to_string(kind)));
  if (!rows) return tl::unexpected(rows.error());
  return rows->empty() ? 0 : rows->integer(0, 0);
}

Result<std::optional<RememberedOutcome>> PostgresTransaction::remembered(const IdempotencyKey& key,
                                                                         UnixMillis now) {
  const auto rows = transaction_.run(
      "SELECT request, revision, changed, subject_kind, subject_id FROM togglecast.idempotency "
      "WHERE environment = $1 AND actor = $2 AND key = $3 AND at >= $4",
      Parameters().add(environment_.number).add(key.actor).add(key.key).add(oldest_remembered(now)));
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  const auto request = read_digest(rows->text(0, 0));
  if (!request) return tl::unexpected(request.error());
  const auto kind = domain::parse_kind(rows->text(0, 3));
  if (!kind) return fail(Errc::internal, "a remembered outcome is damaged");
  return RememberedOutcome{*request,
                           {rows->integer(0, 1), rows->integer(0, 2) != 0, *kind, rows->integer(0, 4)}};
}

Result<domain::LogRow> PostgresTransaction::row(domain::Revision revision) {
  if (revision > 0 && revision <= environment_.anchor.revision)
    return tl::unexpected(
        no_longer_kept("revision " + std::to_string(revision), environment_.anchor.revision + 1));
  return read_revision(transaction_, environment_.number, revision);
}

Result<domain::Revision> PostgresTransaction::last_touched(domain::Kind kind, domain::Id id,
                                                           domain::Revision until) {
  const auto rows = transaction_.run(
      "SELECT coalesce(max(revision), 0) FROM togglecast.change_log_entity "
      "WHERE environment = $1 AND kind = $2 AND id = $3 AND revision <= $4 AND revision > $5",
      Parameters()
          .add(environment_.number)
          .add(domain::to_string(kind))
          .add(id)
          .add(until)
          .add(environment_.anchor.revision));
  if (!rows) return tl::unexpected(rows.error());
  return rows->integer(0, 0);
}

Result<domain::Revision> PostgresTransaction::first_touched(domain::Kind kind, domain::Id id,
                                                            domain::Revision after) {
  const auto rows = transaction_.run(
      "SELECT coalesce(min(revision), 0) FROM togglecast.change_log_entity "
      "WHERE environment = $1 AND kind = $2 AND id = $3 AND revision > $4",
      Parameters()
          .add(environment_.number)
          .add(domain::to_string(kind))
          .add(id)
          .add(std::max(after, environment_.anchor.revision)));
  if (!rows) return tl::unexpected(rows.error());
  return rows->integer(0, 0);
}

Result<AssetUsage> PostgresTransaction::asset_usage() {
  Statement usage = usage_of(environment_.number);
  const auto rows = transaction_.run(usage.sql, std::move(usage.parameters));
  if (!rows) return tl::unexpected(rows.error());
  return read_usage(*rows);
}

Result<bool> PostgresTransaction::has_asset(const std::string& sha256) {
  return transaction_
      .run("SELECT 1 FROM togglecast.asset WHERE environment = $1 AND sha256 = $2",
           Parameters().add(environment_.number).add(sha256))
      .map([](const Rows& rows) { return !rows.empty(); });
}

Result<bool> PostgresTransaction::has_bytes(const std::string& sha256) {
  return transaction_
      .run("SELECT 1 FROM togglecast.asset_content WHERE sha256 = $1", Parameters().add(sha256))
      .map([](const Rows& rows) { return !rows.empty(); });
}

Result<void> PostgresTransaction::add(const Commit& what) {
  auto statements = statements_of(what);
  if (!statements) return tl::unexpected(statements.error());
  if (statements->empty()) return {};
  return transaction_.run(*statements).map([](const auto&) {});
}

Result<void> PostgresTransaction::commit(const Commit& what) {
  if (what.fence) {
    if (auto held = hold_lease(transaction_, *what.fence); !held) return held;
  }
  auto statements = statements_of(what);
  if (!statements) return tl::unexpected(statements.error());
  std::optional<Statement> notify;
  if (has_rows_) {
    notify = Statement{"SELECT pg_notify('togglecast', $1)"};
    notify->parameters.add(options_.notice);
  }
  pass(FailPoint::before_commit);
  return transaction_.commit(*std::move(statements), std::move(notify));
}

// Assets are written at once. The statements are to be sent next.
Result<std::vector<Statement>> PostgresTransaction::statements_of(const Commit& what) {
  if (what.row != nullptr && what.row->row->head.revision != environment_.head.revision + 1)
    return fail(Errc::conflict,
                "the change does not follow on revision " + std::to_string(environment_.head.revision));
  if (auto done = write_assets(what); !done) return tl::unexpected(done.error());
  std::vector<Statement> batch;
  if (what.row != nullptr) add_row(batch, *what.row);
  for (const SecretWrite& secret : what.secrets) {
    batch.push_back(
        {"INSERT INTO togglecast.secret (environment, kind, id, value) VALUES ($1, $2, $3, $4) "
         "ON CONFLICT (environment, kind, id) DO UPDATE SET value = excluded.value",
         Parameters()
             .add(environment_.number)
             .add(domain::to_string(secret.kind))
             .add(secret.id)
             .add_bytes(secret.value.reveal())});
  }
  if (what.idempotency) add_outcome(batch, *what.idempotency, what);
  if (what.row != nullptr) {
    environment_.head = what.row->row->head;
    has_rows_ = true;
  }
  return batch;
}

// Sorted, so that two environments which store the same bytes never wait for each other.
Result<void> PostgresTransaction::write_assets(const Commit& what) {
  const bool named = what.row != nullptr && std::any_of(what.row->ops.begin(), what.row->ops.end(),
                                                        [](const auto& op) { return !op.assets.empty(); });
  if (!named && what.assets.empty()) return {};
  if (auto locked = lock_assets(transaction_); !locked) return locked;
  for (const AssetWrite& asset : what.assets)
    if (auto done = store_bytes(transaction_, asset); !done) return done;
  if (!named) return {};
  for (const domain::IndexedOp& op : what.row->ops)
    if (auto done = name_assets(transaction_, environment_.number, op, what.row->row->head.revision); !done)
      return done;
  return {};
}

void PostgresTransaction::add_row(std::vector<Statement>& batch, const domain::IndexedRow& indexed) const {
  const domain::LogRow& row = *indexed.row;
  batch.push_back(
      {"INSERT INTO togglecast.change_log "
       "(environment, revision, epoch, at, actor, change, digest, actor_name, source) "
       "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
       Parameters()
           .add(environment_.number)
           .add(row.head.revision)
           .add(row.head.epoch)
           .add(row.head.as_of.value)
           .add(row.actor_text)
           .add(row.change_text)
           .add_bytes(digest_bytes(row.head.digest))
           .add(indexed.actor_name)
           .add(indexed.source)});
  add_entities(batch, indexed);
  batch.push_back(
      {"UPDATE togglecast.environment SET epoch = $2, revision = $3, digest = $4, as_of = $5, "
       "log_bytes = log_bytes + $6 WHERE id = $1",
       Parameters()
           .add(environment_.number)
           .add(row.head.epoch)
           .add(row.head.revision)
           .add_bytes(digest_bytes(row.head.digest))
           .add(row.head.as_of.value)
           .add(static_cast<std::int64_t>(row.actor_text.size() + row.change_text.size()))});
}

// A statement for each table, however many entities the change touches.
void PostgresTransaction::add_entities(std::vector<Statement>& batch,
                                       const domain::IndexedRow& indexed) const {
  using Texts = std::vector<std::string_view>;
  using Numbers = std::vector<std::int64_t>;
  std::map<std::pair<domain::Kind, domain::Id>, const domain::IndexedOp*> last;
  std::map<domain::Kind, domain::Id> used;
  Texts kinds, types, texts;
  Numbers ids;
  for (const domain::IndexedOp& op : indexed.ops) {
    if (op.changes) last[{op.kind, op.id}] = &op;
    if (op.is_new) used[op.kind] = std::max(used[op.kind], op.id);
    kinds.push_back(domain::to_string(op.kind));
    ids.push_back(op.id);
    types.push_back(domain::to_string(op.type));
    texts.push_back(op.text);
  }
  Texts gone_kinds, kept_kinds, keys, bodies;
  Numbers gone_ids, kept_ids;
  for (const auto& [name, op] : last) {
    (op->exists ? kept_kinds : gone_kinds).push_back(domain::to_string(op->kind));
    (op->exists ? kept_ids : gone_ids).push_back(op->id);
    if (!op->exists) continue;
    keys.push_back(op->key);
    bodies.push_back(op->body);
  }
  const std::int64_t number = environment_.number;
  if (!gone_ids.empty())
    batch.push_back(
        {"DELETE FROM togglecast.entity e USING unnest($2, $3) AS gone (kind, id) "
         "WHERE e.environment = $1 AND e.kind = gone.kind AND e.id = gone.id",
         Parameters().add(number).add(gone_kinds).add(gone_ids)});
  if (!kept_ids.empty())
    batch.push_back(
        {"INSERT INTO togglecast.entity (environment, kind, id, key, body) "
         "SELECT $1, * FROM unnest($2, $3, $4, $5) "
         "ON CONFLICT (environment, kind, id) DO UPDATE SET key = excluded.key, body = excluded.body",
         Parameters().add(number).add(kept_kinds).add(kept_ids).add(keys).add(bodies)});
  Texts used_kinds;
  Numbers used_ids;
  for (const auto& [kind, id] : used) {
    used_kinds.push_back(domain::to_string(kind));
    used_ids.push_back(id);
  }
  if (!used_ids.empty())
    batch.push_back(
        {"INSERT INTO togglecast.id_counter AS c (environment, kind, last) "
         "SELECT $1, * FROM unnest($2, $3) ON CONFLICT (environment, kind) "
         "DO UPDATE SET last = greatest(c.last, excluded.last)",
         Parameters().add(number).add(used_kinds).add(used_ids)});
  if (!ids.empty())
    batch.push_back(
        {"INSERT INTO togglecast.change_log_entity (environment, revision, kind, id, type, text) "
         "SELECT $1, $2, * FROM unnest($3, $4, $5, $6) ON CONFLICT DO NOTHING",
         Parameters().add(number).add(indexed.row->head.revision).add(kinds).add(ids).add(types).add(texts)});
}

// Only its own environment's old outcomes go: rows of others would be locked out of order.
void PostgresTransaction::add_outcome(std::vector<Statement>& batch, const IdempotencyKey& key,
                                      const Commit& what) const {
  batch.push_back({"DELETE FROM togglecast.idempotency WHERE environment = $1 AND at < $2",
                   Parameters().add(environment_.number).add(oldest_remembered(what.at))});
  const Outcome& outcome = what.outcome;
  batch.push_back(
      {"INSERT INTO togglecast.idempotency "
       "(environment, actor, key, request, revision, changed, subject_kind, subject_id, at) "
       "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (environment, actor, key) "
       "DO UPDATE SET request = excluded.request, revision = excluded.revision, "
       "changed = excluded.changed, subject_kind = excluded.subject_kind, "
       "subject_id = excluded.subject_id, at = excluded.at",
       Parameters()
           .add(environment_.number)
           .add(key.actor)
           .add(key.key)
           .add_bytes(digest_bytes(key.request))
           .add(outcome.revision)
           .add(std::int64_t{outcome.changed})
           .add(domain::to_string(outcome.kind))
           .add(outcome.id)
           .add(what.at.value)});
}

}  // namespace togglecast::storage::postgres
