// The program. `togglecast serve --help` lists its exit codes.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "app/config/command_line.hpp"
#include "app/config/config_file.hpp"
#include "app/migrate_store.hpp"
#include "app/probe/probe.hpp"
#include "app/quickstart/quickstart.hpp"
#include "app/serve.hpp"
#include "app/set_password.hpp"

namespace {

using namespace togglecast;

constexpr int kWrongSettings = 2;

Result<app::Settings> settings_of(const app::Command& command) {
  app::RawSettings file;
  if (!command.config.empty()) {
    auto read = app::read_config_file(command.config);
    if (!read) return tl::unexpected(read.error());
    file = std::move(*read);
  }
  return app::read_settings(command.flags, app::read_environment(&std::getenv), file);
}

// The kernel gives a closed descriptor to the next file that is opened. Printed text would then land in the
// data.
void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0) (void)::open("/dev/null", O_RDWR);
}

int run(const app::Command& command) {
  if (command.action == app::Command::Action::print) {
    std::fputs(command.output.c_str(), command.wrong ? stderr : stdout);
    return command.wrong ? kWrongSettings : 0;
  }
  const auto settings = settings_of(command);
  if (!settings) {
    std::fprintf(stderr, "togglecast: %s\n", settings.error().message.c_str());
    return kWrongSettings;
  }
  switch (command.action) {
    case app::Command::Action::serve:
      return app::serve(*settings);
    case app::Command::Action::set_password:
      return app::set_password(*settings, command.username);
    case app::Command::Action::reset_second_factor:
      return app::reset_second_factor(*settings, command.username);
    case app::Command::Action::quickstart:
      return app::quickstart(*settings, command);
    case app::Command::Action::probe:
      return app::probe_server(*settings, command);
    case app::Command::Action::migrate_store:
      return app::migrate_store(*settings, command);
    case app::Command::Action::print:
      break;
  }
  return 0;
}

}  // namespace

int main(int count, char** values) {
  open_standard_streams();
  try {
    return run(app::parse_command_line(count, values));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "togglecast: %s\n", error.what());
    return 1;
  }
}
