#include "storage/sqlite/log_rows.hpp"

#include <algorithm>

namespace togglecast::storage::sqlite {

Result<Sha256> read_digest(const Statement& statement, int column) {
  const std::string_view bytes = statement.blob(column);
  Sha256 digest{};
  if (bytes.size() != digest.size()) return fail(Errc::internal, "a stored digest is damaged");
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

std::string_view digest_bytes(const Sha256& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Result<domain::Head> read_head(const Statement& statement, int first) {
  const auto digest = read_digest(statement, first + 2);
  if (!digest) return tl::unexpected(digest.error());
  return domain::Head{
      statement.integer(first), statement.integer(first + 1), *digest, {statement.integer(first + 3)}};
}

Result<domain::Head> read_anchor(Database& database, std::int64_t environment) {
  auto statement = database.prepare(
      "SELECT coalesce(a.epoch, 1), coalesce(a.revision, 0), coalesce(a.digest, e.genesis), "
      "coalesce(a.at, e.created_at) "
      "FROM environment e LEFT JOIN log_anchor a ON a.environment = e.id WHERE e.id = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Errc::internal, "the store misses an environment");
  return read_head(*statement, 0);
}

Result<domain::LogRow> read_row_texts(const Statement& statement) {
  domain::LogRow row;
  row.environment = statement.text(0);
  row.head.epoch = statement.integer(1);
  row.head.revision = statement.integer(2);
  row.head.as_of = {statement.integer(3)};
  row.actor_text = statement.text(4);
  row.change_text = statement.text(5);
  const auto digest = read_digest(statement, 6);
  if (!digest) return tl::unexpected(digest.error());
  row.head.digest = *digest;
  return row;
}

Result<domain::LogRow> read_row(const Statement& statement) {
  auto row = read_row_texts(statement);
  if (!row) return row;
  auto change = domain::parse_change(row->change_text);
  if (!change) return tl::unexpected(change.error());
  row->change = std::move(*change);
  return row;
}

Result<std::vector<domain::LogRow>> read_rows(Statement& statement) {
  std::vector<domain::LogRow> rows;
  for (;;) {
    const auto more = statement.step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return rows;
    auto row = read_row(statement);
    if (!row) return tl::unexpected(row.error());
    rows.push_back(std::move(*row));
  }
}

Result<domain::LogRow> read_revision(Database& database, std::int64_t environment,
                                     domain::Revision revision) {
  auto statement = database.prepare("SELECT " TOGGLECAST_LOG_COLUMNS
                                    " FROM change_log l JOIN environment e ON e.id = l.environment "
                                    "WHERE l.environment = ? AND l.revision = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).bind(2, revision).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Errc::not_found, "there is no revision " + std::to_string(revision));
  return read_row(*statement);
}

Result<std::int64_t> environment_number(Database& database, const std::string& key) {
  auto statement = database.prepare("SELECT id FROM environment WHERE key = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, key).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Errc::not_found, "there is no environment '" + key + "'");
  return statement->integer(0);
}

}  // namespace togglecast::storage::sqlite
