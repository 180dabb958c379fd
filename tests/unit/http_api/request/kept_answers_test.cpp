#include "http_api/request/kept_answers.hpp"

#include <gtest/gtest.h>

#include <string>

namespace togglecast::http_api {
namespace {

const domain::Version kNow{1, 7};

TEST(KeptAnswers, AreKeptFromTheirSecondUseForOneState) {
  observe::Metrics metrics;
  KeptAnswers answers(metrics);
  const KeptAnswer answer{kNow, "digest", "body"};

  answers.keep("view", answer);
  EXPECT_EQ(answers.find("view", kNow), nullptr) << "asked for once";
  answers.keep("view", answer);

  const auto kept = answers.find("view", kNow);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(kept->body, "body");
  EXPECT_EQ(kept->digest, "digest");
  EXPECT_EQ(answers.find("view", {1, 8}), nullptr) << "of another state";
  EXPECT_EQ(answers.find("view", {2, 7}), nullptr) << "of another epoch";
  EXPECT_EQ(answers.find("other view", kNow), nullptr);
  EXPECT_EQ(metrics.counter("togglecast_ofrep_kept_hits_total", "").value(), 1U);
  EXPECT_EQ(metrics.counter("togglecast_ofrep_kept_misses_total", "").value(), 4U);
}

TEST(KeptAnswers, ANewStateTakesThePlaceOfTheOld) {
  observe::Metrics metrics;
  KeptAnswers answers(metrics);
  for (int i = 0; i < 2; ++i) answers.keep("view", {kNow, "d", "old"});

  answers.keep("view", {{1, 8}, "d", "new"});

  EXPECT_EQ(answers.find("view", kNow), nullptr);
  EXPECT_EQ(answers.find("view", {1, 8})->body, "new");
}

TEST(KeptAnswers, LargeOnesAreNotKept) {
  observe::Metrics metrics;
  KeptAnswers answers(metrics);
  for (int i = 0; i < 2; ++i) answers.keep("view", {kNow, "d", std::string(KeptAnswers::kLargest + 1, 'x')});

  EXPECT_EQ(answers.find("view", kNow), nullptr);
}

TEST(KeptAnswers, TheViewIsKnownByTheBytesThatAskedForIt) {
  observe::Metrics metrics;
  KeptAnswers answers(metrics);
  answers.keep_view("client 1\n{}", "one");
  answers.keep_view("client 2\n{}", "two");

  EXPECT_EQ(answers.view_of("client 1\n{}"), "one");
  EXPECT_EQ(answers.view_of("client 2\n{}"), "two");
  EXPECT_EQ(answers.view_of("client 1\n{ }"), std::nullopt);
}

TEST(KeptAnswers, BytesOfQuestionsAreBounded) {
  observe::Metrics metrics;
  KeptAnswers answers(metrics);
  const std::string large(KeptAnswers::kLargestBody, 'x');
  EXPECT_TRUE(KeptAnswers::may_keep(large));
  EXPECT_FALSE(KeptAnswers::may_keep(large + 'x'));
  answers.keep_view("first", "one");
  for (std::size_t i = 0; i < 2 * KeptAnswers::kQuestions / large.size(); ++i)
    answers.keep_view(std::to_string(i) + large.substr(8), "other");

  EXPECT_EQ(answers.view_of("first"), std::nullopt) << "it made room";
}

}  // namespace
}  // namespace togglecast::http_api
