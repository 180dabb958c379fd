// The owner's first password: chosen once, told once, and forgotten when it is changed.
//
// It comes from TOGGLECAST_OWNER_PASSWORD; else it is random, and shown on the terminal, or, when nobody
// looks on, written to `first-login` in the data folder. It is never logged. Thread rule: one thread; the
// file is removed on the writer's.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "service/application.hpp"

namespace togglecast::app {

class FirstLogin {
 public:
  enum class Told : std::uint8_t {
    not_now,      ///< the account is older than this start
    by_variable,  ///< whoever set TOGGLECAST_OWNER_PASSWORD knows it
    on_terminal,
    in_file
  };

  /// `on_terminal`: somebody reads what is printed.
  FirstLogin(const std::filesystem::path& data, bool on_terminal, RandomSource& random)
      : path_(data / "first-login"), on_terminal_(on_terminal), random_(random) {}

  /// For `ApplicationOptions::first_owner_password`. `variable` is the value of TOGGLECAST_OWNER_PASSWORD or
  /// nullptr.
  [[nodiscard]] Result<Secret> choose(const char* variable);

  /// Removes the file now if the owner's password has been changed, or, while what is returned is kept, as
  /// soon as it is.
  [[nodiscard]] changes::ChangeFeed::Subscription watch(service::Application& application) const;

  [[nodiscard]] Told told() const noexcept { return told_; }
  /// What was shown on the terminal.
  [[nodiscard]] const Secret& password() const noexcept { return password_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// The file is there, so its password is the one that counts.
  [[nodiscard]] bool file_stands() const;

 private:
  [[nodiscard]] Result<void> write_down(const Secret& password) const;
  void remove() const;

  std::filesystem::path path_;
  bool on_terminal_;
  RandomSource& random_;
  Told told_ = Told::not_now;
  Secret password_;
};

}  // namespace togglecast::app
