#include "storage/postgres/log_rows.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::storage::postgres {

Result<Sha256> read_digest(std::string_view bytes) {
  Sha256 digest{};
  if (bytes.size() != digest.size()) return fail(Errc::internal, "a stored digest is damaged");
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

std::string_view digest_bytes(const Sha256& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Result<domain::Head> read_head(const Rows& rows, int row, int first) {
  const auto digest = read_digest(rows.text(row, first + 2));
  if (!digest) return tl::unexpected(digest.error());
  return domain::Head{
      rows.integer(row, first), rows.integer(row, first + 1), *digest, {rows.integer(row, first + 3)}};
}

Result<domain::LogRow> read_row_texts(const Rows& rows, int row) {
  domain::LogRow found;
  found.environment = rows.text(row, 0);
  found.head.epoch = rows.integer(row, 1);
  found.head.revision = rows.integer(row, 2);
  found.head.as_of = {rows.integer(row, 3)};
  found.actor_text = rows.text(row, 4);
  found.change_text = rows.text(row, 5);
  const auto digest = read_digest(rows.text(row, 6));
  if (!digest) return tl::unexpected(digest.error());
  found.head.digest = *digest;
  return found;
}

Result<domain::LogRow> read_row(const Rows& rows, int row) {
  auto found = read_row_texts(rows, row);
  if (!found) return found;
  auto change = domain::parse_change(found->change_text);
  if (!change) return tl::unexpected(change.error());
  found->change = std::move(*change);
  return found;
}

Result<std::vector<domain::LogRow>> read_rows(const Rows& rows) {
  std::vector<domain::LogRow> found;
  for (int i = 0; i < rows.size(); ++i) {
    auto row = read_row(rows, i);
    if (!row) return tl::unexpected(row.error());
    found.push_back(std::move(*row));
  }
  return found;
}

Statement environment_of(const std::string& key, bool lock) {
#define TOGGLECAST_PG_ENVIRONMENT                                                                        \
  "SELECT e.id, e.epoch, e.revision, e.digest, e.as_of, coalesce(a.epoch, 1), "                          \
  "coalesce(a.revision, 0), coalesce(a.digest, e.genesis), coalesce(a.at, e.created_at), "               \
  "e.log_bytes FROM togglecast.environment e LEFT JOIN togglecast.log_anchor a ON a.environment = e.id " \
  "WHERE e.key = $1"
  Statement statement{lock ? TOGGLECAST_PG_ENVIRONMENT " FOR NO KEY UPDATE OF e" : TOGGLECAST_PG_ENVIRONMENT};
#undef TOGGLECAST_PG_ENVIRONMENT
  statement.parameters.add(key);
  return statement;
}

Result<EnvironmentRow> read_environment(const Rows& rows, const std::string& key) {
  if (rows.empty()) return fail(Errc::not_found, "there is no environment '" + key + "'");
  const auto head = read_head(rows, 0, 1);
  if (!head) return tl::unexpected(head.error());
  const auto anchor = read_head(rows, 0, 5);
  if (!anchor) return tl::unexpected(anchor.error());
  return EnvironmentRow{rows.integer(0, 0), *head, *anchor, rows.integer(0, 9)};
}

Statement rows_of_environment(const std::string& key, domain::Revision after, std::size_t limit) {
  Statement statement{"SELECT " TOGGLECAST_PG_LOG_COLUMNS " FROM " TOGGLECAST_PG_LOG
                      " WHERE e.key = $1 AND l.revision > $2 ORDER BY l.revision LIMIT $3"};
  statement.parameters.add(key).add(after).add(static_cast<std::int64_t>(limit));
  return statement;
}

Result<OpenEnvironment> open_environment(Link& link, const std::string& key, Transaction::Kind kind,
                                         int patience) {
  auto begun =
      Transaction::begin(link, kind, {environment_of(key, kind == Transaction::Kind::write)}, patience);
  if (!begun) return tl::unexpected(begun.error());
  const auto row = read_environment(begun->answers.front(), key);
  if (!row) return tl::unexpected(row.error());
  return OpenEnvironment{std::move(begun->transaction), *row};
}

Result<domain::LogRow> read_revision(Transaction& transaction, std::int64_t environment,
                                     domain::Revision revision) {
  const auto rows = transaction.run("SELECT " TOGGLECAST_PG_LOG_COLUMNS " FROM " TOGGLECAST_PG_LOG
                                    " WHERE l.environment = $1 AND l.revision = $2",
                                    Parameters().add(environment).add(revision));
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return fail(Errc::not_found, "there is no revision " + std::to_string(revision));
  return read_row(*rows, 0);
}

}  // namespace togglecast::storage::postgres
