#include "storage/sqlite/sqlite_reader.hpp"

#include <algorithm>

#include "storage/sqlite/log_rows.hpp"

namespace togglecast::storage::sqlite {
namespace {

// Columns: epoch, revision, digest, as_of, from `first` on.
Result<domain::Head> read_head(const Statement& statement, int first) {
  const auto digest = read_digest(statement, first + 2);
  if (!digest) return tl::unexpected(digest.error());
  return domain::Head{
      statement.integer(first), statement.integer(first + 1), *digest, {statement.integer(first + 3)}};
}

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
  auto transaction = Transaction::begin(database_, "BEGIN");
  if (!transaction) return tl::unexpected(transaction.error());
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  StoredState found;
  {
    auto statement = database_.prepare("SELECT epoch, revision, digest, as_of FROM environment WHERE id = ?");
    if (!statement) return tl::unexpected(statement.error());
    const auto row = statement->bind(1, *number).step();
    if (!row) return tl::unexpected(row.error());
    const auto head = read_head(*statement, 0);
    if (!head) return tl::unexpected(head.error());
    found.head = *head;
  }
  auto entities = read_entities(database_, *number);
  if (!entities) return tl::unexpected(entities.error());
  found.entities = std::move(*entities);
  const auto first =
      std::max<domain::Revision>(1, found.head.revision - static_cast<domain::Revision>(recent) + 1);
  auto statement = database_.prepare("SELECT " TOGGLECAST_LOG_COLUMNS
                                     " FROM change_log l JOIN environment e ON e.id = l.environment "
                                     "WHERE l.environment = ? AND l.revision >= ? ORDER BY l.revision");
  if (!statement) return tl::unexpected(statement.error());
  auto rows = read_rows(statement->bind(1, *number).bind(2, first));
  if (!rows) return tl::unexpected(rows.error());
  found.recent = std::move(*rows);
  const auto before = head_before(*number, first);
  if (!before) return tl::unexpected(before.error());
  found.before = *before;
  return found;
}

Result<domain::Head> SqliteReader::head_before(std::int64_t environment, domain::Revision revision) {
  auto statement = database_.prepare(
      "SELECT 1, 0, genesis, created_at FROM environment WHERE id = ?1 AND ?2 = 0 "
      "UNION ALL SELECT epoch, revision, digest, at FROM change_log WHERE environment = ?1 AND revision = "
      "?2");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).bind(2, revision - 1).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Errc::internal, "the change log misses revision " + std::to_string(revision - 1));
  return read_head(*statement, 0);
}

Result<domain::Head> SqliteReader::head_before(const std::string& environment, domain::Revision revision) {
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  return head_before(*number, revision);
}

Result<std::vector<domain::LogRow>> SqliteReader::rows_after(const std::string& environment,
                                                             domain::Revision after, std::size_t limit) {
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  auto statement =
      database_.prepare("SELECT " TOGGLECAST_LOG_COLUMNS
                        " FROM change_log l JOIN environment e ON e.id = l.environment "
                        "WHERE l.environment = ? AND l.revision > ? ORDER BY l.revision LIMIT ?");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, *number).bind(2, after).bind(3, static_cast<std::int64_t>(limit));
  return read_rows(*statement);
}

Result<domain::Revision> SqliteReader::revision_at(const std::string& environment, UnixMillis time) {
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  auto statement = database_.prepare(
      "SELECT revision FROM change_log WHERE environment = ? AND at <= ? ORDER BY at DESC, revision DESC "
      "LIMIT 1");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, *number).bind(2, time.value).step();
  if (!found) return tl::unexpected(found.error());
  return *found ? statement->integer(0) : 0;
}

Result<std::vector<domain::LogRow>> SqliteReader::rows_before(const std::string& environment,
                                                              domain::Revision before, std::size_t limit) {
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  auto statement =
      database_.prepare("SELECT " TOGGLECAST_LOG_COLUMNS
                        " FROM change_log l JOIN environment e ON e.id = l.environment "
                        "WHERE l.environment = ? AND l.revision < ? ORDER BY l.revision DESC LIMIT ?");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, *number).bind(2, before).bind(3, static_cast<std::int64_t>(limit));
  return read_rows(*statement);
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

}  // namespace togglecast::storage::sqlite
