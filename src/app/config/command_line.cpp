#include "app/config/command_line.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <sstream>

#include "app/config/version.hpp"
#include "service/application.hpp"

namespace togglecast::app {
namespace {

constexpr const char* kAbout =
    "Togglecast stores the feature flags of a product and pushes every change over Socket.IO.";
constexpr const char* kServeFooter =
    "Every option can also be set by an environment variable or in the file of --config:\n"
    "  --port 5001    TOGGLECAST_PORT=5001    port = 5001\n"
    "The command line wins over variables; variables win over the file. A variable separates the items of\n"
    "a list by commas.\n\n"
    "The first start creates the account 'owner'. TOGGLECAST_OWNER_PASSWORD sets its password. Without this\n"
    "variable the password is random. The server shows it on a terminal, or writes it to the file\n"
    "first-login in the data folder.\n\n"
    "Exit codes:\n"
    "  0    clean stop\n"
    "  1    the server could not start, or it failed\n"
    "  2    the command line, a variable or the file of --config is wrong\n"
    "  3    the stop took longer than --stop-timeout\n"
    "  130  a second signal cut the stop short";
constexpr const char* kPasswdAbout =
    "Set the password of an admin. Stop the server first. The command asks for the new password on a\n"
    "terminal, or reads one line of standard input.";

// CLI11 stores the values of the options here, as text. `read_settings` reads them afterwards.
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
  to.add_option("--config", config, "Settings file, in TOML [none]")
      ->type_name("FILE")
      ->envname("TOGGLECAST_CONFIG")
      ->group(std::string(find_option("data")->group));
}

// CLI11 puts two empty lines between groups; keep one.
std::string evenly_spaced(std::string help) {
  for (std::size_t at = 0; (at = help.find("\n\n\n", at)) != std::string::npos;) help.erase(at, 1);
  return help;
}

// CLI11's own messages are terse. This is a sentence that names the argument and the help to read.
std::string describe(const CLI::ParseError& error, const CLI::App& program, std::string_view command) {
  const std::string text = error.what();
  std::string sentence = text;
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const bool missing = text.find("missing") != std::string::npos;
    sentence =
        text.substr(0, text.find(':')) + (missing ? ": needs a value" : ": takes one value; give it once");
  } else if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    sentence = "unknown argument";
    for (const std::string& one : program.remaining(true)) sentence += " '" + one + "'";
  } else if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    sentence = "the name of a command is missing";
  }
  return "togglecast: " + sentence + "\nRun `togglecast " + std::string(command) +
         (command.empty() ? "" : " ") + "--help` for help.\n";
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

  CLI::App* serve = program.add_subcommand("serve", "Run the server in the foreground");
  serve->get_help_ptr()->group(std::string(options().front().group));
  for (const OptionSpec& option : options()) add_option(*serve, option, texts);
  add_config(*serve, command.config);
  serve->footer(kServeFooter);

  CLI::App* admin = program.add_subcommand("admin", "Manage the accounts of admins");
  admin->require_subcommand(1);
  CLI::App* passwd = admin->add_subcommand("passwd", kPasswdAbout);
  add_option(*passwd, *find_option("data"), texts);
  add_config(*passwd, command.config);
  passwd->add_option("--username", command.username, "Username of the admin [owner]")->type_name("NAME");

  try {
    program.parse(count, values);
  } catch (const CLI::ParseError& error) {
    std::ostringstream help;
    command.wrong = program.exit(error, help, help) != 0;
    const std::string_view name = count > 1 ? values[1] : "";
    command.output = command.wrong ? describe(error, program, name == "serve" || name == "admin" ? name : "")
                                   : evenly_spaced(help.str());
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
