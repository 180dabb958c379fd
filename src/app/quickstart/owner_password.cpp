#include "app/quickstart/owner_password.hpp"

#include <cstdlib>
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

Result<FoundPassword> find_password(const std::string& file, const std::filesystem::path& data,
                                    const std::string& username) {
  if (!file.empty())
    return line_of_file(file, "").map([&](Secret text) { return FoundPassword{std::move(text), file}; });
  const char* variable = std::getenv("TOGGLECAST_OWNER_PASSWORD");
  if (variable != nullptr && *variable != '\0')
    return FoundPassword{Secret(std::string(variable)), "TOGGLECAST_OWNER_PASSWORD"};
  const auto first_login = data / "first-login";
  std::error_code ignored;
  if (std::filesystem::exists(first_login, ignored))
    return line_of_file(first_login, "password: ").map([&](Secret text) {
      return FoundPassword{std::move(text), first_login.string()};
    });
  if (can_ask())
    return ask_secret("Password of '" + username + "'").map([](Secret text) {
      return FoundPassword{std::move(text), "the terminal"};
    });
  return fail(
      Errc::invalid_argument,
      "no password: name a file with --password-file, set TOGGLECAST_OWNER_PASSWORD, or name the data "
      "folder that has the file first-login with --data");
}

}  // namespace togglecast::app
