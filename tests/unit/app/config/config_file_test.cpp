#include "app/config/config_file.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace togglecast::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(std::string_view text) {
  const auto parsed = parse_config(text, "t.toml");
  return parsed ? "no error" : parsed.error().message;
}

TEST(ConfigFile, HoldsOptionsByTheirNames) {
  const auto parsed = parse_config(
      "# ours\nport = 8080\nlog-level = \"debug\"\ncors-origin = [\"https://a.example\", \"*\"]\n", "t.toml");

  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(parsed->at("port").values, ElementsAre("8080"));
  EXPECT_EQ(parsed->at("port").source, "t.toml line 2 (port)");
  EXPECT_THAT(parsed->at("log-level").values, ElementsAre("debug"));
  EXPECT_THAT(parsed->at("cors-origin").values, ElementsAre("https://a.example", "*"));
}

TEST(ConfigFile, AnUnknownKeyIsAnErrorThatNamesItsLine) {
  EXPECT_THAT(error_of("port = 1\n\nprot = 2\n"),
              StartsWith("t.toml line 3: there is no option 'prot'; did you mean port?"));
  EXPECT_THAT(error_of("[server]\nport = 1\n"), StartsWith("t.toml line 1: there is no option 'server'"));
}

TEST(ConfigFile, ASyntaxErrorNamesItsLine) {
  EXPECT_THAT(error_of("port = 1\ndata = \"x\n"), StartsWith("t.toml line 2: "));
}

TEST(ConfigFile, ValuesHaveTheRightKind) {
  EXPECT_THAT(error_of("port = 1.5\n"), HasSubstr("line 1: 'port' must be"));
  EXPECT_THAT(error_of("port = [1, 2]\n"), HasSubstr("line 1: 'port' must be"));
  EXPECT_THAT(error_of("listen = [[\"::1\"]]\n"), HasSubstr("line 1: 'listen' must be"));
}

TEST(ConfigFile, IsReadFromWhereItLies) {
  const togglecast::testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "t.toml") << "port = 7\n";

  EXPECT_THAT(read_config_file(folder.path() / "t.toml")->at("port").values, ElementsAre("7"));
  EXPECT_THAT(read_config_file(folder.path() / "none.toml").error().message,
              HasSubstr("none.toml: No such file or directory"));
  EXPECT_THAT(read_config_file(folder.path()).error().message, HasSubstr("it is a folder"));
}

}  // namespace
}  // namespace togglecast::app
