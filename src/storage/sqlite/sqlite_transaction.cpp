#include "storage/sqlite/sqlite_transaction.hpp"

#include <algorithm>

#include "base/fail_point.hpp"
#include "storage/reader.hpp"
#include "storage/sqlite/asset_rows.hpp"
#include "storage/sqlite/log_rows.hpp"
#include "storage/sqlite/wal_proof.hpp"

namespace togglecast::storage::sqlite {

Result<std::unique_ptr<WriteTransaction>> SqliteTransaction::begin(Database& database,
                                                                   const std::string& environment,
                                                                   std::chrono::seconds idempotency_ttl,
                                                                   const ProcessLeases* leases) {
  auto transaction = Transaction::begin(database, "BEGIN IMMEDIATE");
  if (!transaction) return tl::unexpected(transaction.error());
  auto statement =
      database.prepare("SELECT id, epoch, revision, as_of, digest FROM environment WHERE key = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Errc::not_found, "there is no environment '" + environment + "'");
  const auto digest = read_digest(*statement, 4);
  if (!digest) return tl::unexpected(digest.error());
  const domain::Head head{statement->integer(1), statement->integer(2), *digest, {statement->integer(3)}};
  return std::unique_ptr<WriteTransaction>(new SqliteTransaction(
      database, std::move(*transaction), statement->integer(0), head, idempotency_ttl, leases));
}

Result<domain::Id> SqliteTransaction::last_id(domain::Kind kind) {
  auto statement = database_.prepare("SELECT last FROM id_counter WHERE environment = ? AND kind = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment_).bind(2, domain::to_string(kind)).step();
  if (!found) return tl::unexpected(found.error());
  return *found ? statement->integer(0) : 0;
}

Result<std::optional<RememberedOutcome>> SqliteTransaction::remembered(const IdempotencyKey& key,
                                                                       UnixMillis now) {
  auto statement = database_.prepare(
      "SELECT request, revision, changed, subject_kind, subject_id FROM idempotency "
      "WHERE environment = ? AND actor = ? AND key = ? AND at >= ?");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment_).bind(2, key.actor).bind(3, key.key).bind(4, oldest_remembered(now));
  const auto found = statement->step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::nullopt;
  const auto request = read_digest(*statement, 0);
  if (!request) return tl::unexpected(request.error());
  const auto kind = domain::parse_kind(statement->text(3));
  if (!kind) return fail(Errc::internal, "a remembered outcome is damaged");
  return RememberedOutcome{*request,
                           {statement->integer(1), statement->integer(2) != 0, *kind, statement->integer(4)}};
}

Result<domain::LogRow> SqliteTransaction::row(domain::Revision revision) {
  const auto anchor = read_anchor(database_, environment_);
  if (!anchor) return tl::unexpected(anchor.error());
  if (revision > 0 && revision <= anchor->revision)
    return tl::unexpected(no_longer_kept("revision " + std::to_string(revision), anchor->revision + 1));
  return read_revision(database_, environment_, revision);
}

Result<domain::Revision> SqliteTransaction::last_touched(domain::Kind kind, domain::Id id,
                                                         domain::Revision until) {
  const auto anchor = read_anchor(database_, environment_);
  if (!anchor) return tl::unexpected(anchor.error());
  auto statement = database_.prepare(
      "SELECT coalesce(max(revision), 0) FROM change_log_entity "
      "WHERE environment = ? AND kind = ? AND id = ? AND revision <= ? AND revision > ?");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment_).bind(2, domain::to_string(kind)).bind(3, id).bind(4, until);
  const auto found = statement->bind(5, anchor->revision).step();
  if (!found) return tl::unexpected(found.error());
  return statement->integer(0);
}

Result<domain::Revision> SqliteTransaction::first_touched(domain::Kind kind, domain::Id id,
                                                          domain::Revision after) {
  const auto anchor = read_anchor(database_, environment_);
  if (!anchor) return tl::unexpected(anchor.error());
  auto statement = database_.prepare(
      "SELECT coalesce(min(revision), 0) FROM change_log_entity "
      "WHERE environment = ? AND kind = ? AND id = ? AND revision > ?");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment_).bind(2, domain::to_string(kind)).bind(3, id);
  const auto found = statement->bind(4, std::max(after, anchor->revision)).step();
  if (!found) return tl::unexpected(found.error());
  return statement->integer(0);
}

Result<AssetUsage> SqliteTransaction::asset_usage() { return read_asset_usage(database_, environment_); }

Result<bool> SqliteTransaction::has_asset(const std::string& sha256) {
  return is_asset_of(database_, environment_, sha256);
}

Result<bool> SqliteTransaction::has_bytes(const std::string& sha256) { return are_stored(database_, sha256); }

Result<void> SqliteTransaction::commit(const Commit& what) {
  if (what.fence) {
    if (leases_ == nullptr) return tl::unexpected(lost_lease(*what.fence));
    if (auto held = leases_->check(*what.fence); !held) return held;
  }
  if (auto added = add(what); !added) return added;
  if (auto counted = count_step(database_); !counted) return counted;
  pass(FailPoint::before_commit);
  return transaction_.commit();
}

Result<void> SqliteTransaction::add(const Commit& what) {
  for (const AssetWrite& asset : what.assets)
    if (auto done = store_bytes(database_, asset); !done) return done;
  if (what.row != nullptr) {
    if (what.row->row->head.revision != head_.revision + 1)
      return fail(Errc::conflict, "the change does not follow on revision " + std::to_string(head_.revision));
    if (auto done = write_row(*what.row); !done) return done;
    head_ = what.row->row->head;
  }
  for (const SecretWrite& secret : what.secrets)
    if (auto done = write_secret(secret); !done) return done;
  if (what.idempotency) return remember(*what.idempotency, what);
  return {};
}

Result<void> SqliteTransaction::write_row(const domain::IndexedRow& indexed) {
  const domain::LogRow& row = *indexed.row;
  auto log = database_.prepare(
      "INSERT INTO change_log (environment, revision, epoch, at, actor, change, digest, actor_name, source) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!log) return tl::unexpected(log.error());
  log->bind(1, environment_).bind(2, row.head.revision).bind(3, row.head.epoch).bind(4, row.head.as_of.value);
  log->bind(5, row.actor_text).bind(6, row.change_text).bind_blob(7, digest_bytes(row.head.digest));
  log->bind(8, indexed.actor_name).bind(9, indexed.source);
  if (auto done = log->run(); !done) return done;
  for (const domain::IndexedOp& op : indexed.ops) {
    if (auto done = write_op(op, row.head.revision); !done) return done;
    if (auto done = name_assets(database_, environment_, op, row.head.revision); !done) return done;
  }
  auto counter = database_.prepare(
      "UPDATE environment SET epoch = ?, revision = ?, digest = ?, as_of = ?, log_bytes = log_bytes + ? "
      "WHERE id = ?");
  if (!counter) return tl::unexpected(counter.error());
  counter->bind(1, row.head.epoch).bind(2, row.head.revision).bind_blob(3, digest_bytes(row.head.digest));
  counter->bind(4, row.head.as_of.value);
  const auto bytes = static_cast<std::int64_t>(row.actor_text.size() + row.change_text.size());
  return counter->bind(5, bytes).bind(6, environment_).run();
}

Result<void> SqliteTransaction::write_op(const domain::IndexedOp& op, domain::Revision revision) {
  const std::string_view kind = domain::to_string(op.kind);
  if (!op.changes) {
    // only named
  } else if (!op.exists) {
    auto statement = database_.prepare("DELETE FROM entity WHERE environment = ? AND kind = ? AND id = ?");
    if (!statement) return tl::unexpected(statement.error());
    if (auto done = statement->bind(1, environment_).bind(2, kind).bind(3, op.id).run(); !done) return done;
  } else {
    auto statement = database_.prepare(
        "INSERT INTO entity (environment, kind, id, key, body) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (environment, kind, id) DO UPDATE SET key = excluded.key, body = excluded.body");
    if (!statement) return tl::unexpected(statement.error());
    statement->bind(1, environment_).bind(2, kind).bind(3, op.id).bind(4, op.key).bind(5, op.body);
    if (auto done = statement->run(); !done) return done;
  }
  if (op.is_new) {
    auto statement = database_.prepare(
        "INSERT INTO id_counter (environment, kind, last) VALUES (?, ?, ?) "
        "ON CONFLICT (environment, kind) DO UPDATE SET last = max(last, excluded.last)");
    if (!statement) return tl::unexpected(statement.error());
    if (auto done = statement->bind(1, environment_).bind(2, kind).bind(3, op.id).run(); !done) return done;
  }
  auto touched = database_.prepare(
      "INSERT OR IGNORE INTO change_log_entity (environment, kind, id, revision, type, text) "
      "VALUES (?, ?, ?, ?, ?, ?)");
  if (!touched) return tl::unexpected(touched.error());
  touched->bind(1, environment_).bind(2, kind).bind(3, op.id).bind(4, revision);
  return touched->bind(5, domain::to_string(op.type)).bind(6, op.text).run();
}

Result<void> SqliteTransaction::write_secret(const SecretWrite& secret) {
  auto statement = database_.prepare(
      "INSERT INTO secret (environment, kind, id, value) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (environment, kind, id) DO UPDATE SET value = excluded.value");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment_).bind(2, domain::to_string(secret.kind)).bind(3, secret.id);
  return statement->bind_blob(4, secret.value.reveal()).run();
}

Result<void> SqliteTransaction::remember(const IdempotencyKey& key, const Commit& what) {
  auto forget = database_.prepare("DELETE FROM idempotency WHERE at < ?");
  if (!forget) return tl::unexpected(forget.error());
  if (auto done = forget->bind(1, oldest_remembered(what.at)).run(); !done) return done;
  auto statement = database_.prepare(
      "INSERT OR REPLACE INTO idempotency "
      "(environment, actor, key, request, revision, changed, subject_kind, subject_id, at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!statement) return tl::unexpected(statement.error());
  const Outcome& outcome = what.outcome;
  statement->bind(1, environment_)
      .bind(2, key.actor)
      .bind(3, key.key)
      .bind_blob(4, digest_bytes(key.request));
  statement->bind(5, outcome.revision).bind(6, std::int64_t{outcome.changed});
  return statement->bind(7, domain::to_string(outcome.kind)).bind(8, outcome.id).bind(9, what.at.value).run();
}

}  // namespace togglecast::storage::sqlite
