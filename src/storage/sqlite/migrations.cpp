#include "storage/sqlite/migrations.hpp"

#include <array>
#include <string>

#include "storage/schema_version.hpp"

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

// Columns and indexes for searches in the activity feed, filled from the rows of the log. The rows do not
// change. `type` and `text` equal domain::type_of and domain::searched_text of the op.
constexpr const char* kSecond = R"sql(
ALTER TABLE change_log ADD COLUMN actor_name TEXT NOT NULL DEFAULT '';
ALTER TABLE change_log ADD COLUMN source TEXT NOT NULL DEFAULT '';
UPDATE change_log SET actor_name = coalesce(json_extract(actor, '$.name'), ''),
                      source = coalesce(json_extract(actor, '$.source'), '');
CREATE INDEX change_log_by_actor ON change_log (environment, actor_name, revision);
CREATE INDEX change_log_by_source ON change_log (environment, source, revision);
CREATE INDEX change_log_by_time ON change_log (environment, at, revision);

ALTER TABLE change_log_entity ADD COLUMN type TEXT NOT NULL DEFAULT 'update';
ALTER TABLE change_log_entity ADD COLUMN text TEXT NOT NULL DEFAULT '';
CREATE INDEX change_log_entity_by_revision ON change_log_entity (environment, revision);
CREATE INDEX change_log_entity_by_type ON change_log_entity (environment, type, revision);

CREATE TEMP TABLE old_op AS
SELECT l.environment, l.revision, json_extract(o.value, '$.entity') AS kind, json_extract(o.value, '$.id') AS id,
       json_extract(o.value, '$.before') AS was, json_extract(o.value, '$.after') AS now
FROM change_log l, json_each(l.change, '$.ops') o;
CREATE INDEX temp.old_op_by_entity ON old_op (environment, kind, id, revision);
UPDATE change_log_entity SET
  type = CASE
    WHEN o.was IS NULL THEN 'create'
    WHEN o.now IS NULL THEN 'delete'
    WHEN json_remove(o.was, '$.revision', '$.updated_at', '$.enabled', '$.active')
       = json_remove(o.now, '$.revision', '$.updated_at', '$.enabled', '$.active')
     AND (json_extract(o.was, '$.enabled') IS NOT json_extract(o.now, '$.enabled')
       OR json_extract(o.was, '$.active') IS NOT json_extract(o.now, '$.active')) THEN 'toggle'
    ELSE 'update' END,
  text = ltrim(coalesce(json_extract(coalesce(o.now, o.was), '$.name'), '') || char(10) ||
    coalesce(json_extract(coalesce(o.now, o.was), '$.key'), json_extract(coalesce(o.now, o.was), '$.jti'),
             json_extract(coalesce(o.now, o.was), '$.username'), json_extract(coalesce(o.now, o.was), '$.kid'), '') ||
    CASE WHEN o.was IS NOT NULL AND o.now IS NOT NULL
              AND json_extract(o.was, '$.name') <> json_extract(o.now, '$.name')
         THEN char(10) || json_extract(o.was, '$.name') ELSE '' END, char(10))
FROM old_op o
WHERE o.environment = change_log_entity.environment AND o.kind = change_log_entity.kind
  AND o.id = change_log_entity.id AND o.revision = change_log_entity.revision;
DROP TABLE old_op;
)sql";

// The identity of the file at its last opening, to notice a copy: see SqliteHealth::origin.
constexpr const char* kThird = "CREATE TABLE place (file TEXT NOT NULL) STRICT;";

// The steps of the file and of the write-ahead log, to notice a log that is not its own: see wal_proof.hpp.
constexpr const char* kFourth = R"sql(
ALTER TABLE place ADD COLUMN life INTEGER NOT NULL DEFAULT 0;
ALTER TABLE place ADD COLUMN step INTEGER NOT NULL DEFAULT 0;
ALTER TABLE place ADD COLUMN base_life INTEGER NOT NULL DEFAULT 0;
ALTER TABLE place ADD COLUMN base_step INTEGER NOT NULL DEFAULT 0;
)sql";

// `type` of old ops as domain::type_of has it: an op is a toggle when it flips the switch, whatever else it
// changes.
constexpr const char* kFifth = R"sql(
CREATE TEMP TABLE flip AS
SELECT l.environment, l.revision, json_extract(o.value, '$.entity') AS kind, json_extract(o.value, '$.id') AS id
FROM change_log l, json_each(l.change, '$.ops') o
WHERE json_extract(o.value, '$.before') IS NOT NULL AND json_extract(o.value, '$.after') IS NOT NULL
  AND (json_extract(o.value, '$.before.enabled') <> json_extract(o.value, '$.after.enabled')
    OR json_extract(o.value, '$.before.available') <> json_extract(o.value, '$.after.available')
    OR json_extract(o.value, '$.before.active') <> json_extract(o.value, '$.after.active'));
CREATE INDEX temp.flip_by_entity ON flip (environment, kind, id, revision);
UPDATE change_log_entity SET type = 'toggle'
FROM flip f
WHERE f.environment = change_log_entity.environment AND f.kind = change_log_entity.kind
  AND f.id = change_log_entity.id AND f.revision = change_log_entity.revision;
DROP TABLE flip;
)sql";

// The head that the oldest kept row of a log follows, once older rows were removed. `log_bytes`: the bytes of
// the actors and changes of the kept rows.
constexpr const char* kSixth = R"sql(
CREATE TABLE log_anchor (
  environment INTEGER PRIMARY KEY REFERENCES environment (id),
  epoch       INTEGER NOT NULL,
  revision    INTEGER NOT NULL,
  digest      BLOB    NOT NULL,
  at          INTEGER NOT NULL
) STRICT;
ALTER TABLE environment ADD COLUMN log_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE environment SET log_bytes = (
  SELECT coalesce(sum(length(CAST(l.actor AS BLOB)) + length(CAST(l.change AS BLOB))), 0)
  FROM change_log l WHERE l.environment = environment.id);
)sql";

// Assets: the bytes once, by their SHA-256 in hex; the assets that each environment keeps, with the newest
// revision whose row names them; and the entities that have them. The foreign keys let no reference dangle.
// Bytes stand last, so that their size is read without them.
constexpr const char* kSeventh = R"sql(
CREATE TABLE asset_content (
  sha256 TEXT    NOT NULL UNIQUE,
  size   INTEGER NOT NULL,
  bytes  BLOB    NOT NULL
) STRICT;

CREATE TABLE asset (
  environment INTEGER NOT NULL REFERENCES environment (id),
  sha256      TEXT    NOT NULL REFERENCES asset_content (sha256),
  size        INTEGER NOT NULL,
  named       INTEGER NOT NULL,
  type        TEXT    NOT NULL,
  PRIMARY KEY (environment, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_by_named ON asset (environment, named);
CREATE INDEX asset_by_bytes ON asset (sha256);

CREATE TABLE asset_holder (
  environment INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  id          INTEGER NOT NULL,
  sha256      TEXT    NOT NULL,
  PRIMARY KEY (environment, kind, id, sha256),
  FOREIGN KEY (environment, sha256) REFERENCES asset (environment, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_holder_by_bytes ON asset_holder (environment, sha256);
)sql";

// Messages that want an acknowledgement: see storage/messages.hpp. `changed` is the number in the sequence at
// which a row changed last; 0 for a delivery, which nobody follows. Times that have not come are 0.
constexpr const char* kMessages = R"sql(
CREATE TABLE message_counter (last INTEGER NOT NULL) STRICT;
INSERT INTO message_counter (last) VALUES (0);

CREATE TABLE message (
  number       INTEGER PRIMARY KEY,
  changed      INTEGER NOT NULL,
  environment  INTEGER NOT NULL REFERENCES environment (id),
  id           TEXT    NOT NULL UNIQUE,
  event        TEXT    NOT NULL,
  audience     TEXT    NOT NULL,
  payload      TEXT    NOT NULL,
  ack          TEXT    NOT NULL,
  retry        INTEGER NOT NULL,
  sender       TEXT    NOT NULL,
  addressed    INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  withdrawn_at INTEGER NOT NULL DEFAULT 0,
  settled_at   INTEGER NOT NULL DEFAULT 0,
  one_receiver INTEGER NOT NULL,
  bytes        INTEGER NOT NULL,
  actor        TEXT    NOT NULL,
  key          TEXT    NOT NULL,
  request      BLOB    NOT NULL
) STRICT;
CREATE INDEX message_by_change ON message (changed);
CREATE INDEX message_by_environment ON message (environment, number);
CREATE INDEX message_by_key ON message (environment, actor, key) WHERE key <> '';
CREATE INDEX message_alive ON message (environment, expires_at, bytes) WHERE withdrawn_at = 0 AND settled_at = 0;

CREATE TABLE message_receipt (
  message         INTEGER NOT NULL REFERENCES message (number),
  receiver        INTEGER NOT NULL,
  connection      TEXT    NOT NULL,
  delivered_at    INTEGER NOT NULL,
  acknowledged_at INTEGER NOT NULL,
  changed         INTEGER NOT NULL,
  PRIMARY KEY (message, receiver, connection)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_receipt_by_change ON message_receipt (changed) WHERE changed > 0;
)sql";

// Has a row while an import is not finished: see storage/transfer.hpp.
constexpr const char* kTransfer = "CREATE TABLE unfinished_import (origin TEXT NOT NULL) STRICT;";

// When sessions and API keys were used last: see storage/usage.hpp. Times that have not come are 0.
constexpr const char* kUsage = R"sql(
CREATE TABLE usage (
  environment   INTEGER NOT NULL,
  kind          TEXT    NOT NULL,
  id            INTEGER NOT NULL,
  used_at       INTEGER NOT NULL,
  generation    INTEGER NOT NULL DEFAULT 1,
  generation_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (environment, kind, id),
  FOREIGN KEY (environment, kind, id) REFERENCES entity (environment, kind, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
)sql";

// What was fetched from other servers for an entity: see storage/fetched.hpp.
constexpr const char* kFetched = R"sql(
CREATE TABLE fetched (
  environment INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  id          INTEGER NOT NULL,
  source      TEXT    NOT NULL,
  text        TEXT    NOT NULL,
  at          INTEGER NOT NULL,
  PRIMARY KEY (environment, kind, id),
  FOREIGN KEY (environment, kind, id) REFERENCES entity (environment, kind, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::array<const char*, 11> kMigrations{kFirst,   kSecond,   kThird,    kFourth, kFifth,  kSixth,
                                                  kSeventh, kMessages, kTransfer, kUsage,  kFetched};

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
  if (auto readable = check_schema_version(*version, known); !readable) return readable;
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
