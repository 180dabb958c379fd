#include "app/quickstart/quickstart.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "app/process/terminal.hpp"
#include "app/quickstart/first_steps.hpp"
#include "app/quickstart/listen_script.hpp"
#include "app/quickstart/owner_password.hpp"
#include "auth/password.hpp"
#include "base/random.hpp"

namespace togglecast::app {
namespace {

constexpr const char* kTokenFile = "client-token";
constexpr const char* kScriptFile = "listen.mjs";

// Where this machine reaches the server.
std::string host_of(const Settings& settings) {
  if (settings.listen.empty()) return "localhost";
  const std::string& address = settings.listen.front();
  return address == "0.0.0.0" || address == "::" ? "localhost" : address;
}

Result<Secret> choose_password(const std::string& username) {
  if (!can_ask()) {
    SystemRandom random;
    return auth::random_password(random);
  }
  auto chosen = ask_secret("The first password must be replaced. New password for '" + username + "'");
  if (!chosen) return chosen;
  if (const auto ok = auth::check_new_password(*chosen); !ok)
    return fail(Errc::invalid_argument, "the new password " + ok.error().details.front().reason);
  const auto repeated = ask_secret("Repeat the new password");
  if (!repeated) return tl::unexpected(repeated.error());
  if (chosen->reveal() != repeated->reveal())
    return fail(Errc::invalid_argument, "the two passwords differ; run the command again");
  return chosen;
}

// The first password opens nothing but its own change. Without a terminal the new one is random and stays in
// the data folder.
Result<void> replace_first_password(ApiCaller& api, const Settings& settings, const Command& command,
                                    const Secret& first) {
  const KeptPassword kept(settings.data);
  const auto chosen = choose_password(command.username);
  if (!chosen) return tl::unexpected(chosen.error());
  const bool keeps = !can_ask();
  if (keeps)
    if (auto prepared = kept.prepare(command.username, *chosen); !prepared) return prepared;
  const auto changed =
      api.call("POST", "auth/password", json::object{{"current", first.reveal()}, {"new", chosen->reveal()}});
  if (!changed) {
    if (keeps) kept.forget();
    return tl::unexpected(changed.error());
  }
  if (!keeps) {
    std::printf("The first password of '%s' was replaced.\n\n", command.username.c_str());
    return {};
  }
  if (auto done = kept.keep(); !done) return done;
  std::printf("The first password of '%s' was replaced; the new one is in %s\n\n", command.username.c_str(),
              kept.path().c_str());
  return {};
}

Result<void> log_in(ApiCaller& api, const Settings& settings, const Command& command) {
  auto password = find_password(command.password_file, settings.data, command.username);
  if (!password) return tl::unexpected(password.error());
  auto session = api.call("POST", "auth/login",
                          json::object{{"username", command.username},
                                       {"password", password->text.reveal()},
                                       {"environment", command.environment}});
  if (!session && session.error().code == Errc::unauthenticated)
    return fail(Errc::unauthenticated, session.error().message + " (the password is from " +
                                           password->source + "; --password-file names another)");
  if (!session) return tl::unexpected(session.error());
  api.use_token(Secret(std::string(json::string_or_empty(*session, "token"))));
  if (json::find(*session, "password_change_required") == nullptr) return {};
  return replace_first_password(api, settings, command, password->text);
}

// Only its owner may read the token.
Result<void> write_token(const Secret& token) {
  const int file = ::open(kTokenFile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  const std::string text = token.reveal() + '\n';
  const bool written = file >= 0 && ::fchmod(file, 0600) == 0 &&
                       ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!written)
    return fail(Errc::unavailable, std::string("cannot write ") + kTokenFile + ": " + std::strerror(error));
  return {};
}

// True: there is a new one.
Result<bool> provide_token(FirstSteps& steps, const Command& command) {
  const auto known = line_of_file(kTokenFile, "");
  if (known) {
    auto accepted = steps.accepts(*known, command.environment);
    if (!accepted) return accepted;
    if (*accepted) return false;
  }
  const auto token = steps.issue_token();
  if (!token) return tl::unexpected(token.error());
  return write_token(*token).map([] { return true; });
}

Result<bool> provide_script() {
  std::error_code ignored;
  if (std::filesystem::exists(kScriptFile, ignored)) return false;
  std::ofstream(kScriptFile) << listen_script();
  if (std::filesystem::exists(kScriptFile, ignored)) return true;
  return fail(Errc::unavailable, std::string("cannot write ") + kScriptFile + " to this folder");
}

void print(const char* what, std::string_view key, const Made& made) {
  const char* state = made.is_new ? "made" : made.was_mended ? "was there, and is ready again" : "was there";
  std::printf("  %-9s %-18s id %-4lld %s\n", what, std::string(key).c_str(), static_cast<long long>(made.id),
              state);
}

std::string shown_program() {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return program.empty() ? "togglecast" : program.string();
}

// The options that a further command needs to find the same server and account.
std::string repeated_options(const Settings& settings, const Command& command) {
  std::string text;
  if (settings.port != Settings{}.port) text += " --port " + std::to_string(settings.port);
  if (settings.data != Settings{}.data) text += " --data '" + settings.data.string() + '\'';
  if (!command.password_file.empty()) text += " --password-file '" + command.password_file + '\'';
  if (command.username != "owner") text += " --username " + command.username;
  if (command.environment != kDefaultEnvironment) text += " --environment " + command.environment;
  return text;
}

Result<void> take_first_steps(ApiCaller& api, const std::string& url, const Settings& settings,
                              const Command& command) {
  FirstSteps steps(api);
  if (command.toggle)
    return steps.toggle().map([](bool on) {
      std::printf("%s is now %s\n", std::string(FirstSteps::kFeature).c_str(), on ? "on" : "off");
    });
  if (auto made = steps.make(); !made) return made;
  const auto token = provide_token(steps, command);
  if (!token) return tl::unexpected(token.error());
  const auto script = provide_script();
  if (!script) return tl::unexpected(script.error());

  std::printf("In the environment %s at %s:\n", command.environment.c_str(), url.c_str());
  print("platform", FirstSteps::kPlatform, steps.platform());
  print("feature", FirstSteps::kFeature, steps.feature());
  print("package", FirstSteps::kPackage, steps.package());
  print("client", FirstSteps::kClient, steps.client());
  std::printf("  %-9s %-18s %s\n", "token", kTokenFile,
              *token ? "written to this folder" : "the file has a valid one");
  std::printf("  %-9s %-18s %s\n", "program", kScriptFile, *script ? "written to this folder" : "was there");
  std::printf(
      "\nListen as that client, in a second terminal, in this folder:\n\n"
      "  npm install socket.io-client && node %s%s\n\n"
      "Then switch the feature here. The second terminal shows the change:\n\n"
      "  %s quickstart --toggle%s\n",
      kScriptFile, url == "http://localhost:5001" ? "" : (' ' + url).c_str(), shown_program().c_str(),
      repeated_options(settings, command).c_str());
  return {};
}

}  // namespace

int quickstart(const Settings& settings, const Command& command) {
  const auto run = [&]() -> Result<void> {
    if (!settings.tls_certificate.empty())
      return fail(Errc::invalid_argument,
                  "quickstart speaks plain HTTP, and this server has a certificate; docs/api.md shows the "
                  "requests for curl");
    const std::string host = host_of(settings);
    ApiCaller api(host, settings.port);
    if (auto reached = api.reach(); !reached) return reached;  // before anybody is asked for a password
    if (auto in = log_in(api, settings, command); !in) return in;
    const std::string name = host.find(':') == std::string::npos ? host : '[' + host + ']';
    return take_first_steps(api, "http://" + name + ':' + std::to_string(settings.port), settings, command);
  };
  const auto done = run();
  if (!done) {
    std::fprintf(stderr, "togglecast: %s\n", done.error().message.c_str());
    return 1;
  }
  return 0;
}

}  // namespace togglecast::app
