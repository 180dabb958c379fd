#include "app/serve.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "app/banner.hpp"
#include "app/config/version.hpp"
#include "app/container.hpp"
#include "app/demo.hpp"
#include "app/drain.hpp"
#include "app/patient_start.hpp"
#include "app/process/process_stats.hpp"
#include "app/process/signals.hpp"
#include "storage/sqlite/data_folder.hpp"

extern char** environ;

namespace togglecast::app {
namespace {

constexpr Milliseconds kLogDrainTime{1'000};

// Takes back what a start wrote that failed before it served: nobody has used the data yet.
class NewData {
 public:
  /// `whole`: all data lie in the folder; else it is never new.
  NewData(const std::filesystem::path& folder, bool whole) : folder_(folder) {
    if (!whole) return;
    std::error_code error;
    made_folder_ = !std::filesystem::exists(folder, error);
    is_new_ = !error && (made_folder_ || std::filesystem::is_empty(folder, error)) && !error;
  }

  [[nodiscard]] bool is_new() const noexcept { return is_new_; }
  void discard() const {
    if (!is_new_ || !storage::sqlite::DataFolder::discard(folder_, made_folder_)) return;
    std::fprintf(stderr, "togglecast: nothing was kept in %s; the next start is a first start again\n",
                 folder_.c_str());
  }

 private:
  std::filesystem::path folder_;
  bool made_folder_ = false;
  bool is_new_ = false;
};

int cannot_start(Runtime& runtime, const Error& error) {
  runtime.log.drain(kLogDrainTime);
  std::fprintf(stderr, "togglecast: %s\n", error.message.c_str());
  return 1;
}

// The account exists already, and the next start will not show its password.
void print_first_login(const FirstLogin& first_login) {
  if (first_login.disclosure() != FirstLogin::Disclosure::on_terminal) return;
  std::printf("Login    %.*s, password %s  (shown only once; change it within a day)\n",
              static_cast<int>(service::kFirstOwner.size()), service::kFirstOwner.data(),
              std::string(first_login.password().reveal()).c_str());
}

void warn_of_unknown_variables(observe::Log& log) {
  for (const UnknownVariable& one : unknown_variables(environ)) {
    log.warn("an environment variable names no option",
             {{"variable", one.name},
              {"hint", one.meant.empty() ? "togglecast serve --help lists all options"
                                         : "did you mean " + one.meant + "?"}});
  }
}

// The files themselves are private. Their names, sizes and times should be private too.
void warn_of_open_folder(observe::Log& log, const std::filesystem::path& data) {
  using std::filesystem::perms;
  std::error_code ignored;
  const perms others =
      std::filesystem::status(data, ignored).permissions() & (perms::group_all | perms::others_all);
  if (others != perms::none)
    log.warn("other users may read the data folder",
             {{"folder", data.string()}, {"hint", "run chmod 700 on the folder"}});
}

// Without this line an operator may believe that the variable changed the password.
void warn_of_ignored_password(observe::Log& log, const FirstLogin& first_login) {
  const char* given = std::getenv("TOGGLECAST_OWNER_PASSWORD");
  if (given == nullptr || *given == '\0' || first_login.disclosure() == FirstLogin::Disclosure::by_variable)
    return;
  log.info("TOGGLECAST_OWNER_PASSWORD is not used after the first start",
           {{"hint", "togglecast admin passwd sets another password"}});
}

std::chrono::seconds longest_stop(const Settings& settings) {
  const auto window = settings.drain.value_or(std::chrono::ceil<std::chrono::seconds>(kLongestOwnWindow));
  return settings.drain_wait + window + settings.stop_timeout;
}

}  // namespace

int serve(const Settings& settings) {
  const Signals signals(settings.tls_certificate.empty() ? Signals::Hangup::stops : Signals::Hangup::reloads);
  signals.block();
  raise_descriptor_limit();
  Runtime runtime(settings.log);
  warn_of_unknown_variables(runtime.log);

  const NewData data(settings.data, settings.store.empty());
  FirstLogin first_login(std::filesystem::absolute(settings.data), ::isatty(STDOUT_FILENO) == 1,
                         runtime.random);
  auto started = start_patiently(settings, runtime, first_login, signals);
  if (!started) {
    const int status = cannot_start(runtime, started.error());
    data.discard();
    return status;
  }
  std::unique_ptr<Container> server = std::move(started->server);
  if (server == nullptr) {
    runtime.log.info("stopped while the start waited for the database",
                     {{"signal", ::strsignal(started->signal)}});
    return 0;
  }
  warn_of_open_folder(runtime.log, settings.data);
  warn_of_ignored_password(runtime.log, first_login);
  const auto bound = server->listen();
  if (!bound) {
    if (!data.is_new()) print_first_login(first_login);
    server.reset();
    const int status = cannot_start(runtime, bound.error());
    data.discard();
    return status;
  }
  server->serve();

  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const std::string text = banner(settings, *bound, server->application(), first_login,
                                  program.empty() ? std::filesystem::path("togglecast") : program);
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  if (settings.demo) {
    if (const std::string refusal = demo_refusal(server->application()); !refusal.empty())
      runtime.log.warn(refusal);
  }
  runtime.log.info("started", {{"version", version()}, {"port", bound->port}});

  const int signal = signals.wait([&server] { server->reload_certificate(); });
  runtime.log.info("stopping", {{"signal", ::strsignal(signal)}});
  const auto log_last_line = [&runtime](observe::Level level, std::string_view words) {
    runtime.log.write(level, words);
    runtime.log.drain(kLogDrainTime);
  };
  signals.finish(
      signal, [&server] { server->stop(); }, longest_stop(settings),
      [&] { log_last_line(observe::Level::warn, "a second signal ended the process at once"); },
      [&] {
        log_last_line(observe::Level::error,
                      "the stop took longer than --stop-timeout; the process ended at once");
      });
  server.reset();
  runtime.log.info("stopped");
  return 0;
}

}  // namespace togglecast::app
