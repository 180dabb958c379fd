// The part of SqliteReader that searches the change log.
#include "storage/sqlite/sqlite_reader.hpp"

#include <algorithm>

#include "storage/log_search.hpp"
#include "storage/sqlite/log_rows.hpp"

// The columns of an op, from change_log_entity `o` and its row `l`, between the two revisions of a range.
#define TOGGLECAST_OPS "SELECT o.revision, o.kind, o.id, o.type, o.text, l.actor_name, l.source "
#define TOGGLECAST_OF_OP                                          \
  "ON l.environment = o.environment AND l.revision = o.revision " \
  "WHERE o.environment = ?1 AND o.revision < ?2 AND o.revision >= ?3 "
#define TOGGLECAST_OF_ROW                                         \
  "ON o.environment = l.environment AND o.revision = l.revision " \
  "WHERE l.environment = ?1 AND l.revision < ?2 AND l.revision >= ?3 "

namespace togglecast::storage::sqlite {
namespace {

constexpr domain::Revision kBeyondAll = domain::kMaxId + 1;

enum Column : int { kRevision, kKind, kId, kType, kText, kActor, kSource };

SearchedOp op_in(const Statement& op) {
  return {op.integer(kRevision), op.text(kKind),  op.integer(kId), op.text(kType),
          op.text(kText),        op.text(kActor), op.text(kSource)};
}

}  // namespace

Result<LogPage> SqliteReader::log_page(const std::string& environment, const LogQuery& query) {
  auto transaction =
      Transaction::begin(database_, "BEGIN");  // so that no row of the page is pruned meanwhile
  if (!transaction) return tl::unexpected(transaction.error());
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  const auto range = range_of(*number, query);
  if (!range) return tl::unexpected(range.error());
  LogSearch search(query);
  {
    auto ops = ops_of_interest(*number, query, *range);
    if (!ops) return tl::unexpected(ops.error());
    for (;;) {
      const auto more = ops->step();
      if (!more) return tl::unexpected(more.error());
      if (!*more || !search.take(op_in(*ops))) break;
    }
  }
  LogPage page;
  page.next = search.next();
  std::size_t bytes = 0;
  for (const domain::Revision revision : search.found()) {
    if (bytes >= query.bytes) {
      page.next = page.rows.back().head.revision;
      break;
    }
    auto row = read_revision(database_, *number, revision);
    if (!row) return tl::unexpected(row.error());
    bytes += row->change_text.size();
    page.rows.push_back(std::move(*row));
  }
  return page;
}

// One list to walk, the shortest that an index offers; the rest of the query is asked of each of its ops.
Result<Statement> SqliteReader::ops_of_interest(std::int64_t environment, const LogQuery& query,
                                                const Range& range) {
  // `wanted` is parameter 4.
  const auto begin = [&](const char* sql, std::string_view wanted = {}) {
    auto statement = database_.prepare(sql);
    if (statement) statement->bind(1, environment).bind(2, range.before).bind(3, range.first);
    if (statement && !wanted.empty()) statement->bind(4, wanted);
    return statement;
  };
  if (query.kind && query.id) {
    auto statement = begin(TOGGLECAST_OPS "FROM change_log_entity o CROSS JOIN change_log l " TOGGLECAST_OF_OP
                                          "AND o.kind = ?4 AND o.id = ?5 ORDER BY o.revision DESC",
                           domain::to_string(*query.kind));
    if (statement) statement->bind(5, *query.id);
    return statement;
  }
  if (!query.actor.empty())
    return begin(TOGGLECAST_OPS
                 "FROM change_log l INDEXED BY change_log_by_actor CROSS JOIN change_log_entity o "
                 "INDEXED BY change_log_entity_by_revision " TOGGLECAST_OF_ROW
                 "AND l.actor_name = ?4 ORDER BY l.revision DESC",
                 query.actor);
  if (!query.source.empty())
    return begin(TOGGLECAST_OPS
                 "FROM change_log l INDEXED BY change_log_by_source CROSS JOIN change_log_entity o "
                 "INDEXED BY change_log_entity_by_revision " TOGGLECAST_OF_ROW
                 "AND l.source = ?4 ORDER BY l.revision DESC",
                 query.source);
  if (query.kind)
    return begin(TOGGLECAST_OPS
                 "FROM change_log_entity o INDEXED BY change_log_entity_by_kind "
                 "CROSS JOIN change_log l " TOGGLECAST_OF_OP "AND o.kind = ?4 ORDER BY o.revision DESC",
                 domain::to_string(*query.kind));
  if (query.type)
    return begin(TOGGLECAST_OPS
                 "FROM change_log_entity o INDEXED BY change_log_entity_by_type "
                 "CROSS JOIN change_log l " TOGGLECAST_OF_OP "AND o.type = ?4 ORDER BY o.revision DESC",
                 domain::to_string(*query.type));
  return begin(TOGGLECAST_OPS
               "FROM change_log_entity o INDEXED BY change_log_entity_by_revision "
               "CROSS JOIN change_log l " TOGGLECAST_OF_OP "ORDER BY o.revision DESC");
}

// Commit times never decrease, so times are a way to name revisions.
Result<SqliteReader::Range> SqliteReader::range_of(std::int64_t environment, const LogQuery& query) {
  const auto anchor = read_anchor(database_, environment);
  if (!anchor) return tl::unexpected(anchor.error());
  Range range{anchor->revision + 1, query.before > 0 ? query.before : kBeyondAll};
  if (query.since) {
    const auto first = first_at_or_after(environment, *query.since);
    if (!first) return tl::unexpected(first.error());
    range.first = std::max(range.first, *first);
  }
  if (query.until) {
    const auto end = first_at_or_after(environment, *query.until);
    if (!end) return tl::unexpected(end.error());
    range.before = std::min(range.before, *end);
  }
  return range;
}

Result<domain::Revision> SqliteReader::first_at_or_after(std::int64_t environment, UnixMillis time) {
  auto statement = database_.prepare(
      "SELECT revision FROM change_log WHERE environment = ? AND at >= ? ORDER BY at, revision LIMIT 1");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).bind(2, time.value).step();
  if (!found) return tl::unexpected(found.error());
  return *found ? statement->integer(0) : kBeyondAll;
}

}  // namespace togglecast::storage::sqlite
