// Writes that wait share a transaction, and each gets its own answer.
#include <atomic>

#include "changes/committer.hpp"
#include "unit/changes/changes_fixture.hpp"
#include "unit/changes/failing_allocations.hpp"

namespace togglecast::changes {
namespace {

using testing::Revisions;
using testing::up_to;
using Answers = std::vector<Result<Written>>;

class WritesTogether : public testing::ChangesTest {
 protected:
  WritesTogether() {
    options_.queue = 100;
    faults_.commit = [this](const testing::StoreFaults::Commit& commit) {
      const std::size_t number = ++commits_;
      return on_commit_ ? on_commit_(number, commit) : commit();
    };
  }

  /// All of them wait when the committer begins.
  Answers submit(std::vector<WriteRequest> requests) {
    const std::size_t count = requests.size();
    test::Mailbox<Result<Written>> answers;
    tail_->start();
    for (auto& request : requests)
      committer_->submit(std::move(request), [&](Result<Written> one) { answers.put(std::move(one)); });
    committer_->start();
    Answers all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(answers.take().value());
    return all;
  }
  std::vector<WriteRequest> creations(int count) {
    std::vector<WriteRequest> all;
    for (int i = 1; i <= count; ++i) all.push_back(creation("p" + std::to_string(i)));
    return all;
  }
  static WriteRequest refused() {
    return own_write("production", Source::rest,
                     [](WriteContext&) -> Result<Draft> { return fail(Errc::conflict, "not this one"); });
  }
  static Revisions revisions_of(const Answers& answers) {
    Revisions all;
    for (const auto& answer : answers) all.push_back(answer ? answer->revision : 0);
    return all;
  }
  /// The state and what the subscribers heard.
  void expect_newest(domain::Revision revision) {
    EXPECT_TRUE(becomes(revision));
    EXPECT_TRUE(test::eventually([&] { return ear_.revisions() == up_to(revision); }));
    EXPECT_EQ(store_->open_reader().value()->rows_after("production", 0, 100).value().size(),
              static_cast<std::size_t>(revision));
  }

  std::atomic<std::size_t> commits_{0};
  std::function<Result<void>(std::size_t number, const testing::StoreFaults::Commit& commit)> on_commit_;
};

TEST_F(WritesTogether, AreRevisionsOfTheirOwn) {
  open();

  const auto answers = submit(creations(5));

  EXPECT_EQ(revisions_of(answers), up_to(5));
  for (const auto& answer : answers)
    EXPECT_EQ(answer->body.at("key"), json::value("p" + std::to_string(answer->revision)));
  EXPECT_EQ(commits_, 1U);
  expect_newest(5);
  const auto commits = ear_.commits();
  for (std::size_t i = 1; i < commits.size(); ++i) EXPECT_EQ(commits[i]->before, commits[i - 1]->after);
}

TEST_F(WritesTogether, AreNotMoreThanOthersMayWaitFor) {
  open();

  const auto answers = submit(creations(2 * kWritesTogether + 1));

  EXPECT_EQ(revisions_of(answers), up_to(2 * kWritesTogether + 1));
  EXPECT_EQ(commits_, 3U);
}

TEST_F(WritesTogether, OneThatIsRefusedRefusesItselfAlone) {
  open();
  auto requests = creations(3);
  requests.insert(requests.begin() + 1, refused());

  const auto answers = submit(std::move(requests));

  EXPECT_EQ(revisions_of(answers), (Revisions{1, 0, 2, 3}));
  EXPECT_EQ(answers[1].error().message, "not this one");
  EXPECT_EQ(commits_, 1U);
  expect_newest(3);
}

TEST_F(WritesTogether, OneThatTheStoreDoesNotTakeFailsForNoOther) {
  std::atomic<int> added{0};
  faults_.add = [&]() -> Result<void> {
    if (++added == 2) return fail(Errc::internal, "a statement failed");
    return {};
  };
  open();

  const auto answers = submit(creations(3));

  EXPECT_EQ(revisions_of(answers), up_to(3));
  EXPECT_EQ(commits_, 3U) << "each by itself";
  expect_newest(3);
}

TEST_F(WritesTogether, AfterAFailedCommitEachIsTriedByItself) {
  on_commit_ = [](std::size_t number, const testing::StoreFaults::Commit& commit) -> Result<void> {
    if (number == 1) return fail(Errc::unavailable, "the disk is full");
    return commit();
  };
  open();

  const auto answers = submit(creations(3));

  EXPECT_EQ(revisions_of(answers), up_to(3));
  EXPECT_EQ(commits_, 4U);
  expect_newest(3);
}

TEST_F(WritesTogether, ACommitThatReportsFailureAndHappenedIsNotRepeated) {
  on_commit_ = [](std::size_t, const testing::StoreFaults::Commit& commit) -> Result<void> {
    auto done = commit();
    return fail(Errc::unavailable, "the connection broke");
  };
  open();

  const auto answers = submit(creations(3));

  EXPECT_EQ(revisions_of(answers), up_to(3));
  EXPECT_EQ(commits_, 1U);
  expect_newest(3);
}

TEST_F(WritesTogether, ACommitThatNobodyCanAskAboutIsSaidToBeUnknownToEach) {
  std::atomic<bool> broken{false};
  faults_.begin = [&]() -> Result<void> {
    if (broken) return fail(Errc::unavailable, "the connection broke");
    return {};
  };
  on_commit_ = [&](std::size_t, const testing::StoreFaults::Commit& commit) -> Result<void> {
    auto done = commit();
    broken = true;
    return fail(Errc::unavailable, "the connection broke");
  };
  open();
  auto requests = creations(2);
  requests.push_back(refused());

  const auto answers = submit(std::move(requests));

  for (int i : {0, 1}) {
    ASSERT_FALSE(answers[i].has_value());
    EXPECT_NE(answers[i].error().message.find("may exist as revision " + std::to_string(i + 1)),
              std::string::npos)
        << answers[i].error().message;
  }
  EXPECT_EQ(answers[2].error().message, "not this one");
  EXPECT_EQ(commits_, 1U);
  tail_->notice();
  EXPECT_TRUE(becomes(2)) << "the tail finds them by itself";
}

TEST_F(WritesTogether, ARepeatedRequestIsOne) {
  open();
  auto requests = creations(2);
  requests.push_back(creation("p3"));
  for (std::size_t i : {0U, 2U})
    requests[i].idempotency = storage::IdempotencyKey{"admin 1", "the same", sha256("the same")};

  const auto answers = submit(std::move(requests));

  EXPECT_EQ(revisions_of(answers), (Revisions{1, 2, 1}));
  EXPECT_TRUE(answers[2]->replayed);
  EXPECT_EQ(json::serialize(answers[2]->body), json::serialize(answers[0]->body)) << "the same bytes";
  expect_newest(2);
}

TEST_F(WritesTogether, OfTwoEnvironmentsStayApart) {
  open();
  ASSERT_TRUE(store_->create_environment("staging", sha256("staging"), {1'700'000'000'000}).has_value());
  ASSERT_TRUE(tail_->follow().has_value());
  auto requests = creations(3);
  requests[1].environment = "staging";

  const auto answers = submit(std::move(requests));

  EXPECT_EQ(revisions_of(answers), (Revisions{1, 1, 2}));
  EXPECT_EQ(commits_, 3U);
}

// Each allocation between the commit and the answers fails once.
TEST_F(WritesTogether, AnyAllocationAfterTheCommitMayFail) {
  open();
  tail_->start();
  bool failed = true;
  domain::Revision newest = 0;
  for (std::size_t successes = 0; failed; ++successes) {
    ASSERT_LT(successes, 1'000U);
    CommitPipeline pipeline(*store_, model_, *tail_, clock_, log_, metrics_, options_.pipeline);
    on_commit_ = [&](std::size_t, const testing::StoreFaults::Commit& commit) {
      auto done = commit();
      test::fail_an_allocation_after(successes);
      return done;
    };
    const auto first = creation("a" + std::to_string(successes)),
               second = creation("b" + std::to_string(successes));
    Answers answers;
    answers.reserve(2);

    pipeline.write(std::vector<const WriteRequest*>{&first, &second}, answers);
    failed = test::allocation_has_failed();

    newest += 2;
    EXPECT_EQ(revisions_of(answers), (Revisions{newest - 1, newest})) << successes;
    EXPECT_EQ(current()->revision(), newest);
    EXPECT_TRUE(test::eventually([&] { return ear_.revisions() == up_to(newest); })) << successes;
  }
  EXPECT_GT(newest, 4) << "something allocates there, so something has failed";
}

}  // namespace
}  // namespace togglecast::changes
