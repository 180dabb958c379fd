// The part of PostgresReader that searches the change log.
#include <algorithm>
#include <string>
#include <utility>

#include "storage/log_search.hpp"
#include "storage/postgres/connection/cursor.hpp"
#include "storage/postgres/postgres_reader.hpp"

namespace togglecast::storage::postgres {
namespace {

constexpr domain::Revision kBeyondAllRows = domain::kMaxId + 1;
constexpr int kOpsAtOnce = 256;

// Revisions from `first` up to, not including, `before`.
struct Range {
  domain::Revision first = 0;
  domain::Revision before = 0;
};

Result<domain::Revision> first_at_or_after(OpenEnvironment& open, UnixMillis time) {
  const auto rows = open.transaction.run(
      "SELECT revision FROM togglecast.change_log WHERE environment = $1 AND at >= $2 "
      "ORDER BY at, revision LIMIT 1",
      Parameters().add(open.row.number).add(time.value));
  if (!rows) return tl::unexpected(rows.error());
  return rows->empty() ? kBeyondAllRows : rows->integer(0, 0);
}

// Commit times never decrease, so times are a way to name revisions.
Result<Range> range_of(OpenEnvironment& open, const LogQuery& query) {
  Range range{open.row.anchor.revision + 1, query.before > 0 ? query.before : kBeyondAllRows};
  if (query.since) {
    const auto first = first_at_or_after(open, *query.since);
    if (!first) return tl::unexpected(first.error());
    range.first = std::max(range.first, *first);
  }
  if (query.until) {
    const auto end = first_at_or_after(open, *query.until);
    if (!end) return tl::unexpected(end.error());
    range.before = std::min(range.before, *end);
  }
  return range;
}

// One list to walk, the shortest that an index offers; the rest of the query is asked of each of its ops. A
// cursor lets the planner prefer an index in the wanted order.
Result<Cursor> ops_of_interest(OpenEnvironment& open, const LogQuery& query, const Range& range) {
  Parameters parameters;
  parameters.add(open.row.number).add(range.before).add(range.first);
  std::string condition;
  if (query.kind && query.id) {
    condition = "AND o.kind = $4 AND o.id = $5 ";
    parameters.add(domain::to_string(*query.kind)).add(*query.id);
  } else if (!query.actor.empty()) {
    condition = "AND l.actor_name = $4 ";
    parameters.add(query.actor);
  } else if (!query.source.empty()) {
    condition = "AND l.source = $4 ";
    parameters.add(query.source);
  } else if (query.kind) {
    condition = "AND o.kind = $4 ";
    parameters.add(domain::to_string(*query.kind));
  } else if (query.type) {
    condition = "AND o.type = $4 ";
    parameters.add(domain::to_string(*query.type));
  }
  const bool by_row = condition.starts_with("AND l.");
  const std::string by = by_row ? "l" : "o";
  return Cursor::open(open.transaction,
                      "SELECT o.revision, o.kind, o.id, o.type, o.text, l.actor_name, l.source "
                      "FROM togglecast.change_log_entity o JOIN togglecast.change_log l "
                      "ON l.environment = o.environment AND l.revision = o.revision "
                      "WHERE " +
                          by + ".environment = $1 AND " + by + ".revision < $2 AND " + by +
                          ".revision >= $3 " + condition + "ORDER BY " + by + ".revision DESC",
                      std::move(parameters));
}

SearchedOp op_in(const Rows& rows, int row) {
  return {rows.integer(row, 0), rows.text(row, 1), rows.integer(row, 2), rows.text(row, 3),
          rows.text(row, 4),    rows.text(row, 5), rows.text(row, 6)};
}

Result<void> search_log(Cursor& ops, LogSearch& search) {
  for (;;) {
    const auto rows = ops.next(kOpsAtOnce);
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty()) return {};
    for (int i = 0; i < rows->size(); ++i)
      if (!search.take(op_in(*rows, i))) return {};
  }
}

}  // namespace

Result<LogPage> PostgresReader::log_page(const std::string& environment, const LogQuery& query) {
  auto opened = open(environment);
  if (!opened) return tl::unexpected(opened.error());
  const auto range = range_of(*opened, query);
  if (!range) return tl::unexpected(range.error());
  auto ops = ops_of_interest(*opened, query, *range);
  if (!ops) return tl::unexpected(ops.error());
  LogSearch search(query);
  if (auto done = search_log(*ops, search); !done) return tl::unexpected(done.error());
  LogPage page;
  page.next = search.next();
  std::size_t bytes = 0;
  for (const domain::Revision revision : search.found()) {
    if (bytes >= query.bytes) {
      page.next = page.rows.back().head.revision;
      break;
    }
    auto row = read_revision(opened->transaction, opened->row.number, revision);
    if (!row) return tl::unexpected(row.error());
    bytes += row->change_text.size();
    page.rows.push_back(std::move(*row));
  }
  return page;
}

}  // namespace togglecast::storage::postgres
