#include "app/probe/probe.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "app/probe/run.hpp"
#include "app/quickstart/owner_password.hpp"

namespace togglecast::app {
namespace {

using probe::Loop;
using probe::Rest;
using probe::Run;
using probe::RunOptions;
using probe::Target;

constexpr int kWrongCommand = 2;

// Empty: none was given.
Result<Secret> token_from(const std::string& given, const std::string& file, const char* variable) {
  if (!given.empty()) return Secret(given);
  if (!file.empty()) return line_of_file(file, "");
  const char* value = std::getenv(variable);
  return value == nullptr ? Secret() : Secret(std::string(value));
}

Result<Secret> start_session(Loop& loop, const Target& target, const Settings& settings,
                             const Command& command) {
  Rest rest(loop, target);
  // Without a server, no password would help.
  if (auto there = rest.call("GET", "/api/v1/auth/methods"); !there) return tl::unexpected(there.error());
  const auto password = find_password(command.password_file, settings.data, command.username);
  if (!password) return tl::unexpected(password.error());
  const auto session = rest.call("POST", "/api/v1/auth/login",
                                 json::object{{"username", command.username},
                                              {"password", password->text.reveal()},
                                              {"environment", command.environment}});
  if (!session)
    return fail(session.error().code,
                session.error().message + " (the password is from " + password->source + ')');
  return Secret(std::string(json::string_or_empty(session->body, "token")));
}

int complain_of(const Error& error, int status) {
  std::fprintf(stderr, "togglecast: %s\n", error.message.c_str());
  return status;
}

void print_report(const Run& run, const Target& target, const Command& command, bool interrupted) {
  const auto& report = run.report();
  if (command.json) {
    json::object shown = report.to_json(target.url);
    if (interrupted) {
      shown["ok"] = false;
      shown["interrupted"] = true;
    }
    std::printf("%s\n", json::serialize(shown).c_str());
    return;
  }
  using Outcome = probe::Row::Outcome;
  std::printf("%s\n%zu steps passed, %zu failed, %zu skipped%s\n", report.table().c_str(),
              report.count(Outcome::ok), report.count(Outcome::failed), report.count(Outcome::skipped),
              interrupted ? "; interrupted" : "");
}

}  // namespace

int probe_server(const Settings& settings, const Command& command) {
  const auto target = Target::parse(command.url, {command.insecure, command.ca});
  if (!target) return complain_of(target.error(), kWrongCommand);
  auto admin = token_from(command.admin_token, command.admin_token_file, "TOGGLECAST_ADMIN_TOKEN");
  if (!admin) return complain_of(admin.error(), kWrongCommand);
  auto client = token_from(command.client_token, command.client_token_file, "TOGGLECAST_CLIENT_TOKEN");
  if (!client) return complain_of(client.error(), kWrongCommand);

  Loop loop(std::chrono::seconds{command.patience});
  loop.stop_at_signals();
  RunOptions options;
  options.rounds = command.rounds;
  options.everyone = command.everyone;
  options.client_token = *std::move(client);
  options.logs_out = admin->empty();
  if (options.logs_out) {
    admin = start_session(loop, *target, settings, command);
    if (!admin)
      return complain_of(admin.error(), admin.error().code == Errc::invalid_argument ? kWrongCommand : 1);
  }
  options.admin_token = *std::move(admin);
  Run run(loop, *target, std::move(options));
  run.all_steps();
  const bool interrupted = loop.interrupted();
  loop.go_on();
  run.clean_up();
  print_report(run, *target, command, interrupted);
  return interrupted || run.report().count(probe::Row::Outcome::failed) > 0 ? 1 : 0;
}

}  // namespace togglecast::app
