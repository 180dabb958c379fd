// A file that is open while the server runs and must stay where it is. A write into a file that was moved,
// deleted or replaced looks successful and is gone at the next start. Thread rule: that of the store.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace togglecast::storage::sqlite {

class FileIdentityGuard {
 public:
  /// `advice` tells an operator what to do when the file is gone.
  [[nodiscard]] static Result<FileIdentityGuard> at(std::filesystem::path path, std::string advice);

  /// `unavailable` when another file is in its place, or none.
  [[nodiscard]] Result<void> check();
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// In bytes, at the last `check`.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// When its content changed, in nanoseconds since 1970, at the last `check`.
  [[nodiscard]] std::int64_t changed_at() const noexcept { return changed_at_; }

 private:
  FileIdentityGuard(std::filesystem::path path, std::string advice)
      : path_(std::move(path)), advice_(std::move(advice)) {}

  std::filesystem::path path_;
  std::string advice_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::uint64_t size_ = 0;
  std::int64_t changed_at_ = 0;
};

}  // namespace togglecast::storage::sqlite
