// The folder with all data of an installation. One process owns it at a time.
// Thread rule: opened and dropped by one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace togglecast::storage::sqlite {

class DataFolder {
 public:
  /// Makes the folder with mode 0700 if it is missing and locks it. `conflict` names the process that uses
  /// it; `unavailable` says why it cannot be used: for example because other users may write it, or because a
  /// file in it is a symbolic link, which another user may have put there.
  [[nodiscard]] static Result<DataFolder> open(const std::filesystem::path& path);
  /// Removes our files, and the folder if `folder_too`. Not the files of others, and nothing if another
  /// process uses the folder by now. Returns whether there was something to remove.
  static bool discard(const std::filesystem::path& path, bool folder_too);
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&&) = delete;
  ~DataFolder();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::filesystem::path database() const { return path_ / "togglecast.db"; }
  /// Changes that are not in the database file yet.
  [[nodiscard]] std::filesystem::path wal() const { return path_ / "togglecast.db-wal"; }
  /// An unfinished database: empty after `start_new_file`; `keep_new_file` renames it to `database()`.
  [[nodiscard]] std::filesystem::path new_database() const { return path_ / "togglecast.db.new"; }
  [[nodiscard]] Result<void> start_new_file() const;
  [[nodiscard]] Result<void> keep_new_file() const;

  /// Differs between the database file and each copy: the inode and, if the file system has it, the time of
  /// creation.
  [[nodiscard]] Result<std::string> database_identity() const;

  /// The numbers of the lives that left a file in the folder: of the last process, and of one that a file
  /// copied over this one ended. A file name stays when a backup is copied over the contents of the folder.
  [[nodiscard]] std::vector<std::int64_t> lives() const;
  [[nodiscard]] Result<void> begin_life(std::int64_t life) const;
  void end_lives_except(std::int64_t life) const;

  /// Renames the write-ahead log, so that SQLite does not find it. Returns its new path.
  [[nodiscard]] Result<std::filesystem::path> set_wal_aside() const;

  /// Makes `name` with mode 0600 if it is missing, and removes all rights of other users.
  [[nodiscard]] Result<void> ensure_private_file(std::string_view name) const;

 private:
  explicit DataFolder(std::filesystem::path path) noexcept : path_(std::move(path)) {}

  std::filesystem::path path_;
  int lock_ = -1;
  int folder_ = -1;  // locked too, if possible: this lock cannot be deleted
};

}  // namespace togglecast::storage::sqlite
