#include "storage/sqlite/sqlite_health.hpp"

#include <string>

namespace togglecast::storage::sqlite {
namespace {

constexpr const char* kIfDatabaseIsGone =
    "put it back; or stop the server, put a backup of the folder in its place, and start again";
constexpr const char* kIfWalIsLost =
    "changes that were in it are lost; stop the server, put a backup of the folder in its place, and start "
    "again";
constexpr const char* kIfWalIsGone =
    "stop the server, which first writes all changes into the database, and start it again";

std::string cut_short(const FileIdentityGuard& file, const char* advice) {
  return file.path().string() + " was cut short while it is in use, so no change can be written: " + advice;
}

}  // namespace

Result<WatchedFiles> WatchedFiles::of(const DataFolder& folder) {
  auto database = FileIdentityGuard::at(folder.database(), kIfDatabaseIsGone);
  if (!database) return tl::unexpected(database.error());
  auto wal = FileIdentityGuard::at(folder.wal(), kIfWalIsGone);
  if (!wal) return tl::unexpected(wal.error());
  return WatchedFiles{std::move(*database), std::move(*wal)};
}

Result<void> SqliteHealth::check() {
  if (auto there = files_.database.check(); !there) return there;
  if (files_.database.size() == 0)
    return fail(Errc::unavailable, cut_short(files_.database, kIfDatabaseIsGone));
  if (auto own = check_content(); !own) return own;
  const auto size = files_.wal.size();
  auto there = files_.wal.check();
  wal_is_shorter_ = wal_is_shorter_ || files_.wal.size() < size;
  if (there && !wal_is_shorter_) return {};
  // A checkpoint saves its content into the database now. If it fails, the content is lost. If another
  // program made the log shorter by a checkpoint of its own, it succeeds.
  const auto saved = database_.execute("PRAGMA wal_checkpoint");
  if (!there) return there;
  if (!saved) return fail(Errc::unavailable, cut_short(files_.wal, kIfWalIsLost));
  wal_is_shorter_ = false;
  return {};
}

// SQLite changes the file in checkpoints only, so the look at its content is rare.
Result<void> SqliteHealth::check_content() {
  if (!overwritten_ && files_.database.changed_at() == proven_at_) return {};
  if (!overwritten_) {
    const auto own = wal_.holds_own_state(database_, folder_);
    if (!own) return tl::unexpected(own.error());
    overwritten_ = !*own;
    proven_at_ = files_.database.changed_at();
  }
  if (!overwritten_) return {};
  return fail(Errc::unavailable,
              files_.database.path().string() +
                  " was overwritten with other content while it is in use, so no change can be "
                  "written: stop the server; the next start uses the new content, and sets "
                  "aside the changes that do not belong to it");
}

Result<void> SqliteHealth::probe_write() {
  if (auto there = check(); !there) return there;
  // As much as a large change takes, under a key that no request has, and so old that it is forgotten anyway.
  auto transaction = Transaction::begin(database_, "BEGIN IMMEDIATE");
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto noted = wal_.note_base(database_); !noted) return noted;
  if (auto counted = count_step(database_); !counted) return counted;
  for (const char* step : {"INSERT OR REPLACE INTO idempotency "
                           "SELECT id, '', '', zeroblob(131072), 0, 0, '', 0, 0 FROM environment LIMIT 1",
                           "DELETE FROM idempotency WHERE actor = '' AND key = ''"})
    if (auto done = database_.execute(step); !done) return done;
  return transaction->commit();
}

}  // namespace togglecast::storage::sqlite
