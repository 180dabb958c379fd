#include "storage/sqlite/migrations.hpp"

#include <array>
#include <string>

namespace togglecast::storage::sqlite {
namespace {

constexpr std::int64_t kApplicationId = 0x54474354;  // "TGCT", in the file's header

// Times are milliseconds since 1970 UTC; bodies, actors and changes are canonical JSON; digests are raw
// SHA-256.
constexpr const char* kFirst = R"sql(
CREATE TABLE environment (
  id         INTEGER PRIMARY KEY,
  key        TEXT    NOT NULL UNIQUE,
  epoch      INTEGER NOT NULL,
  revision   INTEGER NOT NULL,
  digest     BLOB    NOT NULL,
  as_of      INTEGER NOT NULL,
  genesis    BLOB    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE entity (
  environment INTEGER NOT NULL REFERENCES environment (id),
  kind        TEXT    NOT NULL,
  id          INTEGER NOT NULL,
  key         TEXT    NOT NULL,
  body        TEXT    NOT NULL,
  PRIMARY KEY (environment, kind, id),
  UNIQUE (environment, kind, key)
) STRICT;

-- The highest id ever used, so that none is used twice.
CREATE TABLE id_counter (
  environment INTEGER NOT NULL REFERENCES environment (id),
  kind        TEXT    NOT NULL,
  last        INTEGER NOT NULL,
  PRIMARY KEY (environment, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE change_log (
  environment INTEGER NOT NULL REFERENCES environment (id),
  revision    INTEGER NOT NULL,
  epoch       INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  actor       TEXT    NOT NULL,
  change      TEXT    NOT NULL,
  digest      BLOB    NOT NULL,
  PRIMARY KEY (environment, revision)
) STRICT;

-- Which entities a change touched, for the history of one of them.
CREATE TABLE change_log_entity (
  environment INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  id          INTEGER NOT NULL,
  revision    INTEGER NOT NULL,
  PRIMARY KEY (environment, kind, id, revision),
  FOREIGN KEY (environment, revision) REFERENCES change_log (environment, revision)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_log_entity_by_kind ON change_log_entity (environment, kind, revision);

-- Password hashes and signing keys: beside their entity, never in the log.
CREATE TABLE secret (
  environment INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  id          INTEGER NOT NULL,
  value       BLOB    NOT NULL,
  PRIMARY KEY (environment, kind, id),
  FOREIGN KEY (environment, kind, id) REFERENCES entity (environment, kind, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE idempotency (
  environment  INTEGER NOT NULL REFERENCES environment (id),
  actor        TEXT    NOT NULL,
  key          TEXT    NOT NULL,
  request      BLOB    NOT NULL,
  revision     INTEGER NOT NULL,
  changed      INTEGER NOT NULL,
  subject_kind TEXT    NOT NULL,
  subject_id   INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  PRIMARY KEY (environment, actor, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (at);
)sql";

constexpr std::array<const char*, 1> kMigrations{kFirst};

}  // namespace

std::span<const char* const> migrations() noexcept { return kMigrations; }

Result<void> migrate(Database& database) {
  auto transaction = Transaction::begin(database, "BEGIN IMMEDIATE");
  if (!transaction) return tl::unexpected(transaction.error());
  const auto version = database.query_integer("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  const auto application = database.query_integer("PRAGMA application_id");
  if (!application) return tl::unexpected(application.error());
  const auto tables = database.query_integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tl::unexpected(tables.error());
  const auto known = static_cast<std::int64_t>(kMigrations.size());
  if (*application != kApplicationId && (*tables > 0 || *version != 0))
    return fail(Errc::internal, "togglecast.db in the data folder belongs to another program");
  if (*version > known) {
    return fail(Errc::unavailable, "the data was written by a newer Togglecast (schema " +
                                       std::to_string(*version) + ", this program knows " +
                                       std::to_string(known) +
                                       "); start the newer one, or restore a backup of before the upgrade");
  }
  if (*version == known) return {};
  for (auto step = *version; step < known; ++step) {
    if (auto done = database.execute(kMigrations[static_cast<std::size_t>(step)]); !done)
      return tl::unexpected(done.error());
  }
  const std::string mark = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                           "; PRAGMA user_version = " + std::to_string(known);
  if (auto done = database.execute(mark.c_str()); !done) return tl::unexpected(done.error());
  return transaction->commit();
}

}  // namespace togglecast::storage::sqlite
