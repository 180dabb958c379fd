// Where commands that log in find a password. Thread rule: the main thread; may ask on the terminal.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace togglecast::app {

struct FoundPassword {
  Secret text;
  std::string source;  ///< for messages
};

/// In this order: the first line of `file` if it is not empty, TOGGLECAST_OWNER_PASSWORD, `first-login` or
/// `owner-login` in the folder `data`, the terminal. `invalid_argument` when there is none.
[[nodiscard]] Result<FoundPassword> find_password(const std::string& file, const std::filesystem::path& data,
                                                  const std::string& username);

/// Keeps a password for commands to come, as `owner-login` in the folder `data`, for the owner of the file
/// alone. In two steps, because a change of the password removes the file: `prepare` before it, `keep` after
/// it.
class KeptPassword {
 public:
  explicit KeptPassword(const std::filesystem::path& data)
      : path_(data / "owner-login"), draft_(data / "owner-login.new") {}

  [[nodiscard]] Result<void> prepare(const std::string& username, const Secret& password) const;
  [[nodiscard]] Result<void> keep() const;
  void forget() const noexcept;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  std::filesystem::path draft_;
};

/// The first line that begins with `label`, without it.
[[nodiscard]] Result<Secret> line_of_file(const std::filesystem::path& path, std::string_view label);

}  // namespace togglecast::app
