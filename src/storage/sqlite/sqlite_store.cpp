#include "storage/sqlite/sqlite_store.hpp"

#include <optional>

#include "storage/sqlite/log_rows.hpp"
#include "storage/sqlite/migrations.hpp"
#include "storage/sqlite/sqlite_reader.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"

namespace togglecast::storage::sqlite {
namespace {

// A new database gets its name only when it is complete. So an empty file of that name is a damaged database.
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
            ": put it back or restore a backup of the folder; to start without data, choose another "
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

// Tells whether the file is a copy. If so, it raises the epochs to a number that no other copy gets.
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
  auto files = WatchedFiles::of(*folder);
  if (!files) return tl::unexpected(files.error());
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*folder), std::move(*database),
                                                      std::move(*files), options,
                                                      *copied ? Origin::copied : Origin::same));
}

Result<void> SqliteStore::create_environment(const std::string& key, const Sha256& genesis, UnixMillis at) {
  if (!domain::is_key(key)) return fail_field("/key", std::string(domain::kKeyRule));
  if (environment_number(database_, key))
    return fail(Errc::already_exists, "there is already an environment " + key);
  auto statement = database_.prepare(
      "INSERT INTO environment (key, epoch, revision, digest, as_of, genesis, created_at) "
      "VALUES (?1, 1, 0, ?2, ?3, ?2, ?3)");
  if (!statement) return tl::unexpected(statement.error());
  return statement->bind(1, key).bind_blob(2, digest_bytes(genesis)).bind(3, at.value).run();
}

Result<std::unique_ptr<WriteTransaction>> SqliteStore::begin(const std::string& environment) {
  if (auto there = health_.check(); !there) return tl::unexpected(there.error());
  return SqliteTransaction::begin(database_, environment, options_.idempotency_ttl);
}

Result<std::unique_ptr<Reader>> SqliteStore::open_reader() {
  auto database = Database::open(folder_.database(), {.read_only = true});
  if (!database) return tl::unexpected(database.error());
  return std::make_unique<SqliteReader>(std::move(*database));
}

}  // namespace togglecast::storage::sqlite
