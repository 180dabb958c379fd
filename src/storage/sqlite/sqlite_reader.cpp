#include "storage/sqlite/sqlite_reader.hpp"

#include "storage/sqlite/log_rows.hpp"

namespace togglecast::storage::sqlite {

Result<std::vector<domain::LogRow>> SqliteReader::log_page(const std::string& environment,
                                                           const LogQuery& query) {
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  const auto before = query.before > 0 ? query.before : domain::kMaxId + 1;
  const auto limit = static_cast<std::int64_t>(query.limit);
  if (!query.kind) {
    auto statement =
        database_.prepare("SELECT " TOGGLECAST_LOG_COLUMNS
                          " FROM change_log l JOIN environment e ON e.id = l.environment "
                          "WHERE l.environment = ? AND l.revision < ? ORDER BY l.revision DESC LIMIT ?");
    if (!statement) return tl::unexpected(statement.error());
    return read_rows(statement->bind(1, *number).bind(2, before).bind(3, limit));
  }
  auto statement = database_.prepare(
      "SELECT " TOGGLECAST_LOG_COLUMNS
      " FROM change_log l JOIN environment e ON e.id = l.environment WHERE l.environment = ?1 AND l.revision "
      "IN "
      "(SELECT DISTINCT revision FROM change_log_entity WHERE environment = ?1 AND kind = ?2 AND (?3 = 0 OR "
      "id = ?3) "
      "AND revision < ?4 ORDER BY revision DESC LIMIT ?5) ORDER BY l.revision DESC LIMIT ?5");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, *number).bind(2, domain::to_string(*query.kind)).bind(3, query.id.value_or(0));
  return read_rows(statement->bind(4, before).bind(5, limit));
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

Result<void> SqliteReader::verify_log(const std::string& environment) {
  auto transaction = Transaction::begin(database_, "BEGIN");
  if (!transaction) return tl::unexpected(transaction.error());
  auto start =
      database_.prepare("SELECT id, genesis, created_at, revision, digest FROM environment WHERE key = ?");
  if (!start) return tl::unexpected(start.error());
  const auto found = start->bind(1, environment).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Errc::not_found, "there is no environment '" + environment + "'");
  const auto genesis = read_digest(*start, 1);
  if (!genesis) return tl::unexpected(genesis.error());
  const auto newest = read_digest(*start, 4);
  if (!newest) return tl::unexpected(newest.error());
  domain::Head at{1, 0, *genesis, {start->integer(2)}};

  auto rows = database_.prepare("SELECT " TOGGLECAST_LOG_COLUMNS
                                " FROM change_log l JOIN environment e ON e.id = l.environment "
                                "WHERE l.environment = ? ORDER BY l.revision");
  if (!rows) return tl::unexpected(rows.error());
  rows->bind(1, start->integer(0));
  for (;;) {
    const auto more = rows->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    const auto row = read_row(*rows);
    if (!row) return tl::unexpected(row.error());
    if (auto ok = domain::check_follows(at, *row); !ok) return ok;
    at = row->head;
  }
  if (at.revision != start->integer(3) || at.digest != *newest)
    return fail(Errc::internal,
                "the change log of " + environment + " does not end where its environment says");
  return {};
}

}  // namespace togglecast::storage::sqlite
