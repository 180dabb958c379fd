// The owner's first password. The start that makes the account discloses it, once:
//
//   TOGGLECAST_OWNER_PASSWORD is set   the password is the variable's value
//   standard output is a terminal      the password is random and printed
//   otherwise                          the password is random and written to `first-login` in the data folder
//
// The file is removed when the password changes, and so is `owner-login`, where `togglecast quickstart` keeps
// the next one. The password is never logged. Thread rule: one thread; the
// writer's thread removes the file.
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
  /// How this start disclosed the password.
  enum class Disclosure : std::uint8_t {
    none,         ///< an earlier start made the account
    by_variable,  ///< the operator set TOGGLECAST_OWNER_PASSWORD
    on_terminal,
    in_file
  };

  /// `on_terminal`: standard output is a terminal.
  FirstLogin(const std::filesystem::path& data, bool on_terminal, RandomSource& random)

      : path_(data / "first-login"),
        kept_(data / "owner-login"),
        on_terminal_(on_terminal),
        random_(random) {}

  /// For `ApplicationOptions::first_owner_password`. `variable` is the value of TOGGLECAST_OWNER_PASSWORD or
  /// nullptr. Tells nobody: another node may be quicker.
  [[nodiscard]] Result<Secret> choose(const char* variable);
  /// For `ApplicationOptions::tell_first_password`: discloses what was chosen. A second call does nothing.
  [[nodiscard]] Result<void> disclose();

  /// Removes the file once the owner's password has changed: at once, or later while the subscription is
  /// kept.
  [[nodiscard]] changes::ChangeFeed::Subscription watch(service::Application& application) const;

  [[nodiscard]] Disclosure disclosure() const noexcept { return disclosure_; }
  /// The password that was chosen was made up.
  [[nodiscard]] bool is_generated() const noexcept { return !password_.empty() && !by_variable_; }
  /// The password that was chosen; else empty.
  [[nodiscard]] const Secret& password() const noexcept { return password_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// The file exists, so its password still works.
  [[nodiscard]] bool file_exists() const;

 private:
  [[nodiscard]] Result<void> write_file(const Secret& password) const;
  void remove() const;
  /// A command keeps a later password there; see quickstart/owner_password.hpp.
  void remove_kept() const;

  std::filesystem::path path_;
  std::filesystem::path kept_;
  bool on_terminal_;
  RandomSource& random_;
  Disclosure disclosure_ = Disclosure::none;
  bool by_variable_ = false;
  Secret password_;
};

}  // namespace togglecast::app
