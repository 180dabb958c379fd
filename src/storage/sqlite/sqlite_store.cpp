#include "storage/sqlite/sqlite_store.hpp"

#include <array>
#include <optional>

#include "base/random.hpp"
#include "storage/sqlite/asset_rows.hpp"
#include "storage/sqlite/log_rows.hpp"
#include "storage/sqlite/migrations.hpp"
#include "storage/sqlite/pruning.hpp"
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
            (changes_left
                 ? ": put the database back that they belong to; only if it is lost, move the changes away, "
                   "without deleting them, and restore a backup of the folder; to start without data, choose "
                   "another --data"
                 : ": put it back or restore a backup of the folder; to start without data, choose another "
                   "--data"));
  }
  if (exists) return folder.ensure_private_file("togglecast.db");
  if (auto made = folder.start_new_file(); !made) return made;
  {
    auto database = Database::open(folder.new_database(), {});
    if (!database) return tl::unexpected(database.error());
    if (auto ready = database->execute("PRAGMA auto_vacuum = INCREMENTAL"); !ready) return ready;
    if (auto migrated = migrate(*database); !migrated) return migrated;
  }
  return folder.keep_new_file();
}

// All changes are in the database file, and the log is empty.
bool checkpoint(Database& database) {
  const auto blocked = database.query_integer("PRAGMA wal_checkpoint(TRUNCATE)");
  return blocked.has_value() && *blocked == 0;
}

// Of the database: a copy, and the write-ahead log that has it too.
bool has_room_to_rewrite(const DataFolder& folder) {
  std::error_code error;
  const auto size = std::filesystem::file_size(folder.database(), error);
  if (error) return false;
  const auto space = std::filesystem::space(folder.path(), error);
  return !error && space.available / 3 > size;
}

std::int64_t random_life() {
  SystemRandom random;
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  std::uint64_t life = 0;
  for (const std::uint8_t byte : bytes) life = life << 8 | byte;
  return static_cast<std::int64_t>(life >> 1 | 1);
}

struct FilePlace {
  std::string file;
  std::int64_t life = 0;
};

Result<std::optional<FilePlace>> read_file_place(Database& database) {
  auto statement = database.prepare("SELECT file, life FROM place");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::nullopt;
  return FilePlace{std::string(statement->text(0)), statement->integer(1)};
}

// Whether the content is a copy of that which was here last. The file is another one then, or it has another
// life than the folder.
bool is_copy(const FilePlace& place, const std::string& identity, const std::vector<std::int64_t>& lives) {
  if (place.file != identity) return true;
  return !lives.empty() && (lives.size() > 1 || lives.front() != place.life);
}

// Begins a life in this file. A copy also gets epochs that no other copy gets.
Result<void> write_place(Database& database, const std::string& identity, std::int64_t life, bool copied) {
  auto transaction = Transaction::begin(database, "BEGIN IMMEDIATE");
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto there =
          database.execute("INSERT INTO place (file) SELECT '' WHERE NOT EXISTS (SELECT 1 FROM place)");
      !there)
    return there;
  auto statement =
      database.prepare("UPDATE place SET file = ?, base_life = life, base_step = step, life = ?, step = 0");
  if (!statement) return tl::unexpected(statement.error());
  if (auto noted = statement->bind(1, identity).bind(2, life).run(); !noted) return noted;
  if (copied) {
    if (auto raised = database.execute("UPDATE environment SET epoch = max(epoch + 1, unixepoch())"); !raised)
      return raised;
  }
  return transaction->commit();
}

// Returns whether the content is a copy. `whole`: all changes are in the database file, so a life can begin.
Result<bool> begin_life(Database& database, const DataFolder& folder, bool whole, bool left_changes_out) {
  const auto identity = folder.database_identity();
  if (!identity) return tl::unexpected(identity.error());
  const auto place = read_file_place(database);
  if (!place) return tl::unexpected(place.error());
  const bool copied = left_changes_out || (place->has_value() && is_copy(**place, *identity, folder.lives()));
  const std::int64_t life = random_life();
  if (whole) whole = folder.begin_life(life).has_value();
  if (whole) {
    const auto begun = write_place(database, *identity, life, copied);
    if (begun) {
      std::ignore = checkpoint(database);
      folder.end_lives_except(life);
      return copied;
    }
    if (place->has_value()) folder.end_lives_except((*place)->life);
    if (copied || !place->has_value()) return tl::unexpected(begun.error());
    return false;  // no room to write: the life before goes on, and can be read at least
  }
  if (copied || !place->has_value())
    return fail(Errc::unavailable,
                folder.database().string() +
                    " cannot be written; make room, and close other programs that have it open");
  return false;
}

Result<Database> open_whole(const DataFolder& folder, const SqliteOptions& options) {
  auto database = Database::open(folder.database(), {.max_pages = options.max_pages});
  if (!database) return database;
  if (auto mode = database->execute("PRAGMA journal_mode = WAL"); !mode) return tl::unexpected(mode.error());
  return database;
}

// A backup is no way out while the newest changes lie beside the damaged database.
Error keeping_wal(Error error, const DataFolder& folder) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(folder.wal(), missing);
  if (error.code == Errc::internal && !missing && size > 0) {
    error.message +=
        "; but keep a copy of " + folder.wal().string() +
        " first: it has changes that no backup has, and belongs to the database that was here before";
  }
  return error;
}

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::filesystem::path& path,
                                                       const SqliteOptions& options) {
  auto folder = DataFolder::open(path);
  if (!folder) return tl::unexpected(folder.error());
  if (auto there = make_if_missing(*folder); !there) return tl::unexpected(there.error());
  const auto set_aside = settle_wal(*folder);
  if (!set_aside) return tl::unexpected(set_aside.error());
  auto database = open_whole(*folder, options);
  if (!database) return tl::unexpected(keeping_wal(database.error(), *folder));
  const bool whole = checkpoint(*database);
  if (auto migrated = migrate(*database); !migrated) return tl::unexpected(migrated.error());
  if (whole && has_room_to_rewrite(*folder)) prepare_to_give_back(*database);
  const auto copied = begin_life(*database, *folder, whole && checkpoint(*database), set_aside->has_value());
  if (!copied) return tl::unexpected(copied.error());
  auto files = WatchedFiles::of(*folder);
  if (!files) return tl::unexpected(files.error());
  return std::unique_ptr<SqliteStore>(
      new SqliteStore(std::move(*folder), std::move(*database), std::move(*files), options,
                      *copied ? Origin::copied : Origin::same, set_aside->value_or(std::filesystem::path{})));
}

SqliteStore::~SqliteStore() {
  // The last look: a backup that was written into the file a moment ago must not get the changes of this
  // store.
  if (const auto there = health_.check(); !there && health_.overwritten()) database_.keep_wal();
}

Result<void> SqliteStore::create_environment(const std::string& key, const Sha256& genesis, UnixMillis at) {
  if (!domain::is_key(key)) return fail_field("/key", std::string(domain::kKeyRule));
  if (environment_number(database_, key))
    return fail(Errc::already_exists, "there is already an environment " + key);
  auto transaction = begin_counted();
  if (!transaction) return tl::unexpected(transaction.error());
  auto statement = database_.prepare(
      "INSERT INTO environment (key, epoch, revision, digest, as_of, genesis, created_at) "
      "VALUES (?1, 1, 0, ?2, ?3, ?2, ?3)");
  if (!statement) return tl::unexpected(statement.error());
  if (auto made = statement->bind(1, key).bind_blob(2, digest_bytes(genesis)).bind(3, at.value).run(); !made)
    return made;
  return transaction->commit();
}

Result<Transaction> SqliteStore::begin_counted() {
  auto transaction = Transaction::begin(database_, "BEGIN IMMEDIATE");
  if (!transaction) return transaction;
  if (auto noted = health_.wal().note_base(database_); !noted) return tl::unexpected(noted.error());
  if (auto counted = count_step(database_); !counted) return tl::unexpected(counted.error());
  return transaction;
}

Result<Transaction> SqliteStore::begin_checked() {
  if (auto there = health_.check(); !there) return tl::unexpected(there.error());
  return begin_counted();
}

Result<std::unique_ptr<WriteTransaction>> SqliteStore::begin(const std::string& environment) {
  if (auto there = health_.check(); !there) return tl::unexpected(there.error());
  auto transaction = SqliteTransaction::begin(database_, environment, options_.idempotency_ttl, &leases_);
  if (!transaction) return transaction;
  if (auto noted = health_.wal().note_base(database_); !noted) return tl::unexpected(noted.error());
  return transaction;
}

namespace {

// Whether the log has that row, or its head; a row that is no longer kept counts as there.
Result<bool> has_head(Database& database, std::int64_t environment, const domain::Head& head) {
  const auto anchor = read_anchor(database, environment);
  if (!anchor) return tl::unexpected(anchor.error());
  if (head.revision < anchor->revision) return true;
  if (head.revision == anchor->revision) return head.digest == anchor->digest;
  auto statement = database.prepare("SELECT digest FROM change_log WHERE environment = ? AND revision = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).bind(2, head.revision).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return false;
  return read_digest(*statement, 0).map([&](const Sha256& digest) { return digest == head.digest; });
}

}  // namespace

Result<bool> SqliteStore::raise_epoch(const std::string& environment, const domain::Head& lost) {
  auto transaction = begin_checked();
  if (!transaction) return tl::unexpected(transaction.error());
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  std::int64_t epoch = 0;
  {
    auto statement = database_.prepare("SELECT epoch FROM environment WHERE id = ?");
    if (!statement) return tl::unexpected(statement.error());
    if (const auto found = statement->bind(1, *number).step(); !found) return tl::unexpected(found.error());
    epoch = statement->integer(0);
  }
  if (epoch > lost.epoch) return false;
  auto there = has_head(database_, *number, lost);
  if (!there) return there;
  if (*there && epoch == lost.epoch) return false;
  {
    auto statement = database_.prepare("UPDATE environment SET epoch = max(?, unixepoch()) WHERE id = ?");
    if (!statement) return tl::unexpected(statement.error());
    if (auto raised = statement->bind(1, lost.epoch + 1).bind(2, *number).run(); !raised)
      return tl::unexpected(raised.error());
  }
  return transaction->commit().map([] { return true; });
}

Result<Pruned> SqliteStore::prune_log(const std::string& environment, domain::Revision until,
                                      const PruneBounds& bounds) {
  if (bounds.fence) {
    if (auto held = leases_.check(*bounds.fence); !held) return tl::unexpected(held.error());
  }
  auto transaction = begin_checked();
  if (!transaction) return tl::unexpected(transaction.error());
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  auto pruned = prune_step(database_, *number, until, bounds);
  if (!pruned) return pruned;
  if (auto done = transaction->commit(); !done) return tl::unexpected(done.error());
  return pruned;
}

Result<bool> SqliteStore::give_back_space() {
  auto wanted = has_space_to_give_back(database_);
  if (!wanted || !*wanted) return wanted;
  if (auto there = health_.check(); !there) return tl::unexpected(there.error());
  auto transaction = begin_counted();
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto given = give_back_step(database_); !given) return tl::unexpected(given.error());
  if (auto done = transaction->commit(); !done) return tl::unexpected(done.error());
  return has_space_to_give_back(database_);
}

Result<std::size_t> SqliteStore::collect_assets(const std::string& environment, std::size_t most) {
  const auto number = environment_number(database_, environment);
  if (!number) return tl::unexpected(number.error());
  const auto waiting = unused_assets(database_, *number, 1);  // most often none: then nothing is written
  if (!waiting) return tl::unexpected(waiting.error());
  if (waiting->empty()) return 0;
  if (auto there = health_.check(); !there) return tl::unexpected(there.error());
  auto transaction = begin_counted();
  if (!transaction) return tl::unexpected(transaction.error());
  const auto unused = unused_assets(database_, *number, most);
  if (!unused) return tl::unexpected(unused.error());
  for (const std::string& sha256 : *unused)
    if (auto done = remove_asset(database_, *number, sha256); !done) return tl::unexpected(done.error());
  if (auto done = transaction->commit(); !done) return tl::unexpected(done.error());
  return unused->size();
}

Result<std::unique_ptr<Reader>> SqliteStore::open_reader() {
  auto database = Database::open(folder_.database(), {.read_only = true});
  if (!database) return tl::unexpected(database.error());
  return std::make_unique<SqliteReader>(std::move(*database), options_.idempotency_ttl);
}

}  // namespace togglecast::storage::sqlite
