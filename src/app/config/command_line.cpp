#include "app/config/command_line.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <sstream>

#include "app/config/version.hpp"
#include "service/application.hpp"

namespace togglecast::app {
namespace {

constexpr const char* kAbout =
    "Togglecast keeps the switches of a product and pushes every change to everybody it concerns, over "
    "Socket.IO.";
constexpr const char* kServeFooter =
    "Every option can also be set by a variable (TOGGLECAST_PORT for --port; lists separated by commas) and "
    "in\n"
    "the file of --config (port = 5001). The command line comes first, then the variables, then the file.\n"
    "TOGGLECAST_OWNER_PASSWORD is the password of the account 'owner', which the first start makes; without "
    "it,\n"
    "the password is random, and shown or written to the file first-login in the data folder.\n\n"
    "Ends with 0 after a clean stop, 1 when it could not start or failed, 2 when the command line, a "
    "variable or\n"
    "the file is wrong, 3 when a stop took longer than --stop-timeout, 130 when a second signal cut it "
    "short.";
constexpr const char* kPasswdAbout =
    "Set the password of an admin. The server must be stopped. The new password is asked for on a terminal, "
    "or\n"
    "read from one line of input.";

// Where CLI11 writes the values of the options, which are read afterwards, all in the same way.
using Texts = std::map<std::string_view, std::vector<std::string>>;

void add_option(CLI::App& to, const OptionSpec& option, Texts& texts) {
  const std::string name = "--" + std::string(option.name);
  if (option.value.empty()) {
    to.add_flag(name, texts[option.name], std::string(option.help))->group(std::string(option.group));
    return;
  }
  CLI::Option* added = to.add_option(name, texts[option.name], std::string(option.help));
  added->type_name(std::string(option.value))->group(std::string(option.group));
  if (!option.list) added->expected(1);
}

void add_config(CLI::App& to, std::string& config) {
  to.add_option("--config", config, "File with settings, in TOML [none]")
      ->type_name("FILE")
      ->envname("TOGGLECAST_CONFIG")
      ->group(std::string(find_option("data")->group));
}

// CLI11 leaves two lines empty between groups.
std::string evenly_spaced(std::string help) {
  for (std::size_t at = 0; (at = help.find("\n\n\n", at)) != std::string::npos;) help.erase(at, 1);
  return help;
}

RawSettings given(const Texts& texts) {
  RawSettings flags;
  for (const auto& [name, values] : texts)
    if (!values.empty()) flags.emplace(name, RawSetting{values, "--" + std::string(name)});
  return flags;
}

}  // namespace

Command parse_command_line(int count, const char* const* values) {
  Command command;
  command.username = service::kFirstOwner;
  Texts texts;

  CLI::App program(kAbout, "togglecast");
  program.set_version_flag("--version", "togglecast " + std::string(version()), "Print the version");
  program.set_help_flag("-h,--help", "Print this help");
  program.require_subcommand(0, 1);

  CLI::App* serve = program.add_subcommand("serve", "Run the server, in the foreground");
  serve->get_help_ptr()->group(std::string(options().front().group));
  for (const OptionSpec& option : options()) add_option(*serve, option, texts);
  add_config(*serve, command.config);
  serve->footer(kServeFooter);

  CLI::App* admin = program.add_subcommand("admin", "Look after the accounts of admins");
  admin->require_subcommand(1);
  CLI::App* passwd = admin->add_subcommand("passwd", kPasswdAbout);
  add_option(*passwd, *find_option("data"), texts);
  add_config(*passwd, command.config);
  passwd->add_option("--username", command.username, "Whose password [owner]")->type_name("NAME");

  std::ostringstream output;
  std::ostringstream complaint;
  try {
    program.parse(count, values);
  } catch (const CLI::ParseError& error) {
    command.wrong = program.exit(error, output, complaint) != 0;
    command.output = evenly_spaced(command.wrong ? complaint.str() : output.str());
    return command;
  }
  command.flags = given(texts);
  if (serve->parsed()) {
    command.action = Command::Action::serve;
  } else if (passwd->parsed()) {
    command.action = Command::Action::set_password;
  } else {
    command.output = program.help();
  }
  return command;
}

}  // namespace togglecast::app
