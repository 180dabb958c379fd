#include "http_api/handlers/rollouts.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace togglecast::http_api {
namespace {

TEST(RolloutCsv, CellsAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(csv_cell(""), "");
  EXPECT_EQ(csv_cell("acme"), "acme");
  EXPECT_EQ(csv_cell("Acme, Inc."), "\"Acme, Inc.\"");
  EXPECT_EQ(csv_cell("the \"best\""), "\"the \"\"best\"\"\"");
  EXPECT_EQ(csv_cell("two\nlines"), "\"two\nlines\"");
}

TEST(RolloutCsv, NoCellIsAFormula) {
  for (const std::string_view start : {"=", "+", "-", "@", "\t", "\r", "\n"})
    EXPECT_EQ(csv_cell(std::string(start) + "1"), "\"'" + std::string(start) + "1\"");
  EXPECT_EQ(csv_cell("=1,\"2\""), "\"'=1,\"\"2\"\"\"");
  EXPECT_EQ(csv_cell("1=2"), "1=2");
}

TEST(RolloutCsv, HasAHeaderAndRowsOfItsLength) {
  delivery::RolloutReport report;
  report.rollout.revision = 7;
  report.rollout.counts.concerned = 1;
  report.rollout.counts.resumed = 2;
  report.laggards.push_back({3, "connection", "acme", "Acme", "polling", delivery::Stage::sent, 12, "eu-1"});

  const std::string text = rollout_csv("production", report);

  std::size_t rows = 0;
  for (std::size_t begin = 0; begin < text.size(); ++rows) {
    const std::size_t end = text.find("\r\n", begin);
    ASSERT_NE(end, std::string::npos);
    const std::string_view row = std::string_view(text).substr(begin, end - begin);
    EXPECT_EQ(std::count(row.begin(), row.end(), ','), 20) << row;
    EXPECT_EQ(row.starts_with("environment,revision,"), rows == 0) << row;
    begin = end + 2;
  }
  EXPECT_EQ(rows, 7U) << "header, three stages, the offline clients, the resumed sessions, a laggard";
  EXPECT_NE(text.find(",eu-1\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find(",resumed,,2,"), std::string::npos) << text;
}

}  // namespace
}  // namespace togglecast::http_api
