#include "app/probe/report.hpp"

#include <gmock/gmock.h>

namespace togglecast::app::probe {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

TEST(Report, GathersTheSamplesOfAStepAtAPlace) {
  Report report;
  for (const double ms : {5.0, 1.0, 9.0, 2.0})
    report.passed("client polling", "heartbeat", {"heartbeat"}, ms);
  report.passed("client websocket", "heartbeat", {"heartbeat", "heartbeat_ack"}, 3);

  const json::object shown = report.to_json("http://h");

  ASSERT_EQ(report.rows().size(), 2U);
  EXPECT_EQ(json::serialize(shown.at("steps").at(0)),
            R"({"where":"client polling","step":"heartbeat","outcome":"ok","events":["heartbeat"],)"
            R"("samples":4,"min_ms":1,"median_ms":3.5,"max_ms":9})");
  EXPECT_EQ(shown.at("ok"), true);
  EXPECT_THAT(report.table(), ContainsRegex("client polling +heartbeat +4 +1.00 +3.50 +9.00"));
}

TEST(Report, ColumnsStandBelowEachOtherWhateverTheLetters) {
  Report report;
  report.passed("http", "a \u2192 b", {}, 1);
  report.passed("http", "a long step", {}, 1);

  EXPECT_THAT(report.table(), HasSubstr("\nhttp   a \u2192 b            1"));
  EXPECT_THAT(report.table(), HasSubstr("\nhttp   a long step      1"));
}

TEST(Report, AFailureOutweighsTheSamplesOfItsStep) {
  Report report;
  report.passed("http", "/readyz", {}, 1);
  report.failed("http", "/readyz", "it answered 503");
  report.failed("http", "/readyz", "again");
  report.skipped("http", "clean", "nothing to do");

  EXPECT_EQ(report.count(Row::Outcome::failed), 1U);
  EXPECT_EQ(report.to_json("u").at("ok"), false);
  EXPECT_EQ(report.to_json("u").at("skipped"), 1U);
  EXPECT_THAT(report.table(), HasSubstr("failed: it answered 503"));
  EXPECT_THAT(report.table(), HasSubstr("skipped: nothing to do"));
}

}  // namespace
}  // namespace togglecast::app::probe
