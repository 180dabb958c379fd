// The folder that holds everything an installation keeps. One process owns it at a time.
// Thread rule: opened and dropped by one thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace togglecast::storage::sqlite {

class DataFolder {
 public:
  /// Makes the folder with mode 0700 if it is missing and locks it. `conflict` names the process that holds
  /// it; `unavailable` says why it cannot be used.
  [[nodiscard]] static Result<DataFolder> open(const std::filesystem::path& path);
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&&) = delete;
  ~DataFolder();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::filesystem::path database() const { return path_ / "togglecast.db"; }

  /// What tells the database file from every copy of it: its inode and, where the file system knows, its
  /// birth.
  [[nodiscard]] Result<std::string> database_identity() const;

  /// Makes `name` with mode 0600 if it is missing, and takes the rights of others away if it has any.
  [[nodiscard]] Result<void> ensure_private_file(std::string_view name) const;

 private:
  DataFolder(std::filesystem::path path, int lock) noexcept : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;
  int lock_;
};

}  // namespace togglecast::storage::sqlite
