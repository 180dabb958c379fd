#include "changes/feed.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace togglecast::changes {
namespace {

class FeedTest : public ::testing::Test {
 protected:
  static CommitPtr commit(domain::Revision revision) {
    Commit one;
    one.row.head.revision = revision;
    return std::make_shared<const Commit>(std::move(one));
  }
  ChangeFeed::Listener note(std::vector<domain::Revision>& heard) {
    return [&heard](const CommitPtr& one) { heard.push_back(one->row.head.revision); };
  }

  std::vector<std::string> failures_;
  ChangeFeed feed_{[this](std::string_view message) { failures_.emplace_back(message); }};
};

TEST_F(FeedTest, ASubscriberThatThrowsIsToldAgainAndDoesNotStopTheOthers) {
  int throws = 2;
  std::vector<domain::Revision> first;
  std::vector<domain::Revision> second;
  const auto one = feed_.subscribe([&](const CommitPtr& commit) {
    if (throws-- > 0) throw std::runtime_error("no memory");
    first.push_back(commit->row.head.revision);
  });
  const auto other = feed_.subscribe(note(second));

  EXPECT_FALSE(feed_.publish(commit(1)));
  EXPECT_FALSE(feed_.publish(commit(2)));
  EXPECT_EQ(second, (std::vector<domain::Revision>{1, 2}));
  EXPECT_TRUE(first.empty());

  EXPECT_TRUE(feed_.tell());

  EXPECT_EQ(first, (std::vector<domain::Revision>{1, 2}));
  EXPECT_EQ(second, (std::vector<domain::Revision>{1, 2})) << "nobody else hears it again";
  EXPECT_EQ(failures_, (std::vector<std::string>{"no memory", "no memory"}));
}

TEST_F(FeedTest, ASubscriberThatNeverTakesAnythingHoldsABoundedNumberOfEvents) {
  std::vector<domain::Revision> heard;
  bool broken = true;
  const auto one = feed_.subscribe([&](const CommitPtr& commit) {
    if (broken) throw std::runtime_error("broken");
    heard.push_back(commit->row.head.revision);
  });
  std::weak_ptr<const Commit> oldest;
  {
    const auto first = commit(1);
    oldest = first;
    feed_.publish(first);
  }
  const auto most = static_cast<domain::Revision>(ChangeFeed::kMostUntold);
  for (domain::Revision revision = 2; revision <= most; ++revision) feed_.publish(commit(revision));
  EXPECT_FALSE(oldest.expired());

  feed_.publish(commit(most + 1));
  broken = false;

  EXPECT_TRUE(oldest.expired());
  EXPECT_TRUE(feed_.tell());
  ASSERT_EQ(heard.size(), ChangeFeed::kMostUntold);
  EXPECT_EQ(heard.front(), 2);
  EXPECT_EQ(heard.back(), most + 1);
}

TEST_F(FeedTest, ASubscriberThatLeavesHoldsNothingBack) {
  auto broken = feed_.subscribe([](const CommitPtr&) { throw std::runtime_error("broken"); });
  EXPECT_FALSE(feed_.publish(commit(1)));

  broken.reset();

  EXPECT_TRUE(feed_.tell());
}

TEST_F(FeedTest, ANewEnvironmentIsToldInOrderWithTheCommits) {
  std::vector<std::string> told;
  const auto one = feed_.subscribe(
      [&](const CommitPtr& commit) { told.push_back(std::to_string(commit->row.head.revision)); },
      [&](const domain::SnapshotPtr& first) { told.push_back(first->environment()); });
  std::vector<domain::Revision> commits_only;
  const auto other = feed_.subscribe(note(commits_only));

  feed_.publish(commit(1));
  ChangeFeed::Prepared event(1);
  event.front().first = std::make_shared<domain::Snapshot>("staging", domain::Head{});
  feed_.publish(std::move(event));
  feed_.publish(commit(2));

  EXPECT_EQ(told, (std::vector<std::string>{"1", "staging", "2"}));
  EXPECT_EQ(commits_only, (std::vector<domain::Revision>{1, 2}));
}

TEST_F(FeedTest, ASubscriberHearsOfNothingFromBeforeItsTime) {
  const auto broken = feed_.subscribe([](const CommitPtr&) { throw std::runtime_error("broken"); });
  feed_.publish(commit(1));
  std::vector<domain::Revision> heard;

  const auto late = feed_.subscribe(note(heard));
  feed_.publish(commit(2));

  EXPECT_EQ(heard, (std::vector<domain::Revision>{2}));
}

}  // namespace
}  // namespace togglecast::changes
