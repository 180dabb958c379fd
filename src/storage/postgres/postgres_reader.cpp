#include "storage/postgres/postgres_reader.hpp"

#include <algorithm>
#include <utility>

#include "storage/postgres/asset_rows.hpp"
#include "storage/postgres/connection/cursor.hpp"

namespace togglecast::storage::postgres {
namespace {

constexpr int kEntitiesAtOnce = 2'000;
constexpr int kStatePatience = 12;  // times the limits of other reads: a whole state may be large

Result<std::vector<domain::StoredEntity>> read_entities(Transaction& transaction, std::int64_t environment) {
  auto cursor = Cursor::open(transaction,
                             "SELECT kind, id, body FROM togglecast.entity WHERE environment = $1 "
                             "ORDER BY kind, id",
                             Parameters().add(environment));
  if (!cursor) return tl::unexpected(cursor.error());
  std::vector<domain::StoredEntity> entities;
  for (;;) {
    const auto rows = cursor->next(kEntitiesAtOnce);
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty()) return entities;
    for (int i = 0; i < rows->size(); ++i) {
      const auto kind = domain::parse_kind(rows->text(i, 0));
      if (!kind)
        return fail(Errc::internal,
                    "there is a stored entity of unknown kind " + std::string(rows->text(i, 0)));
      auto body = json::parse(rows->text(i, 2), {.depth = 64});
      if (!body) return fail(Errc::internal, "a stored entity is damaged: " + body.error().message);
      entities.push_back({*kind, rows->integer(i, 1), std::move(*body)});
    }
  }
}

Result<domain::Head> head_before(OpenEnvironment& open, domain::Revision revision) {
  const domain::Head& anchor = open.row.anchor;
  if (anchor.revision == revision - 1) return anchor;
  if (revision <= anchor.revision)
    return tl::unexpected(
        no_longer_kept("the head before revision " + std::to_string(revision), anchor.revision + 1));
  const auto rows = open.transaction.run(
      "SELECT epoch, revision, digest, at FROM togglecast.change_log WHERE environment = $1 AND revision = "
      "$2",
      Parameters().add(open.row.number).add(revision - 1));
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty())
    return fail(Errc::internal, "the change log misses revision " + std::to_string(revision - 1));
  return read_head(*rows, 0, 0);
}

// FNV-1a over the bytes of the numbers.
void mix(std::uint64_t& hash, std::int64_t number) {
  for (int shift = 0; shift < 64; shift += 8) {
    hash ^= static_cast<std::uint64_t>(number) >> shift & 0xff;
    hash *= 1'099'511'628'211U;
  }
}

}  // namespace

// Each commit moves the head of an environment or the sequence of messages. No row counts commits: all of
// them would wait for it.
Result<std::int64_t> PostgresReader::version() {
  const auto rows = link_.ask(
      "SELECT coalesce(sum(revision), 0)::bigint, coalesce(sum(epoch), 0)::bigint, count(*), "
      "(SELECT last FROM togglecast.message_counter) FROM togglecast.environment");
  if (!rows) return tl::unexpected(rows.error());
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (int column = 0; column < 4; ++column) mix(hash, rows->integer(0, column));
  return static_cast<std::int64_t>(hash >> 1);
}

Result<std::vector<Environment>> PostgresReader::environments() {
  const auto rows =
      link_.ask("SELECT key, epoch, revision, digest, as_of FROM togglecast.environment ORDER BY id");
  if (!rows) return tl::unexpected(rows.error());
  std::vector<Environment> found;
  for (int i = 0; i < rows->size(); ++i) {
    const auto head = read_head(*rows, i, 1);
    if (!head) return tl::unexpected(head.error());
    found.push_back({std::string(rows->text(i, 0)), *head});
  }
  return found;
}

Result<StoredState> PostgresReader::state(const std::string& environment, std::size_t recent) {
  auto opened = open(environment, kStatePatience);
  if (!opened) return tl::unexpected(opened.error());
  StoredState found;
  found.head = opened->row.head;
  auto entities = read_entities(opened->transaction, opened->row.number);
  if (!entities) return tl::unexpected(entities.error());
  found.entities = std::move(*entities);
  const auto first = std::max<domain::Revision>(
      opened->row.anchor.revision + 1, found.head.revision - static_cast<domain::Revision>(recent) + 1);
  const auto rows =
      opened->transaction.run("SELECT " TOGGLECAST_PG_LOG_COLUMNS " FROM " TOGGLECAST_PG_LOG
                              " WHERE l.environment = $1 AND l.revision >= $2 ORDER BY l.revision",
                              Parameters().add(opened->row.number).add(first));
  if (!rows) return tl::unexpected(rows.error());
  auto newest = read_rows(*rows);
  if (!newest) return tl::unexpected(newest.error());
  found.recent = std::move(*newest);
  const auto before = postgres::head_before(*opened, first);
  if (!before) return tl::unexpected(before.error());
  found.before = *before;
  return found;
}

Result<domain::Head> PostgresReader::head_before(const std::string& environment, domain::Revision revision) {
  auto opened = open(environment);
  if (!opened) return tl::unexpected(opened.error());
  return postgres::head_before(*opened, revision);
}

Result<std::vector<domain::LogRow>> PostgresReader::rows_after(const std::string& environment,
                                                               domain::Revision after, std::size_t limit) {
  const Statement statements[] = {rows_of_environment(environment, after, limit),
                                  environment_of(environment, false)};
  const auto answers = link_.ask(statements);  // every node asks for each change of another: one round trip
  if (!answers) return tl::unexpected(answers.error());
  const auto row = read_environment(answers->back(), environment);
  if (!row) return tl::unexpected(row.error());
  auto rows = read_rows(answers->front());
  if (!rows) return rows;
  // The anchor is not older than the rows, so nothing is missing that it does not tell.
  const auto oldest = row->anchor.revision + 1;
  if (after < oldest - 1 && (rows->empty() || rows->front().head.revision != after + 1))
    return tl::unexpected(no_longer_kept("revision " + std::to_string(after + 1), oldest));
  return rows;
}

Result<std::vector<domain::LogRow>> PostgresReader::rows_before(const std::string& environment,
                                                                domain::Revision before, std::size_t limit) {
  auto opened = open(environment);
  if (!opened) return tl::unexpected(opened.error());
  const auto rows = opened->transaction.run(
      "SELECT " TOGGLECAST_PG_LOG_COLUMNS " FROM " TOGGLECAST_PG_LOG
      " WHERE l.environment = $1 AND l.revision < $2 AND l.revision > $3 ORDER BY l.revision DESC LIMIT $4",
      Parameters()
          .add(opened->row.number)
          .add(before)
          .add(opened->row.anchor.revision)
          .add(static_cast<std::int64_t>(limit)));
  if (!rows) return tl::unexpected(rows.error());
  return read_rows(*rows);
}

// Commit times never decrease, so the oldest outcome has the lowest revision.
Result<KeptLog> PostgresReader::kept_log(const std::string& environment, UnixMillis now) {
  auto opened = open(environment);
  if (!opened) return tl::unexpected(opened.error());
  const EnvironmentRow& row = opened->row;
  const auto rows = opened->transaction.run(
      "SELECT coalesce((SELECT at FROM togglecast.change_log WHERE environment = $1 AND revision = $2), $3), "
      "coalesce((SELECT revision FROM togglecast.idempotency WHERE environment = $1 AND at >= $4 "
      "ORDER BY at, revision LIMIT 1), 0)",
      Parameters()
          .add(row.number)
          .add(row.anchor.revision + 1)
          .add(row.anchor.as_of.value)
          .add(now.value - std::chrono::milliseconds(idempotency_ttl_).count()));
  if (!rows) return tl::unexpected(rows.error());
  return KeptLog{row.anchor, row.head, {rows->integer(0, 0)}, row.log_bytes, rows->integer(0, 1)};
}

Result<domain::Head> PostgresReader::follow_chain(const std::string& environment, const domain::Head& from,
                                                  std::size_t limit) {
  auto opened = open(environment, kStatePatience);
  if (!opened) return tl::unexpected(opened.error());
  auto cursor = Cursor::open(
      opened->transaction,
      "SELECT " TOGGLECAST_PG_LOG_COLUMNS " FROM " TOGGLECAST_PG_LOG
      " WHERE l.environment = $1 AND l.revision > $2 ORDER BY l.revision LIMIT $3",
      Parameters().add(opened->row.number).add(from.revision).add(static_cast<std::int64_t>(limit)));
  if (!cursor) return tl::unexpected(cursor.error());
  domain::Head at = from;
  for (;;) {
    const auto rows = cursor->next(kEntitiesAtOnce);
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty()) return at;
    for (int i = 0; i < rows->size(); ++i) {
      const auto row = read_row_texts(*rows, i);
      if (!row) return tl::unexpected(row.error());
      if (auto ok = domain::check_chained(at, *row); !ok) return tl::unexpected(ok.error());
      at = row->head;
    }
  }
}

Result<domain::Revision> PostgresReader::revision_at(const std::string& environment, UnixMillis time) {
  auto opened = open(environment);
  if (!opened) return tl::unexpected(opened.error());
  const domain::Head& anchor = opened->row.anchor;
  const auto rows = opened->transaction.run(
      "SELECT revision FROM togglecast.change_log WHERE environment = $1 AND at <= $2 AND revision > $3 "
      "ORDER BY at DESC, revision DESC LIMIT 1",
      Parameters().add(opened->row.number).add(time.value).add(anchor.revision));
  if (!rows) return tl::unexpected(rows.error());
  if (!rows->empty()) return rows->integer(0, 0);
  if (anchor.revision > 0 && time < anchor.as_of)
    return tl::unexpected(no_longer_kept("the state at " + to_iso8601(time), anchor.revision + 1));
  return anchor.revision;
}

Result<std::optional<Secret>> PostgresReader::secret(const std::string& environment, domain::Kind kind,
                                                     domain::Id id) {
  const auto rows = link_.ask(
      "SELECT s.value FROM togglecast.secret s JOIN togglecast.environment e ON e.id = s.environment "
      "WHERE e.key = $1 AND s.kind = $2 AND s.id = $3",
      Parameters().add(environment).add(domain::to_string(kind)).add(id));
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return Secret(std::string(rows->text(0, 0)));
}

Result<std::optional<StoredAsset>> PostgresReader::asset(const std::string& environment,
                                                         const std::string& sha256) {
  const auto rows = link_.ask(
      "SELECT a.type, c.bytes FROM togglecast.asset a JOIN togglecast.environment e ON e.id = a.environment "
      "JOIN togglecast.asset_content c ON c.sha256 = a.sha256 WHERE e.key = $1 AND a.sha256 = $2",
      Parameters().add(environment).add(sha256));
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return StoredAsset{std::string(rows->text(0, 0)), SharedBytes(rows->text(0, 1))};
}

Result<AssetUsage> PostgresReader::asset_usage(const std::string& environment) {
  auto opened = open(environment);
  if (!opened) return tl::unexpected(opened.error());
  Statement usage = usage_of(opened->row.number);
  const auto rows = opened->transaction.run(usage.sql, std::move(usage.parameters));
  if (!rows) return tl::unexpected(rows.error());
  return read_usage(*rows);
}

}  // namespace togglecast::storage::postgres
