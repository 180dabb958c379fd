#include "storage/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <optional>

#include "storage/sqlite/log_rows.hpp"
#include "storage/sqlite/migrations.hpp"
#include "storage/sqlite/sqlite_reader.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"

namespace togglecast::storage::sqlite {
namespace {

Result<std::vector<domain::StoredEntity>> read_entities(Database& database, std::int64_t environment) {
  auto statement =
      database.prepare("SELECT kind, id, body FROM entity WHERE environment = ? ORDER BY kind, id");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment);
  std::vector<domain::StoredEntity> entities;
  for (;;) {
    const auto more = statement->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return entities;
    const auto kind = domain::parse_kind(statement->text(0));
    if (!kind)
      return fail(Errc::internal, "stored entity of unknown kind " + std::string(statement->text(0)));
    auto body = json::parse(statement->text(2), {.depth = 64});
    if (!body) return fail(Errc::internal, "stored body is damaged: " + body.error().message);
    entities.push_back({*kind, statement->integer(1), std::move(*body)});
  }
}

Result<void> check_chain(const domain::Head& before, const std::vector<domain::LogRow>& rows,
                         const domain::Head& head) {
  domain::Head at = before;
  for (const auto& row : rows) {
    if (auto ok = domain::check_follows(at, row); !ok) return ok;
    at = row.head;
  }
  if (at.revision != head.revision || at.digest != head.digest || at.epoch > head.epoch)
    return fail(Errc::internal, "the change log does not end where its environment says; restore a backup");
  return {};
}

constexpr const char* kIfDatabaseIsGone =
    "put it back; or stop the server, put a backup of the folder in its place, and start again";
constexpr const char* kIfWalIsLost =
    "changes that it held are lost; stop the server, put a backup of the folder in its place, and start "
    "again";
constexpr const char* kIfWalIsGone =
    "stop the server, which first brings all changes into the database, and start it again";

std::string cut_short(const std::filesystem::path& path, const char* advice) {
  return path.string() + " was cut short while it is in use, so nothing is written any more: " + advice;
}

// A database comes into being as a whole, under its own name only when it is one: an empty file there is what
// is left of one.
Result<void> make_if_missing(const DataFolder& folder) {
  std::error_code error;
  const bool exists = std::filesystem::exists(folder.database(), error);
  const bool empty = exists && std::filesystem::is_regular_file(folder.database(), error) &&
                     std::filesystem::file_size(folder.database(), error) == 0;
  const auto left = std::filesystem::file_size(folder.wal(), error);
  const bool changes_left = !error && left > 0;
  if (empty || (!exists && changes_left)) {
    return fail(
        Errc::internal,
        folder.database().string() + (empty ? " is empty" : " is gone") +
            (changes_left ? ", while the changes beside it, in " + folder.wal().string() + ", are there"
                          : "") +
            ": put it back or restore a backup of the folder; to begin with nothing, choose another "
            "--data");
  }
  if (exists) return folder.ensure_private_file("togglecast.db");
  if (auto made = folder.start_new_file(); !made) return made;
  {
    auto database = Database::open(folder.new_database(), {});
    if (!database) return tl::unexpected(database.error());
    if (auto migrated = migrate(*database); !migrated) return migrated;
  }
  return folder.keep_new_file();
}

// Whether the file is a copy; if so the epochs are raised, to a number that no other copy comes to.
Result<bool> notice_copy(Database& database, const std::string& identity) {
  auto transaction = Transaction::begin(database, "BEGIN IMMEDIATE");
  if (!transaction) return tl::unexpected(transaction.error());
  std::optional<std::string> known;
  {
    auto statement = database.prepare("SELECT file FROM place");
    if (!statement) return tl::unexpected(statement.error());
    const auto found = statement->step();
    if (!found) return tl::unexpected(found.error());
    if (*found) known = statement->text(0);
  }
  if (known == identity) return false;
  if (auto forgotten = database.execute("DELETE FROM place"); !forgotten)
    return tl::unexpected(forgotten.error());
  auto statement = database.prepare("INSERT INTO place (file) VALUES (?)");
  if (!statement) return tl::unexpected(statement.error());
  if (auto noted = statement->bind(1, identity).run(); !noted) return tl::unexpected(noted.error());
  if (known) {
    if (auto raised = database.execute("UPDATE environment SET epoch = max(epoch + 1, unixepoch())"); !raised)
      return tl::unexpected(raised.error());
  }
  if (auto committed = transaction->commit(); !committed) return tl::unexpected(committed.error());
  return known.has_value();
}

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::filesystem::path& path,
                                                       const SqliteOptions& options) {
  auto folder = DataFolder::open(path);
  if (!folder) return tl::unexpected(folder.error());
  if (auto there = make_if_missing(*folder); !there) return tl::unexpected(there.error());
  auto database = Database::open(folder->database(), {.max_pages = options.max_pages});
  if (!database) return tl::unexpected(database.error());
  if (auto mode = database->execute("PRAGMA journal_mode = WAL"); !mode) return tl::unexpected(mode.error());
  if (auto migrated = migrate(*database); !migrated) return tl::unexpected(migrated.error());
  const auto identity = folder->database_identity();
  if (!identity) return tl::unexpected(identity.error());
  const auto copied = notice_copy(*database, *identity);
  if (!copied) return tl::unexpected(copied.error());
  auto file = FileIdentityGuard::at(folder->database(), kIfDatabaseIsGone);
  if (!file) return tl::unexpected(file.error());
  auto wal = FileIdentityGuard::at(folder->wal(), kIfWalIsGone);
  if (!wal) return tl::unexpected(wal.error());
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*folder), std::move(*database),
                                                      std::move(*file), std::move(*wal), options, *copied));
}

Result<std::vector<Environment>> SqliteStore::environments() {
  auto statement =
      database_.prepare("SELECT key, epoch, revision, as_of, digest FROM environment ORDER BY id");
  if (!statement) return tl::unexpected(statement.error());
  std::vector<Environment> found;
  for (;;) {
    const auto more = statement->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return found;
    const auto digest = read_digest(*statement, 4);
    if (!digest) return tl::unexpected(digest.error());
    found.push_back({std::string(statement->text(0)),
                     {statement->integer(1), statement->integer(2), *digest, {statement->integer(3)}}});
  }
}

Result<void> SqliteStore::create_environment(const std::string& key, const Sha256& genesis, UnixMillis at) {
  if (!domain::is_key(key)) return fail_field("/key", "must be a slug");
  if (environment_number(database_, key))
    return fail(Errc::already_exists, "there is already an environment " + key);
  auto statement = database_.prepare(
      "INSERT INTO environment (key, epoch, revision, digest, as_of, genesis, created_at) "
      "VALUES (?1, 1, 0, ?2, ?3, ?2, ?3)");
  if (!statement) return tl::unexpected(statement.error());
  return statement->bind(1, key).bind_blob(2, digest_bytes(genesis)).bind(3, at.value).run();
}

Result<domain::Head> SqliteStore::head_before(std::int64_t environment, domain::Revision revision) {
  auto statement = database_.prepare(
      "SELECT 1, 0, genesis, created_at FROM environment WHERE id = ?1 AND ?2 = 0 "
      "UNION ALL SELECT epoch, revision, digest, at FROM change_log WHERE environment = ?1 AND revision = "
      "?2");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).bind(2, revision - 1).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Errc::internal, "the change log misses revision " + std::to_string(revision - 1));
  const auto digest = read_digest(*statement, 2);
  if (!digest) return tl::unexpected(digest.error());
  return domain::Head{statement->integer(0), statement->integer(1), *digest, {statement->integer(3)}};
}

Result<Loaded> SqliteStore::load(const std::string& environment, std::size_t recent) {
  auto transaction = Transaction::begin(database_, "BEGIN");
  if (!transaction) return tl::unexpected(transaction.error());
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  const auto all = environments();
  if (!all) return tl::unexpected(all.error());
  const auto found =
      std::find_if(all->begin(), all->end(), [&](const Environment& one) { return one.key == environment; });
  const domain::Head head = found->head;
  auto entities = read_entities(database_, *number);
  if (!entities) return tl::unexpected(entities.error());

  Loaded loaded;
  const auto first = std::max<domain::Revision>(1, head.revision - static_cast<domain::Revision>(recent) + 1);
  auto statement = database_.prepare("SELECT " TOGGLECAST_LOG_COLUMNS
                                     " FROM change_log l JOIN environment e ON e.id = l.environment "
                                     "WHERE l.environment = ? AND l.revision >= ? ORDER BY l.revision");
  if (!statement) return tl::unexpected(statement.error());
  auto rows = read_rows(statement->bind(1, *number).bind(2, first));
  if (!rows) return tl::unexpected(rows.error());
  loaded.recent = std::move(*rows);
  const auto before = head_before(*number, first);
  if (!before) return tl::unexpected(before.error());
  loaded.before = *before;
  if (auto ok = check_chain(loaded.before, loaded.recent, head); !ok) return tl::unexpected(ok.error());

  auto snapshot = domain::assemble(environment, head, std::move(*entities));
  if (!snapshot) return fail(Errc::internal, "the stored state is damaged: " + snapshot.error().message);
  loaded.snapshot = std::move(*snapshot);
  return loaded;
}

Result<std::unique_ptr<WriteTransaction>> SqliteStore::begin(const std::string& environment) {
  if (auto there = in_place(); !there) return tl::unexpected(there.error());
  return SqliteTransaction::begin(database_, environment, options_.idempotency_ttl);
}

Result<std::unique_ptr<Reader>> SqliteStore::open_reader() {
  auto database = Database::open(folder_.database(), {.read_only = true});
  if (!database) return tl::unexpected(database.error());
  return std::make_unique<SqliteReader>(std::move(*database));
}

Result<void> SqliteStore::in_place() {
  if (auto there = file_.check(); !there) return there;
  if (file_.size() == 0) return fail(Errc::unavailable, cut_short(folder_.database(), kIfDatabaseIsGone));
  const auto size = wal_.size();
  auto there = wal_.check();
  wal_is_shorter_ = wal_is_shorter_ || wal_.size() < size;
  if (there && !wal_is_shorter_) return {};
  // What it held goes into the database now. Another program may have brought it there; or it is lost.
  const auto saved = database_.execute("PRAGMA wal_checkpoint");
  if (!there) return there;
  if (!saved) return fail(Errc::unavailable, cut_short(folder_.wal(), kIfWalIsLost));
  wal_is_shorter_ = false;
  return {};
}

Result<void> SqliteStore::try_out() {
  if (auto there = in_place(); !there) return there;
  // As much as a large change takes, under a key that no request has, and so old that it is forgotten anyhow.
  for (const char* step : {"INSERT OR REPLACE INTO idempotency "
                           "SELECT id, '', '', zeroblob(131072), 0, 0, '', 0, 0 FROM environment LIMIT 1",
                           "DELETE FROM idempotency WHERE actor = '' AND key = ''"})
    if (auto done = database_.execute(step); !done) return done;
  return {};
}

}  // namespace togglecast::storage::sqlite
