// A file that is open while the server runs, and is to stay where it is: what is written to one that was
// moved, deleted or replaced looks written, and is gone at the next start. Thread rule: that of the store.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace togglecast::storage::sqlite {

class FileIdentityGuard {
 public:
  /// `advice` says what to do when it is not there any more.
  [[nodiscard]] static Result<FileIdentityGuard> at(std::filesystem::path path, std::string advice);

  /// `unavailable` when another file is at its place, or none.
  [[nodiscard]] Result<void> check();
  /// As it was when it was checked last.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  FileIdentityGuard(std::filesystem::path path, std::string advice)
      : path_(std::move(path)), advice_(std::move(advice)) {}

  std::filesystem::path path_;
  std::string advice_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace togglecast::storage::sqlite
