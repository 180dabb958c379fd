// What goes wrong around a commit: nothing is lost, and the caller gets the truth.
#include <set>
#include <stdexcept>

#include "changes/committer.hpp"
#include "unit/changes/changes_fixture.hpp"
#include "unit/changes/failing_allocations.hpp"

namespace togglecast::changes {
namespace {

using testing::create;
using testing::OtherProcess;
using testing::platform;
using testing::Revisions;
using testing::up_to;

class CommitterFaults : public testing::ChangesTest {
 protected:
  Result<Written> submit(WriteRequest request) {
    test::Mailbox<Result<Written>> answer;
    committer_->submit(std::move(request), [&](Result<Written> written) { answer.put(std::move(written)); });
    return answer.take().value();
  }
};

// Each allocation between the commit and the answer fails once: of the answer, of the read model, of the feed
// and of a subscriber.
TEST_F(CommitterFaults, AnyAllocationAfterTheCommitMayFail) {
  std::size_t successes = 0;
  faults_.commit = [&](const testing::StoreFaults::Commit& commit) {
    auto done = commit();
    test::fail_an_allocation_after(successes);
    return done;
  };
  open();
  tail_->start();
  bool failed = true;

  for (; failed; ++successes) {
    ASSERT_LT(successes, 1'000U);
    const auto request = testing::ChangesTest::creation("p" + std::to_string(successes));
    const auto written = committer_->perform(request);
    failed = test::allocation_has_failed();

    const auto revision = static_cast<domain::Revision>(successes) + 1;
    ASSERT_TRUE(written.has_value()) << successes << ": " << written.error().message;
    EXPECT_EQ(written->revision, revision);
    EXPECT_EQ(current()->revision(), revision) << "answered after the read model has moved";
    EXPECT_TRUE(test::eventually([&] { return ear_.revisions() == up_to(revision); })) << successes;
  }

  EXPECT_GT(successes, 1U) << "something allocates there, so something has failed";
  const auto commits = ear_.commits();
  for (std::size_t i = 1; i < commits.size(); ++i) EXPECT_EQ(commits[i]->before, commits[i - 1]->after);
  EXPECT_TRUE(committer_->health().has_value());
}

TEST_F(CommitterFaults, AnExceptionOfTheStoreAfterTheCommitIsAnsweredAsTheSuccessItIs) {
  std::atomic<bool> fail_now{true};
  faults_.commit = [&](const testing::StoreFaults::Commit& commit) {
    auto done = commit();
    if (fail_now.exchange(false)) throw std::bad_alloc();
    return done;
  };
  open();
  tail_->start();
  committer_->start();

  const auto first = submit(creation("web"));
  const auto second = submit(creation("ios"));

  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->revision, 1);
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_EQ(second->revision, 2);
  EXPECT_EQ(ear_.revisions(), up_to(2));
  EXPECT_TRUE(committer_->health().has_value());
}

TEST_F(CommitterFaults, ACommitThatReportsFailureAndDidNotHappenIsAFailure) {
  faults_.commit = [](const testing::StoreFaults::Commit&) -> Result<void> {
    return fail(Errc::unavailable, "the disk is full");
  };
  open();
  tail_->start();
  committer_->start();

  const auto written = submit(creation("web"));

  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, Errc::unavailable);
  EXPECT_EQ(written.error().message, "the disk is full");
  EXPECT_EQ(current()->revision(), 0);
  EXPECT_FALSE(committer_->health().has_value());
}

TEST_F(CommitterFaults, ACommitThatNobodyCanAskAboutIsSaidToBeUnknown) {
  std::atomic<bool> broken{false};
  faults_.begin = [&]() -> Result<void> {
    if (broken) return fail(Errc::unavailable, "the connection broke");
    return {};
  };
  faults_.commit = [&](const testing::StoreFaults::Commit& commit) -> Result<void> {
    auto done = commit();
    broken = true;
    return fail(Errc::unavailable, "the connection broke");
  };
  open();
  committer_->start();

  const auto written = submit(creation("web"));

  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, Errc::unavailable);
  EXPECT_NE(written.error().message.find("may exist as revision 1"), std::string::npos)
      << written.error().message;
  tail_->start();
  tail_->notice();
  EXPECT_TRUE(becomes(1)) << "the tail finds it by itself";
  EXPECT_EQ(ear_.revisions(), up_to(1));
}

TEST_F(CommitterFaults, AChangeThatCannotBeShownInTimeIsAnsweredAllTheSame) {
  options_.pipeline.visible = Milliseconds{1};
  faults_.commit = [](const testing::StoreFaults::Commit& commit) {
    auto done = commit();
    test::fail_an_allocation_after(0);
    return done;
  };
  open();  // the tail's thread does not run

  const auto written = committer_->perform(creation("web"));
  EXPECT_TRUE(test::allocation_has_failed());

  ASSERT_TRUE(written.has_value()) << written.error().message;
  EXPECT_EQ(written->revision, 1);
  EXPECT_EQ(current()->revision(), 0);
  tail_->start();
  EXPECT_TRUE(becomes(1)) << "the tail was told";
}

TEST_F(CommitterFaults, RowsOfAnotherProcessAreTakenBeforeTheChangeIsBuilt) {
  open();
  committer_->start();
  OtherProcess(data()).write("production", {create(platform(1, "web"))});

  const auto refused = submit(creation("web"));
  const auto written = submit(creation("ios"));

  EXPECT_EQ(refused.error().code, Errc::already_exists);
  ASSERT_TRUE(written.has_value()) << written.error().message;
  EXPECT_EQ(written->revision, 2);
  EXPECT_EQ(written->id, 2);
  EXPECT_EQ(ear_.revisions(), up_to(2));
}

TEST_F(CommitterFaults, AnAnswerThatThrowsEndsNothing) {
  options_.queue = 1;
  open();
  tail_->start();
  committer_->start();
  committer_->submit(creation("web"), [](Result<Written>) { throw std::runtime_error("nobody listens"); });
  EXPECT_TRUE(test::eventually([this] { return counted("togglecast_write_answers_failed_total 1"); }));

  const auto next = submit(creation("ios"));
  committer_->stop();
  committer_->submit(creation("tv"), [](Result<Written>) { throw std::runtime_error("nobody listens"); });

  ASSERT_TRUE(next.has_value()) << next.error().message;
  EXPECT_EQ(next->revision, 2);
  EXPECT_TRUE(counted("togglecast_write_answers_failed_total 2"));
}

TEST_F(CommitterFaults, ABuildThatThrowsIsAnAnswer) {
  open();
  tail_->start();
  committer_->start();

  const auto refused = submit(own_write("production", Source::rest, [](WriteContext&) -> Result<Draft> {
    throw std::runtime_error("a fault in a builder");
  }));

  EXPECT_EQ(refused.error().code, Errc::internal);
  EXPECT_TRUE(submit(creation("web")).has_value());
  EXPECT_TRUE(committer_->health().has_value());
}

TEST_F(CommitterFaults, EnvironmentsAreMadeWhileItRuns) {
  open();
  std::vector<std::string> told;
  const auto subscription = feed_.subscribe(
      [&](const CommitPtr& commit) { told.push_back(commit->row.environment); },
      [&](const domain::SnapshotPtr& first) { told.push_back("new " + first->environment()); });
  tail_->start();
  committer_->start();
  const auto add = [this](const std::string& key) {
    test::Mailbox<Result<void>> answer;
    committer_->add_environment(key, sha256(key), [&](Result<void> done) { answer.put(std::move(done)); });
    return answer.take().value();
  };

  const auto added = add("staging");
  auto request = creation("web");
  request.environment = "staging";
  const auto written = submit(std::move(request));

  ASSERT_TRUE(added.has_value()) << added.error().message;
  ASSERT_TRUE(written.has_value()) << written.error().message;
  EXPECT_EQ(current("staging")->head().revision, 1);
  EXPECT_EQ(told, (std::vector<std::string>{"new staging", "staging"}));
  EXPECT_EQ(add("staging").error().code, Errc::already_exists);
  EXPECT_EQ(add("No Key").error().code, Errc::invalid_argument);
  EXPECT_TRUE(committer_->health().has_value());
}

}  // namespace
}  // namespace togglecast::changes
