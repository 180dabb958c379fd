#include "storage/sqlite/sqlite_reader.hpp"

#include <algorithm>

#include "storage/sqlite/asset_rows.hpp"
#include "storage/sqlite/log_rows.hpp"

namespace togglecast::storage::sqlite {
namespace {

Result<std::vector<domain::StoredEntity>> read_entities(Database& database, std::int64_t environment) {
  auto statement =
      database.prepare("SELECT kind, id, body FROM entity WHERE environment = ? ORDER BY kind, id");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment);
  std::vector<domain::StoredEntity> entities;
  for (;;) {
    const auto more = statement->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return entities;
    const auto kind = domain::parse_kind(statement->text(0));
    if (!kind)
      return fail(Errc::internal,
                  "there is a stored entity of unknown kind " + std::string(statement->text(0)));
    auto body = json::parse(statement->text(2), {.depth = 64});
    if (!body) return fail(Errc::internal, "a stored entity is damaged: " + body.error().message);
    entities.push_back({*kind, statement->integer(1), std::move(*body)});
  }
}

// One environment and its log in one consistent state, which stays while this lives.
struct OpenLog {
  Transaction transaction;
  std::int64_t environment;
  domain::Head anchor;
};

Result<OpenLog> open_log(Database& database, const std::string& environment) {
  auto transaction = Transaction::begin(database, "BEGIN");
  if (!transaction) return tl::unexpected(transaction.error());
  const auto number = environment_number(database, environment);
  if (!number) return tl::unexpected(number.error());
  auto anchor = read_anchor(database, *number);
  if (!anchor) return tl::unexpected(anchor.error());
  return OpenLog{*std::move(transaction), *number, *anchor};
}

}  // namespace

// SQLite changes it when another connection commits, and this connection never does.
Result<std::int64_t> SqliteReader::version() { return database_.query_integer("PRAGMA data_version"); }

Result<std::vector<Environment>> SqliteReader::environments() {
  auto statement =
      database_.prepare("SELECT key, epoch, revision, digest, as_of FROM environment ORDER BY id");
  if (!statement) return tl::unexpected(statement.error());
  std::vector<Environment> found;
  for (;;) {
    const auto more = statement->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return found;
    const auto head = read_head(*statement, 1);
    if (!head) return tl::unexpected(head.error());
    found.push_back({std::string(statement->text(0)), *head});
  }
}

Result<StoredState> SqliteReader::state(const std::string& environment, std::size_t recent) {
  const auto log = open_log(database_, environment);
  if (!log) return tl::unexpected(log.error());
  StoredState found;
  {
    auto statement = database_.prepare("SELECT epoch, revision, digest, as_of FROM environment WHERE id = ?");
    if (!statement) return tl::unexpected(statement.error());
    const auto row = statement->bind(1, log->environment).step();
    if (!row) return tl::unexpected(row.error());
    const auto head = read_head(*statement, 0);
    if (!head) return tl::unexpected(head.error());
    found.head = *head;
  }
  auto entities = read_entities(database_, log->environment);
  if (!entities) return tl::unexpected(entities.error());
  found.entities = std::move(*entities);
  const auto first = std::max<domain::Revision>(
      log->anchor.revision + 1, found.head.revision - static_cast<domain::Revision>(recent) + 1);
  auto statement = database_.prepare("SELECT " TOGGLECAST_LOG_COLUMNS
                                     " FROM change_log l JOIN environment e ON e.id = l.environment "
                                     "WHERE l.environment = ? AND l.revision >= ? ORDER BY l.revision");
  if (!statement) return tl::unexpected(statement.error());
  auto rows = read_rows(statement->bind(1, log->environment).bind(2, first));
  if (!rows) return tl::unexpected(rows.error());
  found.recent = std::move(*rows);
  const auto before = head_before(log->environment, first);
  if (!before) return tl::unexpected(before.error());
  found.before = *before;
  return found;
}

Result<domain::Head> SqliteReader::head_before(std::int64_t environment, domain::Revision revision) {
  auto anchor = read_anchor(database_, environment);
  if (!anchor || anchor->revision == revision - 1) return anchor;
  if (revision <= anchor->revision)
    return tl::unexpected(
        no_longer_kept("the head before revision " + std::to_string(revision), anchor->revision + 1));
  auto statement = database_.prepare(
      "SELECT epoch, revision, digest, at FROM change_log WHERE environment = ? AND revision = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).bind(2, revision - 1).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Errc::internal, "the change log misses revision " + std::to_string(revision - 1));
  return read_head(*statement, 0);
}

Result<domain::Head> SqliteReader::head_before(const std::string& environment, domain::Revision revision) {
  const auto log = open_log(database_, environment);
  if (!log) return tl::unexpected(log.error());
  return head_before(log->environment, revision);
}

Result<std::vector<domain::LogRow>> SqliteReader::rows_after(const std::string& environment,
                                                             domain::Revision after, std::size_t limit) {
  const auto log = open_log(database_, environment);
  if (!log) return tl::unexpected(log.error());
  if (after < log->anchor.revision)
    return tl::unexpected(no_longer_kept("revision " + std::to_string(after + 1), log->anchor.revision + 1));
  auto statement =
      database_.prepare("SELECT " TOGGLECAST_LOG_COLUMNS
                        " FROM change_log l JOIN environment e ON e.id = l.environment "
                        "WHERE l.environment = ? AND l.revision > ? ORDER BY l.revision LIMIT ?");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, log->environment).bind(2, after).bind(3, static_cast<std::int64_t>(limit));
  return read_rows(*statement);
}

Result<KeptLog> SqliteReader::kept_log(const std::string& environment, UnixMillis now) {
  const auto log = open_log(database_, environment);
  if (!log) return tl::unexpected(log.error());
  auto statement = database_.prepare(
      "SELECT e.epoch, e.revision, e.digest, e.as_of, e.log_bytes, "
      "coalesce((SELECT at FROM change_log l WHERE l.environment = e.id AND l.revision = ?2), ?3) "
      "FROM environment e WHERE e.id = ?1");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, log->environment).bind(2, log->anchor.revision + 1).bind(3, log->anchor.as_of.value);
  const auto found = statement->step();
  if (!found) return tl::unexpected(found.error());
  const auto newest = read_head(*statement, 0);
  if (!newest) return tl::unexpected(newest.error());
  const auto needed = oldest_remembered(log->environment, now);
  if (!needed) return tl::unexpected(needed.error());
  return KeptLog{log->anchor, *newest, {statement->integer(5)}, statement->integer(4), *needed};
}

// Commit times never decrease, so the oldest outcome has the lowest revision.
Result<domain::Revision> SqliteReader::oldest_remembered(std::int64_t environment, UnixMillis now) {
  auto statement = database_.prepare(
      "SELECT revision FROM idempotency INDEXED BY idempotency_by_age WHERE at >= ? AND environment = ? "
      "ORDER BY at, revision LIMIT 1");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, now.value - std::chrono::milliseconds(idempotency_ttl_).count())
                         .bind(2, environment)
                         .step();
  if (!found) return tl::unexpected(found.error());
  return *found ? statement->integer(0) : 0;
}

Result<domain::Head> SqliteReader::follow_chain(const std::string& environment, const domain::Head& from,
                                                std::size_t limit) {
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  auto statement =
      database_.prepare("SELECT " TOGGLECAST_LOG_COLUMNS
                        " FROM change_log l JOIN environment e ON e.id = l.environment "
                        "WHERE l.environment = ? AND l.revision > ? ORDER BY l.revision LIMIT ?");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, *number).bind(2, from.revision).bind(3, static_cast<std::int64_t>(limit));
  domain::Head at = from;
  for (;;) {
    const auto more = statement->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return at;
    const auto row = read_row_texts(*statement);
    if (!row) return tl::unexpected(row.error());
    if (auto ok = domain::check_chained(at, *row); !ok) return tl::unexpected(ok.error());
    at = row->head;
  }
}

Result<domain::Revision> SqliteReader::revision_at(const std::string& environment, UnixMillis time) {
  const auto log = open_log(database_, environment);
  if (!log) return tl::unexpected(log.error());
  auto statement = database_.prepare(
      "SELECT revision FROM change_log WHERE environment = ? AND at <= ? AND revision > ? "
      "ORDER BY at DESC, revision DESC LIMIT 1");
  if (!statement) return tl::unexpected(statement.error());
  const auto found =
      statement->bind(1, log->environment).bind(2, time.value).bind(3, log->anchor.revision).step();
  if (!found) return tl::unexpected(found.error());
  if (*found) return statement->integer(0);
  if (log->anchor.revision > 0 && time < log->anchor.as_of)
    return tl::unexpected(no_longer_kept("the state at " + to_iso8601(time), log->anchor.revision + 1));
  return log->anchor.revision;
}

Result<std::vector<domain::LogRow>> SqliteReader::rows_before(const std::string& environment,
                                                              domain::Revision before, std::size_t limit) {
  const auto log = open_log(database_, environment);
  if (!log) return tl::unexpected(log.error());
  auto statement = database_.prepare(
      "SELECT " TOGGLECAST_LOG_COLUMNS
      " FROM change_log l JOIN environment e ON e.id = l.environment "
      "WHERE l.environment = ? AND l.revision < ? AND l.revision > ? ORDER BY l.revision DESC LIMIT ?");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, log->environment).bind(2, before).bind(3, log->anchor.revision);
  return read_rows(statement->bind(4, static_cast<std::int64_t>(limit)));
}

Result<std::optional<Secret>> SqliteReader::secret(const std::string& environment, domain::Kind kind,
                                                   domain::Id id) {
  auto statement = database_.prepare(
      "SELECT s.value FROM secret s JOIN environment e ON e.id = s.environment "
      "WHERE e.key = ? AND s.kind = ? AND s.id = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).bind(2, domain::to_string(kind)).bind(3, id).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::nullopt;
  return Secret(std::string(statement->blob(0)));
}

Result<std::optional<StoredAsset>> SqliteReader::asset(const std::string& environment,
                                                       const std::string& sha256) {
  auto statement = database_.prepare(
      "SELECT a.type, c.bytes FROM asset a JOIN environment e ON e.id = a.environment "
      "JOIN asset_content c ON c.sha256 = a.sha256 WHERE e.key = ? AND a.sha256 = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).bind(2, sha256).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::nullopt;
  return StoredAsset{std::string(statement->text(0)), SharedBytes(statement->blob(1))};
}

Result<AssetUsage> SqliteReader::asset_usage(const std::string& environment) {
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  return read_asset_usage(database_, *number);
}

}  // namespace togglecast::storage::sqlite
