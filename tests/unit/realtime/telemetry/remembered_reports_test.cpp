#include "realtime/telemetry/remembered_reports.hpp"

#include <gtest/gtest.h>

namespace togglecast::realtime {
namespace {

class RememberedReportsTest : public ::testing::Test {
 protected:
  Result<TakenReport> report(const std::string& key, domain::Id client = 1, const std::string& text = "{}") {
    return reports_.once("production", client, key, sha256(text), now_, [this] {
      return TakenReport{++taken_, 0};
    });
  }

  TimePoint now_{std::chrono::hours{100}};
  RememberedReports reports_{{.per_client = 2, .all = 3}};
  std::size_t taken_ = 0;
};

TEST_F(RememberedReportsTest, ARepeatedReportCountsOnceAndIsAnsweredAsItWas) {
  EXPECT_EQ(report("a")->accepted, 1U);
  EXPECT_EQ(report("b")->accepted, 2U);

  EXPECT_EQ(report("a")->accepted, 1U);
  EXPECT_EQ(taken_, 2U);
}

TEST_F(RememberedReportsTest, AKeyIsItsClientsOwn) {
  EXPECT_EQ(report("a", 1)->accepted, 1U);
  EXPECT_EQ(report("a", 2)->accepted, 2U);
}

TEST_F(RememberedReportsTest, AKeyNamesOneReport) {
  ASSERT_TRUE(report("a").has_value());

  EXPECT_EQ(report("a", 1, "another").error().code, Errc::conflict);
}

TEST_F(RememberedReportsTest, AClientForgetsItsOwnOldestKey) {
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(report(key).has_value());

  EXPECT_EQ(report("b")->accepted, 2U);
  EXPECT_EQ(report("a")->accepted, 4U) << "as a new one";
}

TEST_F(RememberedReportsTest, AllClientsTogetherForgetTheOldestKey) {
  for (domain::Id client = 1; client <= 4; ++client) ASSERT_TRUE(report("a", client).has_value());

  EXPECT_EQ(report("a", 2)->accepted, 2U);
  EXPECT_EQ(report("a", 1)->accepted, 5U);
}

TEST_F(RememberedReportsTest, AfterADayAKeyIsFree) {
  ASSERT_TRUE(report("a").has_value());

  now_ += std::chrono::hours{24};
  EXPECT_EQ(report("a")->accepted, 1U);
  now_ += std::chrono::seconds{1};
  EXPECT_EQ(report("a")->accepted, 2U);
}

}  // namespace
}  // namespace togglecast::realtime
