#include "app/config/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <span>
#include <sstream>

#include "app/config/suggestion.hpp"
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
    "variable the password is random, and must be changed within a day. The server shows it on a terminal,\n"
    "or writes it to the file first-login in the data folder.\n\n"
    "Exit codes:\n"
    "  0    clean stop\n"
    "  1    the server could not start, or it failed\n"
    "  2    the command line, a variable or the file of --config is wrong\n"
    "  3    the stop took longer than --stop-timeout\n"
    "  130  a second signal cut the stop short";
constexpr const char* kPasswdAbout =
    "Set the password of an admin. Stop the server first, unless it uses a database of --store. The command\n"
    "asks for the new password on a terminal, or reads one line of standard input.";

constexpr const char* kResetAbout =
    "Remove the second factor of an admin who has lost the app and the recovery codes. Stop the server\n"
    "first, unless it uses a database of --store.";

const std::vector<std::string> kCommands{"serve",      "admin passwd", "admin reset-second-factor",
                                         "quickstart", "probe",        "migrate-store"};
constexpr const char* kSeeHelpOfServe = "\nRun `togglecast serve --help` for help.\n";
constexpr const char* kQuickstartAbout =
    "Take the first steps on a running server: make a platform, a feature, a package that includes it, a\n"
    "client on that package, and a token for the client. Run it as often as you like; it makes only what is\n"
    "missing. It writes client-token and listen.mjs to the current folder.";
constexpr const char* kQuickstartFooter =
    "The password comes from --password-file, from TOGGLECAST_OWNER_PASSWORD, from the file first-login or\n"
    "owner-login in the data folder, or from the terminal. A random first password is replaced: you choose\n"
    "the next one on the terminal; without a terminal, it is random and in owner-login.";

constexpr const char* kMigrateAbout =
    "Move an installation into another store: a data folder, or a PostgreSQL database like\n"
    "postgresql://USER@HOST/DATABASE. All of it moves: environments with epoch, revision and log, accounts,\n"
    "tokens, keys, assets, messages. Clients come back where they were.";
constexpr const char* kMigrateFooter =
    "Stop all servers of the source first. The target must be empty. The source stays as it is. An "
    "interrupted\n"
    "move leaves a target that no server takes; run the command again. Start servers on the target only: "
    "two\n"
    "stores that go on from the same revision cannot be told apart.\n\n"
    "Exit codes:\n"
    "  0    all of it is in the target, and was checked\n"
    "  1    it failed, or was refused\n"
    "  2    the command line is wrong";

constexpr const char* kProbeAbout =
    "Use a running server as its admins and clients do, over WebSocket and over polling: every event of "
    "both\n"
    "namespaces, every broadcast, catch-up, resuming, receipts. Prints what works and how long it takes.";
constexpr const char* kProbeFooter =
    "The probe makes a feature, a package and a client of its own, with keys that begin with\n"
    "togglecast-probe-, and removes them at the end, also when it is interrupted. Admins see these changes;\n"
    "other clients notice nothing. The token of the admin is --admin-token-file, TOGGLECAST_ADMIN_TOKEN or\n"
    "--admin-token. Without one, the probe logs in and logs out again; the password comes from\n"
    "--password-file, TOGGLECAST_OWNER_PASSWORD, the file first-login or owner-login in the data folder, "
    "or\nthe terminal. A random first password must have been changed before.\n\n"
    "Exit codes:\n"
    "  0    all steps passed\n"
    "  1    a step failed, or the probe was interrupted\n"
    "  2    the command line is wrong";

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
    const auto rest = program.remaining(true);
    for (const std::string& one : rest) sentence += " '" + one + "'";
    if (!rest.empty() && command.empty()) sentence += did_you_mean(rest.front(), kCommands);
  } else if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    const std::string missing = text.substr(0, text.find(" is required"));
    sentence = missing == "A subcommand" ? "the name of a command is missing" : missing + " is missing";
  }
  return "togglecast: " + sentence + "\nRun `togglecast " + std::string(command) +
         (command.empty() ? "" : " ") + "--help` for help.\n";
}

std::vector<std::string> option_names() {
  std::vector<std::string> names{"--config", "--help"};
  for (const OptionSpec& option : options()) names.push_back("--" + std::string(option.name));
  return names;
}

// The first word after `serve` that cannot be right, as a sentence; empty if there is none. CLI11 sorts
// mistakes by their kind, and values are read later: people expect to hear of the first one.
std::string first_mistake(std::span<const char* const> words) {
  Settings scratch;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "-h" || word == "--help") return {};
    if (!word.starts_with("--") || word == "--") return {};  // CLI11 knows what to say
    const std::string_view name = word.substr(2, word.find('=') - 2);
    const bool joined = word.find('=') != std::string_view::npos;
    const OptionSpec* option = find_option(name);
    if (option == nullptr && name != "config") {
      const std::string given = "--" + std::string(name);
      return "unknown argument '" + given + "'" + did_you_mean(given, option_names());
    }
    if (option != nullptr && option->value.empty() && !joined) continue;  // a flag
    if (!joined && i + 1 == words.size()) return "--" + std::string(name) + ": needs a value";
    const std::string value(joined ? word.substr(word.find('=') + 1) : std::string_view(words[++i]));
    if (option == nullptr) continue;
    if (auto ok = option->apply(scratch, {value}); !ok)
      return "--" + std::string(name) + ": " + ok.error().message;
  }
  return {};
}

// `togglecast --port 80` can only mean the server.
std::vector<const char*> with_command(std::span<const char* const> words) {
  std::vector<const char*> all(words.begin(), words.end());
  if (all.size() < 2) return all;
  const std::string_view first = all[1];
  if (first.starts_with("--") && first != "--help" && first != "--version")
    all.insert(all.begin() + 1, "serve");
  return all;
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
  const auto words = with_command({values, static_cast<std::size_t>(count)});
  if (words.size() > 1 && std::string_view(words[1]) == "serve") {
    if (const std::string mistake = first_mistake(std::span(words).subspan(2)); !mistake.empty()) {
      command.wrong = true;
      command.output = "togglecast: " + mistake + kSeeHelpOfServe;
      return command;
    }
  }
  command.username = service::kFirstOwner;
  command.environment = kDefaultEnvironment;
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
  for (const char* name : {"data", "store"}) add_option(*passwd, *find_option(name), texts);
  add_config(*passwd, command.config);
  passwd->add_option("--username", command.username, "Username of the admin [owner]")->type_name("NAME");

  CLI::App* reset = admin->add_subcommand("reset-second-factor", kResetAbout);
  for (const char* name : {"data", "store"}) add_option(*reset, *find_option(name), texts);
  add_config(*reset, command.config);
  reset->add_option("--username", command.username, "Username of the admin [owner]")->type_name("NAME");

  CLI::App* quickstart = program.add_subcommand("quickstart", kQuickstartAbout);
  for (const char* name : {"data", "port"}) add_option(*quickstart, *find_option(name), texts);
  add_config(*quickstart, command.config);
  quickstart->add_option("--username", command.username, "Username of an owner [owner]")->type_name("NAME");
  quickstart->add_option("--password-file", command.password_file, "File whose first line is the password")
      ->type_name("FILE");
  quickstart->add_option("--environment", command.environment, "Environment to work in [production]")
      ->type_name("KEY");
  quickstart->add_flag("--toggle", command.toggle, "Switch the feature that the first steps made");
  quickstart->footer(kQuickstartFooter);

  CLI::App* probe = program.add_subcommand("probe", kProbeAbout);
  probe->add_option("URL", command.url, "The server, such as https://flags.example")->required();
  add_option(*probe, *find_option("data"), texts);
  add_config(*probe, command.config);
  probe->add_option("--admin-token", command.admin_token, "Token of an owner; others may see it in `ps`")
      ->type_name("TOKEN");
  probe->add_option("--admin-token-file", command.admin_token_file, "File whose first line is that token")
      ->type_name("FILE");
  probe
      ->add_option("--client-token", command.client_token,
                   "Token of the client to connect as, instead of making one")
      ->type_name("TOKEN");
  probe->add_option("--client-token-file", command.client_token_file, "File whose first line is that token")
      ->type_name("FILE");
  probe->add_option("--username", command.username, "Username to log in with [owner]")->type_name("NAME");
  probe->add_option("--password-file", command.password_file, "File whose first line is the password")
      ->type_name("FILE");
  probe->add_option("--environment", command.environment, "Environment to log in to [production]")
      ->type_name("KEY");
  probe->add_option("--ca", command.ca, "File with the certificates to trust, in PEM [those of the system]")
      ->type_name("FILE");
  probe->add_flag("--insecure", command.insecure, "Take any certificate");
  probe->add_option("--rounds", command.rounds, "Samples of each repeated step [5]")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 8).description(""));
  probe->add_option("--timeout", command.patience, "Time limit of each step [10]")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 3'600).description(""));
  probe->add_flag("--everyone", command.everyone,
                  "Also take the steps that other connections notice: a platform, and the system's status");
  probe->add_flag("--json", command.json, "Print JSON");
  probe->footer(kProbeFooter);

  CLI::App* migrate = program.add_subcommand("migrate-store", kMigrateAbout);
  migrate->add_option("--from", command.from, "Data folder or database to move")
      ->type_name("STORE")
      ->required();
  migrate->add_option("--to", command.to, "Empty data folder or database to move it to")
      ->type_name("STORE")
      ->required();
  add_config(*migrate, command.config);
  migrate->footer(kMigrateFooter);

  try {
    program.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::ParseError& error) {
    std::ostringstream help;
    command.wrong = program.exit(error, help, help) != 0;
    const std::string_view name = words.size() > 1 ? words[1] : "";
    constexpr std::string_view kNames[] = {"serve", "admin", "quickstart", "probe", "migrate-store"};
    command.output =
        command.wrong
            ? describe(error, program,
                       std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames) ? name : "")
            : evenly_spaced(help.str());
    return command;
  }
  command.flags = given(texts);
  if (serve->parsed()) {
    command.action = Command::Action::serve;
  } else if (passwd->parsed()) {
    command.action = Command::Action::set_password;
  } else if (reset->parsed()) {
    command.action = Command::Action::reset_second_factor;
  } else if (quickstart->parsed()) {
    command.action = Command::Action::quickstart;
  } else if (probe->parsed()) {
    command.action = Command::Action::probe;
  } else if (migrate->parsed()) {
    command.action = Command::Action::migrate_store;
  } else {
    command.output = program.help();
  }
  return command;
}

}  // namespace togglecast::app
