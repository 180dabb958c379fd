#include "storage/sqlite/file_identity_guard.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace togglecast::storage::sqlite {
namespace {

std::int64_t change_of(const struct stat& status) {
  return std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec;
}

}  // namespace

Result<FileIdentityGuard> FileIdentityGuard::at(std::filesystem::path path, std::string advice) {
  FileIdentityGuard file(std::move(path), std::move(advice));
  struct stat status {};
  if (::stat(file.path_.c_str(), &status) != 0)
    return fail(Errc::unavailable, "cannot look at " + file.path_.string() + ": " + std::strerror(errno));
  file.device_ = status.st_dev;
  file.inode_ = status.st_ino;
  file.changed_at_ = change_of(status);
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  return file;
}

Result<void> FileIdentityGuard::check() {
  struct stat status {};
  const bool found = ::stat(path_.c_str(), &status) == 0;
  if (!found && errno != ENOENT && errno != ENOTDIR) return {};  // no access: the file may well be there
  if (!found || status.st_dev != device_ || status.st_ino != inode_)
    return fail(Errc::unavailable, path_.string() + " was " + (found ? "replaced" : "moved or deleted") +
                                       " while it is in use, so no change can be written: " + advice_);
  changed_at_ = change_of(status);
  size_ = static_cast<std::uint64_t>(status.st_size);
  return {};
}

}  // namespace togglecast::storage::sqlite
