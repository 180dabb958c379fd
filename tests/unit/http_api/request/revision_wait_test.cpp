#include "http_api/request/revision_wait.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace togglecast::http_api {
namespace {

// A model and a feed that are moved by hand, and shards without threads.
class RevisionWaitTest : public ::testing::Test {
 protected:
  RevisionWaitTest() {
    snapshot_ = std::make_shared<domain::Snapshot>("production", domain::Head{});
    model_.add(changes::Ring(snapshot_));
  }

  void commit() {
    domain::Head head = snapshot_->head();
    ++head.revision;
    const auto after = std::make_shared<domain::Snapshot>("production", head);
    domain::LogRow row;
    row.environment = "production";
    row.head = head;
    model_.advance(after);
    feed_.publish(std::make_shared<changes::Commit>(changes::Commit{row, snapshot_, after, {}}));
    snapshot_ = after;
  }

  void wait_for(domain::Revision revision, Milliseconds longest = std::chrono::minutes{1},
                const std::string& environment = "production") {
    waits_.wait(shards_.at(0), environment, revision, longest, [this](bool arrived) { outcome_ = arrived; });
  }

  net::ShardPool shards_{1};
  changes::ReadModel model_;
  changes::ChangeFeed feed_;
  domain::SnapshotPtr snapshot_;
  RevisionWait waits_{shards_, feed_, model_};
  std::optional<bool> outcome_;
};

TEST_F(RevisionWaitTest, DoesNotWaitForWhatIsHere) {
  commit();

  wait_for(1);

  EXPECT_EQ(outcome_, true);
}

TEST_F(RevisionWaitTest, EndsWithTheCommitThatBringsIt) {
  wait_for(2);
  commit();
  shards_.at(0).run_ready();
  EXPECT_EQ(outcome_, std::nullopt);

  commit();
  shards_.at(0).run_ready();

  EXPECT_EQ(outcome_, true);
}

TEST_F(RevisionWaitTest, IsNotEndedByAnotherEnvironment) {
  wait_for(1, std::chrono::minutes{1}, "staging");

  commit();
  shards_.at(0).run_ready();

  EXPECT_EQ(outcome_, std::nullopt);
}

TEST_F(RevisionWaitTest, GivesUpInTime) {
  wait_for(1, Milliseconds{1});

  const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!outcome_ && std::chrono::steady_clock::now() < latest) shards_.at(0).run_ready();

  EXPECT_EQ(outcome_, false);
  commit();
  shards_.at(0).run_ready();
  EXPECT_EQ(outcome_, false);
}

}  // namespace
}  // namespace togglecast::http_api
