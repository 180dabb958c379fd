#include "storage/sqlite/data_folder.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace togglecast::storage::sqlite {
namespace {

std::string name_of(uid_t user) {
  const struct passwd* entry =
      ::getpwuid(user);  // NOLINT(concurrency-mt-unsafe): no other thread asks for users
  return entry == nullptr ? "the user with the number " + std::to_string(user) : std::string(entry->pw_name);
}

// The owner of the folder, and the user of this process.
std::string about_rights(std::filesystem::path path) {
  struct stat status {};
  while (::stat(path.c_str(), &status) != 0) {
    if (!path.has_parent_path() || path == path.parent_path()) return {};
    path = path.parent_path();
  }
  if (status.st_uid == ::geteuid()) return "; run chmod u+rwX " + path.string();
  return "; " + path.string() + " belongs to " + name_of(status.st_uid) + ", and this runs as " +
         name_of(::geteuid()) + ": run it as the owner, or choose another folder with --data";
}

tl::unexpected<Error> cannot(std::string_view action, const std::filesystem::path& path, int error) {
  std::string message = "cannot " + std::string(action) + ' ' + path.string() + ": " + std::strerror(error);
  if (error == EACCES || error == EPERM) message += about_rights(path);
  return fail(Errc::unavailable, std::move(message));
}

tl::unexpected<Error> in_use(const std::filesystem::path& path, const std::string& pid) {
  return fail(Errc::conflict, "the data folder " + path.string() + " is in use by " +
                                  (pid.empty() ? "another process" : "process " + pid) +
                                  "; stop it first or choose another folder with --data");
}

// The decimal number at the start of the lock file; empty while its owner is about to write it.
std::string read_pid(int file) {
  char text[32];
  const ssize_t length = ::pread(file, text, sizeof text, 0);
  std::string pid;
  for (ssize_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; ++i) pid += text[i];
  return pid;
}

Result<void> make_folder(const std::filesystem::path& path) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error) return cannot("make the folder", path.parent_path(), error.value());
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return cannot("make the data folder", path, errno);
  if (!std::filesystem::is_directory(path, error)) return cannot("use as data folder", path, ENOTDIR);
  return {};
}

}  // namespace

Result<DataFolder> DataFolder::open(const std::filesystem::path& path) {
  if (auto made = make_folder(path); !made) return tl::unexpected(made.error());
  DataFolder folder(path);
  const auto lock_path = path / "togglecast.lock";
  folder.lock_ = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (folder.lock_ < 0) return cannot("open", lock_path, errno);
  if (::flock(folder.lock_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return cannot("lock", lock_path, errno);
    return in_use(path, read_pid(folder.lock_));
  }
  folder.folder_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder.folder_ >= 0 && ::flock(folder.folder_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return in_use(path, {});
  const std::string pid = std::to_string(::getpid()) + '\n';
  if (::ftruncate(folder.lock_, 0) != 0 ||
      ::pwrite(folder.lock_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return cannot("write", lock_path, errno);
  return folder;
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      folder_(std::exchange(other.folder_, -1)) {}

DataFolder::~DataFolder() {
  for (const int file : {folder_, lock_})
    if (file >= 0) ::close(file);  // the lock goes with its last descriptor
}

Result<void> DataFolder::start_new_file() const {
  const std::string path = new_database().string();
  for (const char* left : {"", "-journal"}) ::unlink((path + left).c_str());
  return ensure_private_file(new_database().filename().string());
}

Result<void> DataFolder::keep_new_file() const {
  if (::rename(new_database().c_str(), database().c_str()) != 0)
    return cannot("rename", new_database(), errno);
  if (folder_ >= 0 && ::fsync(folder_) != 0 && errno != EINVAL) return cannot("write", path_, errno);
  return {};
}

Result<std::string> DataFolder::database_identity() const {
  struct statx status {};
  if (::statx(AT_FDCWD, database().c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0)
    return cannot("look at", database(), errno);
  std::string identity = std::to_string(status.stx_ino);
  if ((status.stx_mask & STATX_BTIME) != 0) {
    identity +=
        ' ' + std::to_string(status.stx_btime.tv_sec) + '.' + std::to_string(status.stx_btime.tv_nsec);
  }
  return identity;
}

Result<void> DataFolder::ensure_private_file(std::string_view name) const {
  const auto file_path = path_ / name;
  const int file = ::open(file_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return cannot("open", file_path, errno);
  struct stat status {};
  const bool too_open = ::fstat(file, &status) == 0 && (status.st_mode & 077) != 0;
  const int refused = too_open && ::fchmod(file, 0600) != 0 ? errno : 0;
  ::close(file);
  if (refused != 0) return cannot("remove the rights of other users from", file_path, refused);
  return {};
}

}  // namespace togglecast::storage::sqlite
