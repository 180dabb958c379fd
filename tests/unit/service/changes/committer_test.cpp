#include "changes/committer.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <new>
#include <stdexcept>
#include <thread>

#include "support/eventually.hpp"
#include "unit/changes/faults.hpp"
#include "unit/domain/builders.hpp"
#include "unit/service/application_fixture.hpp"
#include "unit/storage/sqlite/other_process.hpp"

namespace togglecast::service {
namespace {

using domain::Platform;
using testing::wait_for;

class CommitterTest : public testing::ApplicationTest {
 protected:
  void open_with(changes::testing::StoreFaults faults) {
    open_on(std::make_unique<changes::testing::FaultyStore>(
        storage::sqlite::SqliteStore::open(folder_.path() / "data").value(), std::move(faults)));
  }
};

WriteOptions with_key(std::string key) {
  WriteOptions options;
  options.idempotency_key = std::move(key);
  return options;
}

TEST_F(CommitterTest, CommitsThenSwapsThenTellsThenAnswers) {
  open();
  std::vector<std::string> order;
  const auto subscription = application_->feed().subscribe([&](const changes::CommitPtr& commit) {
    order.push_back("told " + std::to_string(commit->row.head.revision) + " current " +
                    std::to_string(current()->revision()));
  });

  wait_for<changes::Written>([&](changes::Done done) {
    application_->platforms().create(
        admin(), testing::parse(R"({"key":"web","name":"Web"})"), {},
        [&order, done, this](Result<changes::Written> written) {
          order.push_back("answered, current " + std::to_string(current()->revision()));
          done(std::move(written));
        });
  });

  EXPECT_EQ(order, (std::vector<std::string>{"told 1 current 1", "answered, current 1"}));
}

TEST_F(CommitterTest, WorkOnTheStoreRunsBetweenWritesAndItsExceptionIsLogged) {
  auto store = storage::sqlite::SqliteStore::open(folder_.path() / "data").value();
  changes::ReadModel model(changes::RingLimits{}, nullptr);
  changes::ChangeFeed feed([](std::string_view) {});
  changes::Tail tail(model, feed, store->open_reader().value(), log_, metrics_);
  changes::Committer committer(*store, model, tail, clock_, log_, metrics_);
  std::promise<storage::Store*> ran;
  committer.start();

  ASSERT_TRUE(committer.submit_task([](storage::Store&) { throw std::runtime_error("a broken task"); }));
  ASSERT_TRUE(committer.submit_task([&ran](storage::Store& given) { ran.set_value(&given); }));

  EXPECT_EQ(ran.get_future().get(), store.get());
  const auto lines = log_lines();
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("a broken task") != std::string::npos;
  }));
  committer.stop();
  EXPECT_FALSE(committer.submit_task([](storage::Store&) {}));
}

TEST_F(CommitterTest, TellsWhatWasAndWhatIs) {
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  changes::CommitPtr told;
  const auto subscription =
      application_->feed().subscribe([&](const changes::CommitPtr& commit) { told = commit; });

  toggle_platform(1);

  ASSERT_NE(told, nullptr);
  EXPECT_EQ(told->row.environment, "production");
  EXPECT_TRUE(told->before->find<Platform>(1)->enabled);
  EXPECT_FALSE(told->after->find<Platform>(1)->enabled);
  EXPECT_EQ(told->after->offset(), domain::offset_of(told->row.head));
}

TEST_F(CommitterTest, AListenerThatLeftHearsNothing) {
  open();
  int heard = 0;
  auto subscription = application_->feed().subscribe([&](const changes::CommitPtr&) { ++heard; });
  create_platform(R"({"key":"web","name":"Web"})");

  subscription.reset();
  toggle_platform(1);

  EXPECT_EQ(heard, 1);
}

TEST_F(CommitterTest, ManyThreadsAtOnceGetOneOrderWithoutGaps) {
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  std::vector<domain::Revision> told;
  const auto subscription = application_->feed().subscribe(
      [&](const changes::CommitPtr& commit) { told.push_back(commit->row.head.revision); });
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};

  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, t, &failures] {
      for (int i = 0; i < 25; ++i) {
        const std::string key = "p" + std::to_string(t) + "-" + std::to_string(i);
        const auto created = create_platform(R"({"name":"P","key":")" + key + R"("})");
        if (!created || current()->revision() < created->revision) ++failures;
        if (!toggle_platform(1)) ++failures;
      }
    });
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(failures, 0);
  ASSERT_EQ(told.size(), 200U);
  for (std::size_t i = 0; i < told.size(); ++i) EXPECT_EQ(told[i], static_cast<domain::Revision>(i) + 2);
  EXPECT_EQ(current()->table<Platform>().by_id.size(), 101U);
  EXPECT_TRUE(current()->find<Platform>(1)->enabled);
}

TEST_F(CommitterTest, TimeDoesNotGoBackWhenTheClockDoes) {
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  const auto before = current()->as_of();
  clock_.advance(Milliseconds(-10'000));

  toggle_platform(1);

  EXPECT_EQ(current()->as_of(), before);
  reopen();
  EXPECT_EQ(current()->as_of(), before);
}

TEST_F(CommitterTest, ARepeatedRequestIsAnsweredAndNotDoneAgain) {
  open();
  const auto first = create_platform(R"({"key":"web","name":"Web"})", with_key("k1"));
  update_platform(1, R"({"name":"Later"})");
  reopen();

  const auto again = create_platform(R"({"name":"Web","key":"web"})", with_key("k1"));

  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->revision, first->revision);
  EXPECT_EQ(json::canonical(again->body), json::canonical(first->body));
  EXPECT_EQ(current()->revision(), 2);
}

TEST_F(CommitterTest, ARepeatedRequestThatChangedNothingStillChangesNothing) {
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  update_platform(1, R"({"enabled":true})", with_key("k1"));
  toggle_platform(1, false);

  const auto again = update_platform(1, R"({"enabled":true})", with_key("k1"));

  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(current()->revision(), 2);
  EXPECT_FALSE(current()->find<Platform>(1)->enabled);
}

TEST_F(CommitterTest, ARepeatedRequestThatChangedNothingIsAnsweredAsItWas) {
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  create_platform(R"({"key":"ios","name":"iOS"})");
  const auto first = update_platform(1, R"({"name":"Web"})", with_key("k1"));
  ASSERT_FALSE(first->changed);
  update_platform(1, R"({"name":"Later"})");

  const auto after_a_change = update_platform(1, R"({"name":"Web"})", with_key("k1"));
  remove_platform(1);
  const auto after_a_deletion = update_platform(1, R"({"name":"Web"})", with_key("k1"));

  for (const auto* again : {&after_a_change, &after_a_deletion}) {
    ASSERT_TRUE(again->has_value()) << again->error().message;
    EXPECT_TRUE((*again)->replayed);
    EXPECT_EQ((*again)->revision, first->revision);
    EXPECT_EQ(json::canonical((*again)->body), json::canonical(first->body));
  }
}

TEST_F(CommitterTest, AnIdempotencyKeyNamesOneRequestOfOneActor) {
  open();
  create_platform(R"({"key":"web","name":"Web"})", with_key("k1"));
  Principal other = admin();
  other.id = 2;

  EXPECT_EQ(create_platform(R"({"key":"ios","name":"iOS"})", with_key("k1")).error().code, Errc::conflict);
  EXPECT_EQ(update_platform(1, R"({"name":"X"})", with_key("k1")).error().code, Errc::conflict);
  EXPECT_TRUE(create_platform(R"({"key":"ios","name":"iOS"})", with_key("k1"), other).has_value());
  EXPECT_EQ(create_platform(R"({"key":"tv","name":"TV"})", with_key("with space")).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(create_platform(R"({"key":"tv","name":"TV"})", with_key(std::string(129, 'k'))).error().code,
            Errc::invalid_argument);
}

TEST_F(CommitterTest, AFailedRequestMayBeTriedAgainUnderItsKey) {
  open();
  EXPECT_FALSE(update_platform(1, R"({"name":"X"})", with_key("k1")).has_value());
  create_platform(R"({"key":"web","name":"Web"})");

  const auto again = update_platform(1, R"({"name":"X"})", with_key("k1"));

  EXPECT_TRUE(again.has_value());
  EXPECT_FALSE(again->replayed);
}

TEST_F(CommitterTest, AFullQueueRefusesAtOnce) {
  options_.committer.queue = 2;
  open();
  std::promise<void> release;
  std::promise<void> entered;
  auto released = release.get_future().share();
  const auto subscription = application_->feed().subscribe([&](const changes::CommitPtr& commit) {
    if (commit->row.head.revision == 1) {
      entered.set_value();
      released.wait();
    }
  });
  std::atomic<int> answered{0};
  std::atomic<int> refused{0};
  const auto submit = [&](const char* key) {
    application_->platforms().create(admin(), {{"key", key}, {"name", "P"}}, {},
                                     [&](Result<changes::Written> written) {
                                       ++answered;
                                       if (!written && written.error().code == Errc::unavailable) ++refused;
                                     });
  };
  submit("a");
  entered.get_future().wait();  // the committer is busy

  for (const char* key : {"b", "c", "d", "e"}) submit(key);
  EXPECT_EQ(refused, 2);
  release.set_value();
  application_->stop();

  EXPECT_EQ(answered, 5);
  EXPECT_EQ(current()->revision(), 3);
}

TEST_F(CommitterTest, StoppingAnswersEverything) {
  open();
  std::atomic<int> answered{0};
  for (int i = 0; i < 20; ++i)
    application_->platforms().create(admin(), {{"key", "p" + std::to_string(i)}, {"name", "P"}}, {},
                                     [&](Result<changes::Written>) { ++answered; });

  application_->stop();
  EXPECT_EQ(answered, 20);
  EXPECT_EQ(current()->revision(), 20);

  EXPECT_EQ(toggle_platform(1).error().code, Errc::unavailable);
}

TEST_F(CommitterTest, AFullDiskIsAnAnswerAndIsRemembered) {
  store_options_.max_pages = 60;
  open();
  Result<changes::Written> last;

  for (int i = 0; i < 300 && last; ++i) {
    last = create_platform(R"({"name":"P","key":"p)" + std::to_string(i) + R"(","description":")" +
                           std::string(3'000, 'x') + R"("})");
  }

  ASSERT_FALSE(last.has_value());
  EXPECT_EQ(last.error().code, Errc::unavailable);
  EXPECT_FALSE(application_->health().has_value());
  const auto platforms = current()->table<Platform>().by_id.size();
  store_options_.max_pages = 0;
  reopen();
  EXPECT_EQ(current()->table<Platform>().by_id.size(), platforms);
  EXPECT_TRUE(application_->health().has_value());
}

TEST_F(CommitterTest, AStoreThatWorksAgainIsNoticedWithoutAWrite) {
  std::atomic<bool> broken{false};
  options_.committer.pipeline.watch.retry = Milliseconds{1};
  open_with({.begin = [&broken]() -> Result<void> {
               if (broken) return fail(Errc::unavailable, "the connection broke");
               return {};
             },
             .commit = {},
             .check = {}});
  broken = true;
  EXPECT_EQ(create_platform(R"({"key":"web","name":"Web"})").error().code, Errc::unavailable);
  EXPECT_FALSE(application_->health().has_value());
  broken = false;

  EXPECT_TRUE(test::eventually([this] { return application_->health().has_value(); }));
  application_.reset();  // before the store's switch goes away
}

TEST_F(CommitterTest, ALookAtTheStoreThatRunsOutOfMemoryIsAFailureLikeOthers) {
  std::atomic<bool> faint{false};
  options_.committer.pipeline.watch.look = Milliseconds{1};
  options_.committer.pipeline.watch.retry = Milliseconds{1};
  open_with({.begin = {}, .commit = {}, .check = [&faint]() -> Result<void> {
               if (faint.exchange(false)) throw std::bad_alloc();
               return {};
             }});
  faint = true;

  EXPECT_TRUE(test::eventually([&faint] { return !faint; }));

  EXPECT_TRUE(test::eventually([this] {
    return metrics_.exposition().find("togglecast_store_failures_total 1") != std::string::npos;
  }));
  EXPECT_TRUE(test::eventually([this] { return application_->health().has_value(); }));
  EXPECT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  application_.reset();  // before the store's switch goes away
}

TEST_F(CommitterTest, ADatabaseThatIsMovedAwayTakesNoChangeUntilItIsBack) {
  options_.committer.pipeline.watch.look = options_.committer.pipeline.watch.retry = Milliseconds{1};
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  const auto database = folder_.path() / "data" / "togglecast.db";
  const auto elsewhere = folder_.path() / "moved.db";

  std::filesystem::rename(database, elsewhere);

  EXPECT_TRUE(test::eventually([this] { return !application_->health().has_value(); }));
  EXPECT_EQ(toggle_platform(1).error().code, Errc::unavailable);
  EXPECT_EQ(current()->revision(), 1);
  std::filesystem::rename(elsewhere, database);
  EXPECT_TRUE(test::eventually([this] { return application_->health().has_value(); }));
  EXPECT_TRUE(toggle_platform(1).has_value());
}

TEST_F(CommitterTest, ACommitThatReportsFailureAndHappenedIsAnsweredAsTheSuccessItIs) {
  std::atomic<bool> lie{false};
  open_with({.begin = {},
             .commit = [&lie](const changes::testing::StoreFaults::Commit& commit) -> Result<void> {
               auto done = commit();
               if (lie) return fail(Errc::unavailable, "the connection broke");
               return done;
             },
             .check = {}});
  std::vector<domain::Revision> told;
  auto subscription = application_->feed().subscribe(
      [&](const changes::CommitPtr& commit) { told.push_back(commit->row.head.revision); });
  lie = true;
  const auto first = create_platform(R"({"key":"web","name":"Web"})");
  lie = false;
  const auto next = create_platform(R"({"key":"ios","name":"iOS"})");

  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->revision, 1);
  ASSERT_TRUE(next.has_value()) << next.error().message;
  EXPECT_EQ(next->revision, 2);
  EXPECT_EQ(next->id, 2);
  EXPECT_EQ(told, (std::vector<domain::Revision>{1, 2}));
  EXPECT_NE(current()->find_by_key<Platform>("web"), nullptr);
  subscription.reset();
  application_.reset();  // before the store's switch goes away
}

TEST_F(CommitterTest, ARowOfAnotherProcessReachesAnIdleServer) {
  options_.tail.poll = Milliseconds{1};
  open();
  test::Mailbox<domain::Revision> told;
  const auto subscription = application_->feed().subscribe(
      [&](const changes::CommitPtr& commit) { told.put(commit->row.head.revision); });

  storage::sqlite::testing::OtherProcess(folder_.path() / "data")
      .write("production", {domain::testing::create(domain::testing::platform(1, "web"))});

  EXPECT_EQ(told.take(), 1);
  EXPECT_NE(current()->find_by_key<Platform>("web"), nullptr);
  EXPECT_TRUE(toggle_platform(1).has_value());
  EXPECT_EQ(told.take(), 2);
}

}  // namespace
}  // namespace togglecast::service
