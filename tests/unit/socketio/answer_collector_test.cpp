#include "socketio/answer_collector.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace togglecast::socketio {
namespace {

class AnswerCollectorTest : public ::testing::Test {
 protected:
  std::shared_ptr<AnswerCollector> collector() {
    return std::make_shared<AnswerCollector>([this](Answers answers) {
      ++calls_;
      answers_ = std::move(answers);
    });
  }

  net::Shard shard_{0};
  int calls_ = 0;
  Answers answers_;
};

TEST_F(AnswerCollectorTest, IsCompleteWhenEveryoneHasAnswered) {
  const auto collecting = collector();
  collecting->start(shard_, Milliseconds(60'000), 2);
  collecting->answer(arguments(1));
  EXPECT_EQ(calls_, 0);

  collecting->answer(arguments(2));

  EXPECT_EQ(calls_, 1);
  EXPECT_FALSE(answers_.timed_out);
  EXPECT_EQ(answers_.answers.size(), 2U);
}

TEST_F(AnswerCollectorTest, AnswersMayComeBeforeItIsKnownHowMany) {
  const auto collecting = collector();
  collecting->answer(arguments(1));
  collecting->answer(arguments(2));
  EXPECT_EQ(calls_, 0);

  collecting->start(shard_, Milliseconds(60'000), 2);

  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(answers_.answers.size(), 2U);
}

TEST_F(AnswerCollectorTest, NobodyAskedIsCompleteAtOnce) {
  collector()->start(shard_, Milliseconds(60'000), 0);

  EXPECT_EQ(calls_, 1);
  EXPECT_FALSE(answers_.timed_out);
}

TEST_F(AnswerCollectorTest, TheTimeOutBringsThoseWhoDidAnswer) {
  const auto collecting = collector();
  collecting->start(shard_, Milliseconds(1), 2);
  collecting->answer(arguments("early"));

  while (calls_ == 0) shard_.run_ready();
  collecting->answer(arguments("late"));

  EXPECT_EQ(calls_, 1);
  EXPECT_TRUE(answers_.timed_out);
  EXPECT_EQ(answers_.answers.size(), 1U);
}

TEST_F(AnswerCollectorTest, SurvivesWithoutItsMakerUntilTheTimeOut) {
  collector()->start(shard_, Milliseconds(1), 1);

  while (calls_ == 0) shard_.run_ready();

  EXPECT_TRUE(answers_.timed_out);
}

TEST(AnswerCollector, IsFreedWhenTheShardEndsBeforeTheTimeOut) {
  auto held = std::make_shared<int>(0);
  {
    net::Shard shard(0);
    std::make_shared<AnswerCollector>([held](const Answers&) {})->start(shard, Milliseconds(60'000), 1);
    EXPECT_EQ(held.use_count(), 2);
  }

  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace togglecast::socketio
