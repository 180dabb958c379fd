#include "observe/log.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <type_traits>
#include <vector>

#include "base/json.hpp"
#include "base/secret.hpp"
#include "observe/limit_lines.hpp"
#include "observe/peer_lines.hpp"
#include "observe/peer_log.hpp"

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

TEST_F(LogTest, EscapesWhatActsOnATerminalOrOnTheOrderOfText) {
  Log text = make(LogFormat::text);
  Log json_log = make(LogFormat::json);
  // DEL, C1, right-to-left override, isolate, Arabic letter mark, line separator; then harmless neighbours
  const std::string hostile =
      "\x7f\xc2\x85\xe2\x80\xae\xe2\x81\xa6\xd8\x9c\xe2\x80\xa8|\xc2\xa0\xe2\x80\xa7\xe2\x81\xa5";

  text.info("line", {{"value", hostile}});
  json_log.info("line", {{"value", hostile}});

  EXPECT_TRUE(
      lines_.at(0).ends_with("value=\\x7f\\x85\\u202e\\u2066\\u061c\\u2028|\xc2\xa0\xe2\x80\xa7\xe2\x81\xa5"))
      << lines_.at(0);
  EXPECT_TRUE(lines_.at(1).ends_with(R"("value":"\u007f\u0085\u202e\u2066\u061c\u2028|)"
                                     "\xc2\xa0\xe2\x80\xa7\xe2\x81\xa5\"}"))
      << lines_.at(1);
  EXPECT_EQ(json::string_or_empty(json::parse(lines_.at(1)).value(), "value"), hostile);
}

TEST_F(LogTest, CutsLongTextsBetweenCharactersAndSaysHowLongTheyWere) {
  Log text = make(LogFormat::text);
  Log json_log = make(LogFormat::json);
  const std::string exact(kLongestText, 'x');
  const std::string odd = "a" + [] {
    std::string euros;
    for (int i = 0; i < 5'000; ++i) euros += "\xe2\x82\xac";
    return euros;
  }();

  text.info("line", {{"value", exact}});
  json_log.info(odd, {{"value", odd}, {odd, 1}});

  EXPECT_TRUE(lines_.at(0).ends_with("value=" + exact));
  EXPECT_LT(lines_.at(1).size(), 3 * kLongestText + 300);
  const auto parsed = json::parse(lines_.at(1));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(json::string_or_empty(*parsed, "value"), odd.substr(0, 499) + "… (15001 bytes)");
}

TEST_F(LogTest, StrangersShareOneBucketAndWhatItLeavesOutIsCounted) {
  Log log = make(LogFormat::json);
  const PeerLog peers(log);

  for (int i = 0; i < 20'000; ++i) peers.info("login refused", {{"i", i}});
  for (int i = 0; i < 100; ++i) peers.warn("request refused");
  log.info("a line of the server itself");
  peers.write(Level::info, Cause::known, "a line of an admin");

  const auto burst = static_cast<std::size_t>(PeerLines::kRate.burst);
  EXPECT_EQ(lines_.size(), burst + 2);
  EXPECT_EQ(log.peer_lines_left_out(), 20'100 - burst);

  clock_.advance(PeerLines::kSummaryDelay);
  lines_.clear();
  peers.info("login refused");

  ASSERT_EQ(lines_.size(), 2U);
  const auto summary = json::parse(lines_[0]).value();
  EXPECT_EQ(json::string_or_empty(summary, "message"), "lines that peers caused were left out of the log");
  EXPECT_EQ(json::find(summary, "count")->to_number<std::size_t>(), 20'100 - burst);
  EXPECT_EQ(json::string_or_empty(summary, "kinds"),
            "login refused: " + std::to_string(20'000 - burst) + ", request refused: 100");
}

TEST_F(LogTest, TheEndTellsWhatWasLeftOut) {
  {
    Log log = make(LogFormat::text);
    const PeerLog peers(log);
    for (int i = 0; i < 31; ++i) peers.info("login refused");
  }
  EXPECT_NE(lines_.back().find("count=1 kinds=\"login refused: 1\""), std::string::npos) << lines_.back();
}

TEST_F(LogTest, LinesBelowTheLevelTakeNothingFromTheBucket) {
  Log log = make(LogFormat::json, Level::warn);
  const PeerLog peers(log);

  for (int i = 0; i < 1'000; ++i) peers.info("not written");
  peers.warn("written");

  EXPECT_EQ(lines_.size(), 1U);
  EXPECT_EQ(log.peer_lines_left_out(), 0U);
}

TEST_F(LogTest, APeerLogWithoutALogDoesNothing) {
  const PeerLog nobody;
  nobody.error("not written");
  EXPECT_FALSE(nobody.enabled(Level::error));
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

TEST_F(LogTest, ALimitHasALineInTenSecondsThatSaysHowOftenItWasPassed) {
  Log log = make(LogFormat::json);
  const PeerLog peers(log);
  const auto pass = [&](const char* option, int client) { peers.limit(option, {"client", client}); };

  for (int client = 1; client <= 5; ++client) pass("--event-rate", client);
  pass("--write-rate", 7);
  ASSERT_EQ(lines_.size(), 2U) << "each limit has lines of its own";
  EXPECT_NE(lines_[0].find(R"("message":"limit passed","limit":"--event-rate","times":1,"client":1})"),
            std::string::npos)
      << lines_[0];
  clock_.advance(LimitLines::kPause);
  pass("--event-rate", 6);

  ASSERT_EQ(lines_.size(), 3U);
  EXPECT_NE(lines_[2].find(R"("limit":"--event-rate","times":5,"client":6})"), std::string::npos)
      << lines_[2];
}

TEST_F(LogTest, LimitsAreSilentBelowTheLevelOfTheirLines) {
  Log log = make(LogFormat::json, Level::error);

  PeerLog(log).limit("--event-rate", {"client", 1});

  EXPECT_TRUE(lines_.empty());
}

}  // namespace
}  // namespace togglecast::observe
