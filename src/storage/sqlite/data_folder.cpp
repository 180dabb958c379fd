#include "storage/sqlite/data_folder.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/clock.hpp"

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

bool is_ours(std::string_view name) {
  return name.starts_with("togglecast.") || name == "first-login" || name.starts_with("owner-login");
}

constexpr std::string_view kLifePrefix = "togglecast.life-";

// Another user who may write the folder can replace any file in it.
Result<void> check_owner(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return cannot("look at the data folder", path, errno);
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return fail(Errc::unavailable,
                "the data folder " + path.string() + " belongs to " + name_of(status.st_uid) +
                    ", and this runs as " + name_of(::geteuid()) +
                    ": run it as the owner, change the owner with chown, or choose another folder "
                    "with --data");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(Errc::unavailable, "other users may write the data folder " + path.string() +
                                       ", so they could replace the data; run chmod go-w " + path.string());
  }
  return {};
}

// Links to elsewhere would let the server write, cut short or read out files that are not its own.
Result<void> check_no_links(const std::filesystem::path& path) {
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(path, error)) {
    const std::string name = file.path().filename().string();
    if (!is_ours(name)) continue;
    if (std::filesystem::is_symlink(file.symlink_status(error))) {
      return fail(Errc::unavailable,
                  file.path().string() +
                      " is a symbolic link; put the file itself into the data folder, or choose "
                      "another folder with --data");
    }
  }
  if (error) return cannot("read the data folder", path, error.value());
  return {};
}

}  // namespace

Result<DataFolder> DataFolder::open(const std::filesystem::path& path) {
  if (auto made = make_folder(path); !made) return tl::unexpected(made.error());
  if (auto private_folder = check_owner(path); !private_folder) return tl::unexpected(private_folder.error());
  if (auto own_files = check_no_links(path); !own_files) return tl::unexpected(own_files.error());
  DataFolder folder(path);
  const auto lock_path = path / "togglecast.lock";
  folder.lock_ = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
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

bool DataFolder::discard(const std::filesystem::path& path, bool folder_too) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return false;
  const auto folder = open(path);  // locked, until all is gone
  if (!folder) return false;
  for (const auto& file : std::filesystem::directory_iterator(path, ignored)) {
    const std::string name = file.path().filename().string();
    if (is_ours(name)) ::unlink(file.path().c_str());
  }
  if (folder_too) ::rmdir(path.c_str());
  return true;
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
  if (::statx(AT_FDCWD, database().c_str(), AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &status) != 0)
    return cannot("look at", database(), errno);
  std::string identity = std::to_string(status.stx_ino);
  if ((status.stx_mask & STATX_BTIME) != 0) {
    identity +=
        ' ' + std::to_string(status.stx_btime.tv_sec) + '.' + std::to_string(status.stx_btime.tv_nsec);
  }
  return identity;
}

std::vector<std::int64_t> DataFolder::lives() const {
  std::vector<std::int64_t> lives;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(path_, ignored)) {
    const std::string name = file.path().filename().string();
    std::int64_t life = 0;
    if (!name.starts_with(kLifePrefix)) continue;
    const char* end = name.data() + name.size();
    if (std::from_chars(name.data() + kLifePrefix.size(), end, life).ptr == end) lives.push_back(life);
  }
  return lives;
}

Result<void> DataFolder::begin_life(std::int64_t life) const {
  return ensure_private_file(std::string(kLifePrefix) + std::to_string(life));
}

void DataFolder::end_lives_except(std::int64_t life) const {
  for (const std::int64_t other : lives())
    if (other != life) ::unlink((path_ / (std::string(kLifePrefix) + std::to_string(other))).c_str());
}

Result<std::filesystem::path> DataFolder::set_wal_aside() const {
  std::string stem = wal().string() + ".set-aside-";
  for (const char c : to_iso8601(SystemClock().wall_now()).substr(0, 19))
    if (c != '-' && c != ':') stem += c;
  std::string target = stem;
  std::error_code ignored;
  for (int more = 2; std::filesystem::exists(target, ignored); ++more)
    target = stem + '-' + std::to_string(more);
  if (::rename(wal().c_str(), target.c_str()) != 0) return cannot("rename", wal(), errno);
  ::unlink((path_ / "togglecast.db-shm").c_str());  // the index of that log
  if (folder_ >= 0) ::fsync(folder_);
  return std::filesystem::path(target);
}

Result<void> DataFolder::ensure_private_file(std::string_view name) const {
  const auto file_path = path_ / name;
  const int file = ::open(file_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return cannot("open", file_path, errno);
  struct stat status {};
  const bool too_open = ::fstat(file, &status) == 0 && (status.st_mode & 077) != 0;
  const int refused = too_open && ::fchmod(file, 0600) != 0 ? errno : 0;
  ::close(file);
  if (refused != 0) return cannot("remove the rights of other users from", file_path, refused);
  return {};
}

}  // namespace togglecast::storage::sqlite
