#include "storage/sqlite/pruning.hpp"

#include <algorithm>

#include "base/fail_point.hpp"
#include "storage/sqlite/log_rows.hpp"

namespace togglecast::storage::sqlite {
namespace {

constexpr std::int64_t kIncremental = 2;   // PRAGMA auto_vacuum
constexpr std::int64_t kSparePages = 256;  // 1 MiB
constexpr const char* kGiveBackSomePages = "PRAGMA incremental_vacuum(64)";

// 0 without rows.
Result<domain::Revision> first_row(Database& database, std::int64_t environment) {
  auto statement =
      database.prepare("SELECT coalesce(min(revision), 0) FROM change_log WHERE environment = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).step();
  if (!found) return tl::unexpected(found.error());
  return statement->integer(0);
}

Result<void> write_anchor(Database& database, std::int64_t environment, const domain::Head& anchor,
                          std::int64_t bytes) {
  auto statement = database.prepare(
      "INSERT OR REPLACE INTO log_anchor (environment, epoch, revision, digest, at) VALUES (?, ?, ?, ?, ?)");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment).bind(2, anchor.epoch).bind(3, anchor.revision);
  statement->bind_blob(4, digest_bytes(anchor.digest)).bind(5, anchor.as_of.value);
  if (auto done = statement->run(); !done) return done;
  auto counter = database.prepare("UPDATE environment SET log_bytes = max(0, log_bytes - ?) WHERE id = ?");
  if (!counter) return tl::unexpected(counter.error());
  return counter->bind(1, bytes).bind(2, environment).run();
}

// Moves the anchor over as many rows as one step may remove; answers how many.
Result<std::size_t> advance(Database& database, std::int64_t environment, domain::Head& anchor,
                            domain::Revision until, const PruneBounds& bounds) {
  std::size_t rows = 0;
  std::size_t bytes = 0;
  {
    auto statement = database.prepare(
        "SELECT epoch, revision, digest, at, length(CAST(actor AS BLOB)) + length(CAST(change AS BLOB)) "
        "FROM change_log WHERE environment = ? AND revision > ? AND revision <= ? ORDER BY revision LIMIT ?");
    if (!statement) return tl::unexpected(statement.error());
    statement->bind(1, environment).bind(2, anchor.revision).bind(3, until);
    statement->bind(4, static_cast<std::int64_t>(bounds.rows));
    while (bytes < bounds.bytes) {
      const auto more = statement->step();
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
      const auto head = read_head(*statement, 0);
      if (!head) return tl::unexpected(head.error());
      if (head->revision != anchor.revision + 1)
        return fail(Errc::internal, "the change log misses revision " + std::to_string(anchor.revision + 1));
      anchor = *head;
      bytes += static_cast<std::size_t>(statement->integer(4));
      ++rows;
    }
  }
  if (rows == 0) return rows;
  return write_anchor(database, environment, anchor, static_cast<std::int64_t>(bytes)).map([&] {
    return rows;
  });
}

// Deletes what is left of rows up to `anchor`, with at most `ops` entities that they touched.
Result<void> remove_rows(Database& database, std::int64_t environment, domain::Revision anchor,
                         std::size_t ops) {
  auto touched = database.prepare(
      "DELETE FROM change_log_entity WHERE (environment, kind, id, revision) IN ("
      "SELECT environment, kind, id, revision FROM change_log_entity "
      "INDEXED BY change_log_entity_by_revision WHERE environment = ? AND revision <= ? "
      "ORDER BY revision LIMIT ?)");
  if (!touched) return tl::unexpected(touched.error());
  touched->bind(1, environment).bind(2, anchor).bind(3, static_cast<std::int64_t>(ops));
  if (auto done = touched->run(); !done) return done;
  auto rows = database.prepare(
      "DELETE FROM change_log WHERE environment = ?1 AND revision <= ?2 AND revision < coalesce(("
      "SELECT min(revision) FROM change_log_entity INDEXED BY change_log_entity_by_revision "
      "WHERE environment = ?1), ?2 + 1)");
  if (!rows) return tl::unexpected(rows.error());
  return rows->bind(1, environment).bind(2, anchor).run();
}

}  // namespace

Result<Pruned> prune_step(Database& database, std::int64_t environment, domain::Revision until,
                          const PruneBounds& bounds) {
  auto anchor = read_anchor(database, environment);
  if (!anchor) return tl::unexpected(anchor.error());
  const auto first = first_row(database, environment);
  if (!first) return tl::unexpected(first.error());
  Pruned pruned;
  if (*first == 0 || *first > anchor->revision) {  // else a step before this one left something
    const auto rows = advance(database, environment, *anchor, until, bounds);
    if (!rows) return tl::unexpected(rows.error());
    pruned.rows = *rows;
  }
  pass(FailPoint::mid_pruning);
  if (auto done = remove_rows(database, environment, anchor->revision, bounds.ops); !done)
    return tl::unexpected(done.error());
  const auto left = first_row(database, environment);
  if (!left) return tl::unexpected(left.error());
  pruned.more = *left != 0 && *left <= std::max(until, anchor->revision);
  return pruned;
}

void prepare_to_give_back(Database& database) {
  const auto mode = database.query_integer("PRAGMA auto_vacuum");
  if (!mode || *mode == kIncremental) return;
  if (database.execute("PRAGMA auto_vacuum = INCREMENTAL")) std::ignore = database.execute("VACUUM");
}

Result<bool> has_space_to_give_back(Database& database) {
  const auto mode = database.query_integer("PRAGMA auto_vacuum");
  if (!mode) return tl::unexpected(mode.error());
  if (*mode != kIncremental) return false;
  return database.query_integer("PRAGMA freelist_count").map([](std::int64_t free) {
    return free > kSparePages;
  });
}

Result<void> give_back_step(Database& database) { return database.execute(kGiveBackSomePages); }

}  // namespace togglecast::storage::sqlite
