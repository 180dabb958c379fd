#include "app/set_password.hpp"

#include <unistd.h>

#include <cstdio>
#include <functional>
#include <future>
#include <string_view>

#include "app/first_login.hpp"
#include "app/process/runtime.hpp"
#include "app/process/terminal.hpp"
#include "app/store_choice.hpp"
#include "app/wiring.hpp"
#include "domain/schema/environment.hpp"
#include "service/application.hpp"

namespace togglecast::app {
namespace {

int complain(const std::string& message) {
  std::fprintf(stderr, "togglecast: %s\n", message.c_str());
  return 1;
}

Result<Secret> read_new_password(const std::string& username) {
  if (!can_ask()) return read_secret_line();
  auto first = ask_secret("New password for '" + username + "'");
  if (!first) return first;
  auto second = ask_secret("Repeat the new password");
  if (!second) return second;
  if (first->reveal() != second->reveal())
    return fail(Errc::invalid_argument,
                "the two passwords differ; nothing was changed, run the command again");
  return first;
}

Result<void> write_password(service::Application& application, const std::string& username,
                            const Secret& password) {
  std::promise<Result<changes::Written>> answered;
  service::WriteOptions options;
  options.source = changes::Source::command_line;
  application.admins().set_password(
      service::Principal::server(std::string(domain::kSystemEnvironment)), username, password, options,
      [&answered](Result<changes::Written> written) { answered.set_value(std::move(written)); });
  return answered.get_future().get().map([](const changes::Written&) {});
}

Result<void> remove_factor(service::Application& application, const std::string& username) {
  const auto admin =
      application.model().current(domain::kSystemEnvironment)->find_by_key<domain::AdminUser>(username);
  if (admin == nullptr) return fail(Errc::not_found, "there is no admin '" + username + "'");
  std::promise<Result<changes::Written>> answered;
  service::WriteOptions options;
  options.source = changes::Source::command_line;
  application.second_factor().reset(
      service::Principal::server(std::string(domain::kSystemEnvironment)), admin->id, options,
      [&answered](Result<changes::Written> written) { answered.set_value(std::move(written)); });
  return answered.get_future().get().map([](const changes::Written&) {});
}

Result<bool> has_state(storage::Store& store) {
  const auto reader = store.open_reader();
  if (!reader) return tl::unexpected(reader.error());
  return (*reader)->environments().map([](const auto& environments) { return !environments.empty(); });
}

// Opens the store while no server has it, and prints what `use` did.
int change_accounts(const Settings& settings, std::string_view instead,
                    const std::function<Result<std::string>(service::Application& application)>& use) {
  const auto data = std::filesystem::absolute(settings.data);
  std::error_code ignored;
  if (settings.store.empty() && !std::filesystem::exists(data / "togglecast.db", ignored))
    return complain(data.string() + " is not a data folder of Togglecast; name the right one with --data");
  Runtime runtime({.level = observe::Level::warn});
  auto opened = open_store(settings, runtime, NodeFolder::unused);
  if (!opened && opened.error().code == Errc::conflict)
    return complain(opened.error().message + ". " + std::string(instead));
  if (!opened) return complain(opened.error().message);
  const auto there = has_state(*opened->store);
  if (!there) return complain(there.error().message);
  if (!*there)
    return complain(describe_store(settings) +
                    " has no data of Togglecast; name the right store with --store");

  FirstLogin first_login(data, ::isatty(STDOUT_FILENO) == 1, runtime.random);
  service::ApplicationOptions options;
  options.environments = {std::string(kDefaultEnvironment)};
  options.first_owner_password = [&first_login] { return first_login.choose(nullptr); };
  options.first_password_is_generated = [&first_login] { return first_login.is_generated(); };
  options.tell_first_password = [&first_login] { return first_login.disclose(); };
  auto application = service::Application::open(std::move(opened->store), options, runtime.clock,
                                                runtime.random, runtime.log, runtime.metrics);
  if (!application) return complain(application.error().message);
  const auto watching = first_login.watch(**application);

  const auto done = use(**application);
  if (!done) {
    const Error& error = done.error();
    return complain(error.details.empty() ? error.message : "the password " + error.details.front().reason);
  }
  (*application)->stop();
  std::printf("%s\n", done->c_str());
  return 0;
}

}  // namespace

int set_password(const Settings& settings, const std::string& username) {
  return change_accounts(
      settings,
      "To change a password while the server runs, send the current one with POST /api/v1/auth/password",
      [&](service::Application& application) -> Result<std::string> {
        const auto password = read_new_password(username);
        if (!password) return tl::unexpected(password.error());
        return write_password(application, username, *password).map([&] {
          return "The password of '" + username + "' has changed. All its sessions have ended; log in again.";
        });
      });
}

int reset_second_factor(const Settings& settings, const std::string& username) {
  return change_accounts(
      settings, "While the server runs, another owner sends DELETE /api/v1/admins/{id}/second-factor",
      [&](service::Application& application) {
        return remove_factor(application, username).map([&] {
          return "'" + username + "' has no second factor any more. The password alone opens the account.";
        });
      });
}

}  // namespace togglecast::app
