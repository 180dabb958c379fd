#include "changes/tail.hpp"

#include <atomic>
#include <functional>
#include <stdexcept>

#include "unit/changes/changes_fixture.hpp"

namespace togglecast::changes {
namespace {

using testing::create;
using testing::OtherProcess;
using testing::platform;
using testing::Revisions;
using testing::up_to;

class TailTest : public testing::ChangesTest {};

TEST_F(TailTest, AnOfferedRowIsTakenOnTheCallersThreadWithoutReading) {
  open();
  auto row = written_row(current(), 1);
  const CommitPtr offered = row.front().commit;

  tail_->offer(std::move(row));

  EXPECT_EQ(current(), offered->after);
  EXPECT_EQ(ear_.commits(), (std::vector<CommitPtr>{offered}));
  EXPECT_EQ(reader_.rows, 0);
}

TEST_F(TailTest, ARowAfterAGapBringsTheMissingOnesFromTheStore) {
  open();
  tail_->start();
  const auto first = written_row(current(), 1).front().commit->after;
  auto second = written_row(first, 2);

  tail_->offer(std::move(second));

  EXPECT_TRUE(becomes(2));
  EXPECT_TRUE(test::eventually([this] { return ear_.revisions() == up_to(2); }));
  const auto commits = ear_.commits();
  EXPECT_EQ(commits[1]->before, commits[0]->after);
  EXPECT_NE(current()->find_by_key<domain::Platform>("p1"), nullptr);
}

TEST_F(TailTest, WhoAsksAndThrowsStopsNobodyElse) {
  open();
  tail_->start();
  std::atomic<int> asked{0};
  const auto ask = [&](std::function<void(bool)> then) {
    return test::eventually([&] { return tail_->look_then(then); });
  };

  EXPECT_TRUE(ask([&](bool) {
    ++asked;
    throw std::runtime_error("an asker that fails");
  }));
  EXPECT_TRUE(ask([&](bool) { ++asked; }));
  EXPECT_TRUE(test::eventually([&] { return asked == 2; }));

  const auto first = written_row(current(), 1).front().commit->after;
  tail_->offer(written_row(first, 2));
  EXPECT_TRUE(becomes(2)) << "the thread goes on";
}

TEST_F(TailTest, ARowThatIsKnownAlreadyIsNotTakenAgain) {
  open();
  auto row = written_row(current(), 1);
  auto same = ChangeFeed::Prepared(row);
  tail_->offer(std::move(row));

  tail_->offer(std::move(same));

  EXPECT_EQ(ear_.revisions(), up_to(1));
}

TEST_F(TailTest, ARowOfAnotherHistoryIsNotTaken) {
  open();
  auto row = written_row(current(), 1);
  auto other = domain::LogRow(row.front().commit->row);
  other.head.digest = sha256("another history");
  auto after = domain::apply(*current(), other.change, other.head).value();

  tail_->offer(Tail::prepare(std::move(other), current(), std::move(after)));

  EXPECT_EQ(current()->revision(), 0);
  ASSERT_TRUE(tail_->follow().has_value());
  EXPECT_EQ(current(), ear_.commits().at(0)->after);
  EXPECT_EQ(current()->head(), row.front().commit->row.head) << "the store has the true one";
}

TEST_F(TailTest, AnIdleServerHearsOfRowsThatAnotherProcessWrites) {
  tail_options_.poll = Milliseconds{1};
  open();
  tail_->start();
  OtherProcess other(data());

  other.write("production", {create(platform(1, "web"))});
  EXPECT_TRUE(becomes(1));
  const auto last = other.write("production", {create(platform(2, "ios"))});
  EXPECT_TRUE(becomes(2));

  EXPECT_EQ(current()->head(), last.head);
  EXPECT_TRUE(test::eventually([this] { return ear_.revisions() == up_to(2); }));
  EXPECT_TRUE(counted("togglecast_revision{environment=\"production\"} 2"));
  EXPECT_TRUE(counted("togglecast_commits_total 2"));
}

TEST_F(TailTest, ANoticeNeedsNoPoll) {
  open();
  tail_->start();
  OtherProcess(data()).write("production", {create(platform(1, "web"))});

  tail_->notice();

  EXPECT_TRUE(becomes(1));
}

TEST_F(TailTest, MoreRowsThanOneReadTakesAreAllTaken) {
  open();
  tail_->start();
  OtherProcess other(data());
  const int rows = 300;
  for (int id = 1; id <= rows; ++id)
    other.write("production", {create(platform(id, "p" + std::to_string(id)))});

  tail_->notice();

  EXPECT_TRUE(becomes(rows));
  EXPECT_TRUE(test::eventually([this] { return ear_.revisions() == up_to(rows); }));
}

TEST_F(TailTest, AnIdlePollAsksForTheVersionAlone) {
  tail_options_.poll = Milliseconds{1};
  open();
  const int heads = reader_.heads;
  tail_->start();

  const int versions = reader_.versions;
  EXPECT_TRUE(test::eventually([&] { return reader_.versions >= versions + 5; }));

  EXPECT_EQ(reader_.heads, heads);
  EXPECT_EQ(reader_.rows, 0);
}

TEST_F(TailTest, AnEnvironmentOfAnotherProcessIsFollowedFromItsBeginning) {
  open();
  std::vector<std::string> told;
  test::Mailbox<std::string> mail;
  const auto subscription = feed_.subscribe(
      [&](const CommitPtr& commit) {
        mail.put(commit->row.environment + ' ' + std::to_string(commit->row.head.revision));
      },
      [&](const domain::SnapshotPtr& first) {
        mail.put("new " + first->environment() + ' ' + std::to_string(first->revision()));
      });
  tail_->start();
  OtherProcess other(data());

  other.create_environment("staging");
  tail_->notice();
  EXPECT_EQ(mail.take(), "new staging 0");
  other.write("staging", {create(platform(1, "web"))});
  tail_->notice();

  EXPECT_EQ(mail.take(), "staging 1");
  EXPECT_EQ(current("staging")->revision(), 1);
  EXPECT_EQ(current()->revision(), 0);
}

TEST_F(TailTest, ARowThatBreaksTheChainStopsThereAndIsReportedOnce) {
  open();
  tail_->start();
  OtherProcess other(data());
  other.write("production", {create(platform(1, "web"))});
  other.write_with_broken_chain("production", {create(platform(2, "ios"))});

  tail_->notice();

  EXPECT_TRUE(test::eventually([this] { return !tail_->health().has_value(); }));
  EXPECT_NE(tail_->health().error().message.find("chain of the change log is broken at revision 2"),
            std::string::npos)
      << tail_->health().error().message;
  EXPECT_EQ(current()->revision(), 1);
  EXPECT_TRUE(test::eventually([this] { return counted("togglecast_tail_failures_total 3"); }));
  const std::scoped_lock lock(lines_mutex_);
  EXPECT_EQ(lines_.size(), 1U);
}

TEST_F(TailTest, OneEnvironmentThatCannotBeFollowedDoesNotStopTheOthers) {
  open();
  tail_->start();
  OtherProcess other(data());
  other.write_with_broken_chain("production", {create(platform(1, "web"))});
  other.create_environment("staging");
  other.write("staging", {create(platform(1, "web"))});

  tail_->notice();

  EXPECT_TRUE(test::eventually([this] { return !tail_->health().has_value(); }));
  EXPECT_TRUE(tail_->reaches("staging", 1, test::kPatience));
}

TEST_F(TailTest, AReaderThatFailsForAWhileLosesNothing) {
  open();
  reader_.fail = true;
  tail_->start();
  OtherProcess(data()).write("production", {create(platform(1, "web"))});
  tail_->notice();
  EXPECT_TRUE(test::eventually([this] { return !tail_->health().has_value(); }));
  EXPECT_EQ(current()->revision(), 0);

  reader_.throw_bad_alloc = true;
  reader_.fail = false;
  EXPECT_TRUE(test::eventually(
      [this] { return !tail_->health().has_value() && tail_->health().error().message == "out of memory"; }));
  reader_.throw_bad_alloc = false;

  EXPECT_TRUE(becomes(1));
  EXPECT_TRUE(test::eventually([this] { return tail_->health().has_value(); }));
  EXPECT_EQ(ear_.revisions(), up_to(1));
}

TEST_F(TailTest, ASubscriberThatThrowsIsToldAgainByTheTailsThread) {
  open();
  tail_->start();
  std::atomic<int> throws{3};
  testing::Ear late;
  const auto subscription = feed_.subscribe([&](const CommitPtr& commit) {
    if (throws-- > 0) throw std::bad_alloc();
    late.hear(commit);
  });
  auto first = written_row(current(), 1);
  const auto after = first.front().commit->after;

  tail_->offer(std::move(first));
  EXPECT_EQ(ear_.revisions(), up_to(1));
  tail_->offer(written_row(after, 2));

  EXPECT_TRUE(test::eventually([&] { return late.revisions() == up_to(2); }));
  EXPECT_EQ(ear_.revisions(), up_to(2));
}

TEST_F(TailTest, CatchingUpReadsUntilTheHeadOfATransaction) {
  open();
  OtherProcess other(data());
  other.write("production", {create(platform(1, "web"))});
  const auto last = other.write("production", {create(platform(2, "ios"))});

  const auto state = tail_->catch_up("production", last.head);

  ASSERT_TRUE(state.has_value()) << state.error().message;
  EXPECT_EQ((*state)->head(), last.head);
  EXPECT_EQ(*state, current());
  EXPECT_EQ(ear_.revisions(), up_to(2));
  auto other_head = last.head;
  other_head.digest = sha256("another history");
  EXPECT_EQ(tail_->catch_up("production", other_head).error().code, Errc::unavailable);
  EXPECT_EQ(tail_->catch_up("nowhere", last.head).error().code, Errc::not_found);
}

TEST_F(TailTest, CatchingUpWithGivenRowsReadsOnlyWhatTheyLack) {
  open();
  OtherProcess other(data());
  const auto first = other.write("production", {create(platform(1, "web"))});
  const auto second = other.write("production", {create(platform(2, "ios"))});
  const auto third = other.write("production", {create(platform(3, "tv"))});
  auto strange = third;
  strange.head.digest = sha256("another history");

  EXPECT_EQ(tail_->catch_up("production", first.head, {first}).value()->head(), first.head);
  EXPECT_EQ(reader_.rows, 0);
  EXPECT_EQ(tail_->catch_up("production", third.head, {first, second, strange}).value()->head(), third.head);
  EXPECT_EQ(reader_.rows, 1) << "the third one";
  EXPECT_EQ(ear_.revisions(), up_to(3));
}

TEST_F(TailTest, WaitingForARevisionThatDoesNotComeEnds) {
  open();

  EXPECT_TRUE(tail_->reaches("production", 0, Milliseconds{0}));
  EXPECT_FALSE(tail_->reaches("production", 1, Milliseconds{1}));
  EXPECT_FALSE(tail_->reaches("nowhere", 0, Milliseconds{1}));
}

}  // namespace
}  // namespace togglecast::changes
