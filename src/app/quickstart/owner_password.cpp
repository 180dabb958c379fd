#include "app/quickstart/owner_password.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "app/process/terminal.hpp"

namespace togglecast::app {

Result<Secret> line_of_file(const std::filesystem::path& path, std::string_view label) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with(label)) continue;
    if (line.ends_with('\r')) line.pop_back();
    return Secret(line.substr(label.size()));
  }
  return fail(Errc::not_found, "cannot read a password from " + path.string());
}

Result<void> KeptPassword::prepare(const std::string& username, const Secret& password) const {
  forget();  // of an attempt that was interrupted
  const int file = ::open(draft_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  const Secret text("username: " + username + "\npassword: " + password.reveal() + '\n');
  const auto size = static_cast<ssize_t>(text.reveal().size());
  const bool written =
      file >= 0 && ::write(file, text.reveal().data(), text.reveal().size()) == size && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!written)
    return fail(Errc::unavailable, "cannot write the new password to " + draft_.string() + ": " +
                                       std::strerror(error) + "; nothing was changed");
  return {};
}

Result<void> KeptPassword::keep() const {
  if (::rename(draft_.c_str(), path_.c_str()) == 0) return {};
  return fail(Errc::unavailable, "the new password is in " + draft_.string() +
                                     ", which cannot be renamed: " + std::strerror(errno));
}

void KeptPassword::forget() const noexcept { ::unlink(draft_.c_str()); }

Result<FoundPassword> find_password(const std::string& file, const std::filesystem::path& data,
                                    const std::string& username) {
  if (!file.empty())
    return line_of_file(file, "").map([&](Secret text) { return FoundPassword{std::move(text), file}; });
  const char* variable = std::getenv("TOGGLECAST_OWNER_PASSWORD");
  if (variable != nullptr && *variable != '\0')
    return FoundPassword{Secret(std::string(variable)), "TOGGLECAST_OWNER_PASSWORD"};
  std::error_code ignored;
  for (const char* name : {"first-login", "owner-login"}) {
    const auto written = data / name;
    if (!std::filesystem::exists(written, ignored)) continue;
    return line_of_file(written, "password: ").map([&](Secret text) {
      return FoundPassword{std::move(text), written.string()};
    });
  }
  if (can_ask())
    return ask_secret("Password of '" + username + "'").map([](Secret text) {
      return FoundPassword{std::move(text), "the terminal"};
    });
  return fail(
      Errc::invalid_argument,
      "no password: name a file with --password-file, set TOGGLECAST_OWNER_PASSWORD, or name the data "
      "folder that has the file first-login or owner-login with --data");
}

}  // namespace togglecast::app
