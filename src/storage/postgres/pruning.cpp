#include "storage/postgres/pruning.hpp"

#include <algorithm>

#include "base/fail_point.hpp"

namespace togglecast::storage::postgres {
namespace {

// 0 without rows.
Result<domain::Revision> first_row(Transaction& transaction, std::int64_t environment) {
  const auto rows =
      transaction.run("SELECT coalesce(min(revision), 0) FROM togglecast.change_log WHERE environment = $1",
                      Parameters().add(environment));
  if (!rows) return tl::unexpected(rows.error());
  return rows->integer(0, 0);
}

Result<void> write_anchor(Transaction& transaction, std::int64_t environment, const domain::Head& anchor,
                          std::int64_t bytes) {
  const std::vector<Statement> statements{
      {"INSERT INTO togglecast.log_anchor (environment, epoch, revision, digest, at) "
       "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (environment) DO UPDATE SET epoch = excluded.epoch, "
       "revision = excluded.revision, digest = excluded.digest, at = excluded.at",
       Parameters()
           .add(environment)
           .add(anchor.epoch)
           .add(anchor.revision)
           .add_bytes(digest_bytes(anchor.digest))
           .add(anchor.as_of.value)},
      {"UPDATE togglecast.environment SET log_bytes = greatest(0, log_bytes - $2) WHERE id = $1",
       Parameters().add(environment).add(bytes)}};
  return transaction.run(statements).map([](const std::vector<Rows>&) {});
}

// Moves the anchor over as many rows as one step may remove; answers how many.
Result<std::size_t> advance(Transaction& transaction, std::int64_t environment, domain::Head& anchor,
                            domain::Revision until, const PruneBounds& bounds) {
  const auto found = transaction.run(
      "SELECT epoch, revision, digest, at, (octet_length(actor) + octet_length(change))::bigint "
      "FROM togglecast.change_log WHERE environment = $1 AND revision > $2 AND revision <= $3 "
      "ORDER BY revision LIMIT $4",
      Parameters()
          .add(environment)
          .add(anchor.revision)
          .add(until)
          .add(static_cast<std::int64_t>(bounds.rows)));
  if (!found) return tl::unexpected(found.error());
  std::size_t rows = 0;
  std::size_t bytes = 0;
  for (int i = 0; i < found->size() && bytes < bounds.bytes; ++i) {
    const auto head = read_head(*found, i, 0);
    if (!head) return tl::unexpected(head.error());
    if (head->revision != anchor.revision + 1)
      return fail(Errc::internal, "the change log misses revision " + std::to_string(anchor.revision + 1));
    anchor = *head;
    bytes += static_cast<std::size_t>(found->integer(i, 4));
    ++rows;
  }
  if (rows == 0) return rows;
  return write_anchor(transaction, environment, anchor, static_cast<std::int64_t>(bytes)).map([&] {
    return rows;
  });
}

// Deletes what is left of rows up to `anchor`, with at most `ops` entities that they touched.
Result<void> remove_rows(Transaction& transaction, std::int64_t environment, domain::Revision anchor,
                         std::size_t ops) {
  const std::vector<Statement> statements{
      {"DELETE FROM togglecast.change_log_entity o USING (SELECT kind, id, revision "
       "FROM togglecast.change_log_entity WHERE environment = $1 AND revision <= $2 "
       "ORDER BY revision LIMIT $3) AS old "
       "WHERE o.environment = $1 AND o.kind = old.kind AND o.id = old.id AND o.revision = old.revision",
       Parameters().add(environment).add(anchor).add(static_cast<std::int64_t>(ops))},
      {"DELETE FROM togglecast.change_log WHERE environment = $1 AND revision <= $2 AND revision < coalesce("
       "(SELECT min(revision) FROM togglecast.change_log_entity WHERE environment = $1), $2 + 1)",
       Parameters().add(environment).add(anchor)}};
  return transaction.run(statements).map([](const std::vector<Rows>&) {});
}

}  // namespace

Result<Pruned> prune_step(Transaction& transaction, const EnvironmentRow& environment, domain::Revision until,
                          const PruneBounds& bounds) {
  domain::Head anchor = environment.anchor;
  const auto first = first_row(transaction, environment.number);
  if (!first) return tl::unexpected(first.error());
  Pruned pruned;
  if (*first == 0 || *first > anchor.revision) {  // else a step before this one left something
    const auto rows = advance(transaction, environment.number, anchor, until, bounds);
    if (!rows) return tl::unexpected(rows.error());
    pruned.rows = *rows;
  }
  pass(FailPoint::mid_pruning);
  if (auto done = remove_rows(transaction, environment.number, anchor.revision, bounds.ops); !done)
    return tl::unexpected(done.error());
  const auto left = first_row(transaction, environment.number);
  if (!left) return tl::unexpected(left.error());
  pruned.more = *left != 0 && *left <= std::max(until, anchor.revision);
  return pruned;
}

}  // namespace togglecast::storage::postgres
