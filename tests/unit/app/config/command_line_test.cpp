#include "app/config/command_line.hpp"

#include <gmock/gmock.h>

#include "app/config/suggestion.hpp"

namespace togglecast::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Command parse(std::vector<const char*> words) {
  words.insert(words.begin(), "togglecast");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

TEST(CommandLine, AloneAsksForHelp) {
  const Command command = parse({});

  EXPECT_EQ(command.action, Command::Action::print);
  EXPECT_FALSE(command.wrong);
  EXPECT_THAT(command.output, HasSubstr("serve"));
  EXPECT_THAT(command.output, HasSubstr("admin"));
}

TEST(CommandLine, ASwitchNeedsNoValue) {
  EXPECT_TRUE(read_settings(parse({"serve", "--demo", "--port", "0"}).flags, {}, {})->demo);
  EXPECT_FALSE(read_settings(parse({"serve", "--demo=off"}).flags, {}, {})->demo);
  EXPECT_FALSE(read_settings(parse({"serve"}).flags, {}, {})->demo);
  EXPECT_TRUE(parse({"serve", "--demo", "yes"}).wrong);
}

TEST(CommandLine, HelpOfServeListsEveryOption) {
  const Command command = parse({"serve", "--help"});

  EXPECT_FALSE(command.wrong);
  for (const OptionSpec& option : options())
    EXPECT_THAT(command.output, HasSubstr("--" + std::string(option.name)));
}

TEST(CommandLine, HelpOfServeListsOptionsByTheirGroup) {
  const std::string help = parse({"serve", "--help"}).output;

  std::size_t at = 0;
  for (const char* text : {"\nGeneral:\n", "--help", "--data", "--demo", "--config", "\nTLS:\n", "--tls-key",
                           "\nLimits:\n", "--max-payload", "--write-rate"}) {
    const std::size_t found = help.find(text, at);
    ASSERT_NE(found, std::string::npos) << text << " in\n" << help;
    at = found;
  }
  for (const OptionSpec& option : options())
    EXPECT_THAT(help, HasSubstr("\n" + std::string(option.group) + ":\n"));
}

TEST(CommandLine, VersionIsANumber) {
  const Command command = parse({"--version"});

  EXPECT_FALSE(command.wrong);
  EXPECT_THAT(command.output, ::testing::MatchesRegex("togglecast [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(CommandLine, ServeTakesOptionsInBothSpellings) {
  const Command command = parse(
      {"serve", "--port", "80", "--data=/d", "--cors-origin", "https://a.example", "--cors-origin", "*"});

  EXPECT_EQ(command.action, Command::Action::serve);
  EXPECT_THAT(command.flags.at("port").values, ElementsAre("80"));
  EXPECT_THAT(command.flags.at("data").values, ElementsAre("/d"));
  EXPECT_THAT(command.flags.at("cors-origin").values, ElementsAre("https://a.example", "*"));
  EXPECT_EQ(command.flags.at("port").source, "--port");
}

TEST(CommandLine, QuickstartIsAboutTheOwnerAndTheFirstEnvironmentUnlessOthersAreNamed) {
  const Command plain = parse({"quickstart"});
  const Command other = parse({"quickstart", "--username", "olga", "--environment", "staging", "--port", "1",
                               "--password-file", "secret", "--toggle"});

  EXPECT_EQ(plain.action, Command::Action::quickstart);
  EXPECT_EQ(plain.username, "owner");
  EXPECT_EQ(plain.environment, "production");
  EXPECT_FALSE(plain.toggle);
  EXPECT_EQ(other.username, "olga");
  EXPECT_EQ(other.environment, "staging");
  EXPECT_EQ(other.password_file, "secret");
  EXPECT_TRUE(other.toggle);
  EXPECT_EQ(read_settings(other.flags, {}, {})->port, 1);
  EXPECT_TRUE(parse({"quickstart", "--shards", "2"}).wrong);
}

TEST(CommandLine, WhatItDoesNotKnowIsWrong) {
  for (const auto& words : std::vector<std::vector<const char*>>{{"serve", "--prot", "80"},
                                                                 {"server"},
                                                                 {"serve", "--port"},
                                                                 {"admin"},
                                                                 {"serve", "--port", "1", "2"}}) {
    const Command command = parse(words);
    EXPECT_TRUE(command.wrong) << words.back();
    EXPECT_FALSE(command.output.empty());
  }
}

TEST(CommandLine, AnErrorNamesTheArgumentAndTheHelpToRead) {
  EXPECT_EQ(parse({"serve", "--prot", "80"}).output,
            "togglecast: unknown argument '--prot'; did you mean --port?\nRun `togglecast serve --help` for "
            "help.\n");
  EXPECT_EQ(
      parse({"server"}).output,
      "togglecast: unknown argument 'server'; did you mean serve?\nRun `togglecast --help` for help.\n");
  EXPECT_THAT(parse({"quickstrat"}).output, HasSubstr("did you mean quickstart?"));
  EXPECT_THAT(parse({"serve", "--port"}).output, HasSubstr("togglecast: --port: needs a value\n"));
  EXPECT_THAT(parse({"serve", "--port", "1", "--port", "2"}).output,
              HasSubstr("togglecast: --port: takes one value; give it once\n"));
  EXPECT_THAT(parse({"admin"}).output, HasSubstr("Run `togglecast admin --help` for help.\n"));
}

TEST(CommandLine, NamesTheFirstMistakeInTheOrderGiven) {
  EXPECT_THAT(parse({"serve", "--port", "x", "--prot", "80"}).output, HasSubstr("--port: "));
  EXPECT_THAT(parse({"serve", "--prot", "80", "--port", "x"}).output, HasSubstr("'--prot'"));
  EXPECT_THAT(parse({"serve", "--demo", "--shards=many", "--port", "x"}).output, HasSubstr("--shards: "));
  EXPECT_FALSE(parse({"serve", "--port", "x", "--help"}).output.empty());
}

TEST(CommandLine, AMissingServeIsGuessed) {
  const Command command = parse({"--port", "80", "--demo"});

  EXPECT_EQ(command.action, Command::Action::serve);
  EXPECT_THAT(command.flags.at("port").values, ElementsAre("80"));
  EXPECT_THAT(parse({"--prot", "80"}).output, HasSubstr("did you mean --port?"));
}

TEST(Suggestion, NamesAWordOnlyIfItIsNear) {
  const std::vector<std::string> known{"--port", "--tls-certificate", "--tls-key", "--max-payload"};

  EXPECT_EQ(nearest("--prot", known), "--port");
  EXPECT_EQ(nearest("--tls-cert", known), "--tls-certificate");
  EXPECT_EQ(nearest("--max-payload-size", known), "--max-payload");
  EXPECT_EQ(nearest("--colour", known), "");
  EXPECT_EQ(nearest(std::string(10'000, 'x'), known), "");
}

TEST(CommandLine, PasswdIsAboutTheOwnerUnlessAnotherAdminIsNamed) {
  const Command owner = parse({"admin", "passwd", "--data", "/d"});
  const Command other = parse({"admin", "passwd", "--username", "ed"});

  EXPECT_EQ(owner.action, Command::Action::set_password);
  EXPECT_EQ(owner.username, "owner");
  EXPECT_THAT(owner.flags.at("data").values, ElementsAre("/d"));
  EXPECT_EQ(other.username, "ed");
}

TEST(CommandLine, ProbeNeedsAUrlAndHasItsOwnOptions) {
  const Command plain = parse({"probe", "http://localhost:5001"});
  const Command other = parse({"probe", "https://flags.example", "--json", "--rounds", "2", "--insecure",
                               "--everyone", "--admin-token-file", "a", "--timeout", "3"});

  EXPECT_EQ(plain.action, Command::Action::probe);
  EXPECT_EQ(plain.url, "http://localhost:5001");
  EXPECT_EQ(plain.rounds, 5U);
  EXPECT_EQ(plain.username, "owner");
  EXPECT_FALSE(plain.json || plain.insecure || plain.everyone);
  EXPECT_TRUE(other.json && other.insecure && other.everyone);
  EXPECT_EQ(other.rounds, 2U);
  EXPECT_EQ(other.patience, 3U);
  EXPECT_EQ(other.admin_token_file, "a");
  EXPECT_TRUE(parse({"probe"}).wrong);
  EXPECT_TRUE(parse({"probe", "http://h", "--rounds", "9"}).wrong);
  EXPECT_THAT(parse({"prob"}).output, HasSubstr("did you mean probe?"));
}

}  // namespace
}  // namespace togglecast::app
