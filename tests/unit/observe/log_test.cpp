#include "observe/log.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <type_traits>
#include <vector>

#include "base/json.hpp"
#include "base/secret.hpp"

namespace togglecast::observe {
namespace {

class LogTest : public ::testing::Test {
 protected:
  Log make(LogFormat format, Level level = Level::info) {
    return Log(
        {.level = level, .format = format}, [this](std::string_view line) { lines_.emplace_back(line); },
        clock_);
  }

  ManualClock clock_;
  std::vector<std::string> lines_;
};

TEST_F(LogTest, WritesOneJsonObjectPerLineInOrderOfFields) {
  Log log = make(LogFormat::json);

  log.info("listening", {{"address", "127.0.0.1"}, {"port", 5001}, {"tls", false}, {"load", 0.5}});

  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0], R"({"time":"2023-11-14T22:13:20.000Z","level":"info","message":"listening",)"
                       R"("address":"127.0.0.1","port":5001,"tls":false,"load":0.5})");
}

TEST_F(LogTest, WritesTextForPeople) {
  Log log = make(LogFormat::text);

  log.warn("origin refused", {{"origin", "https://a.example"}, {"reason", "not allowed"}, {"n", 3U}});

  EXPECT_EQ(
      lines_.at(0),
      "2023-11-14T22:13:20.000Z warn  origin refused origin=https://a.example reason=\"not allowed\" n=3");
}

TEST_F(LogTest, KeepsHostileValuesOnOneLineOfUtf8) {
  Log text = make(LogFormat::text);
  Log json_log = make(LogFormat::json);
  const std::string hostile = "a\nb\x1b[31m\"\xff\xc2\x9b";

  text.error(hostile, {{"value", hostile}});
  json_log.error(hostile, {{"value", hostile}});

  EXPECT_EQ(lines_.at(0),
            "2023-11-14T22:13:20.000Z error a\\x0ab\\x1b[31m\"\xef\xbf\xbd\\x9b "
            "value=\"a\\x0ab\\x1b[31m\\\"\xef\xbf\xbd"
            "\\x9b\"");
  const auto parsed = json::parse(lines_.at(1));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(json::string_or_empty(*parsed, "value"), "a\nb\x1b[31m\"\xef\xbf\xbd\xc2\x9b");
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsLevel) {
  Log log = make(LogFormat::json, Level::warn);

  log.info("not written");
  EXPECT_FALSE(log.enabled(Level::info));
  log.set_level(Level::debug);
  log.debug("written");
  log.set_level(Level::off);
  log.error("not written either");

  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_NE(lines_[0].find("\"written\""), std::string::npos);
}

TEST_F(LogTest, LinesOfManyThreadsDoNotMix) {
  Log log = make(LogFormat::json);
  std::vector<std::thread> threads;

  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&log] {
      for (int i = 0; i < 100; ++i) log.info("line", {{"i", i}});
    });
  for (auto& thread : threads) thread.join();

  ASSERT_EQ(lines_.size(), 400U);
  for (const auto& line : lines_) EXPECT_TRUE(json::parse(line).has_value()) << line;
}

TEST(LogField, RefusesSecrets) {
  EXPECT_TRUE((std::is_constructible_v<Field, std::string_view, std::string>));
  EXPECT_FALSE((std::is_constructible_v<Field, std::string_view, Secret>));
}

TEST(LogLevel, IsReadByName) {
  EXPECT_EQ(parse_level("warn"), Level::warn);
  EXPECT_EQ(parse_level("WARN"), std::nullopt);
  EXPECT_EQ(parse_level(""), std::nullopt);
}

}  // namespace
}  // namespace togglecast::observe
