#include "changes/committer.hpp"

#include <atomic>
#include <new>
#include <thread>

#include "support/eventually.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::Platform;
using testing::wait_for;

class WriterTest : public testing::ApplicationTest {};

WriteOptions with_key(std::string key) {
  WriteOptions options;
  options.idempotency_key = std::move(key);
  return options;
}

TEST_F(WriterTest, CommitsThenSwapsThenTellsThenAnswers) {
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

TEST_F(WriterTest, TellsWhatWasAndWhatIs) {
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

TEST_F(WriterTest, AListenerThatLeftHearsNothing) {
  open();
  int heard = 0;
  auto subscription = application_->feed().subscribe([&](const changes::CommitPtr&) { ++heard; });
  create_platform(R"({"key":"web","name":"Web"})");

  subscription.reset();
  toggle_platform(1);

  EXPECT_EQ(heard, 1);
}

TEST_F(WriterTest, ManyThreadsAtOnceGetOneOrderWithoutGaps) {
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

TEST_F(WriterTest, TimeDoesNotGoBackWhenTheClockDoes) {
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  const auto before = current()->as_of();
  clock_.advance(Milliseconds(-10'000));

  toggle_platform(1);

  EXPECT_EQ(current()->as_of(), before);
  reopen();
  EXPECT_EQ(current()->as_of(), before);
}

TEST_F(WriterTest, ARepeatedRequestIsAnsweredAndNotDoneAgain) {
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

TEST_F(WriterTest, ARepeatedRequestThatChangedNothingStillChangesNothing) {
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  update_platform(1, R"({"enabled":true})", with_key("k1"));
  toggle_platform(1, false);

  const auto again = update_platform(1, R"({"enabled":true})", with_key("k1"));

  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(current()->revision(), 2);
  EXPECT_FALSE(current()->find<Platform>(1)->enabled);
}

TEST_F(WriterTest, ARepeatedRequestThatChangedNothingIsAnsweredAsItWas) {
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

TEST_F(WriterTest, AnIdempotencyKeyNamesOneRequestOfOneActor) {
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

TEST_F(WriterTest, AFailedRequestMayBeTriedAgainUnderItsKey) {
  open();
  EXPECT_FALSE(update_platform(1, R"({"name":"X"})", with_key("k1")).has_value());
  create_platform(R"({"key":"web","name":"Web"})");

  const auto again = update_platform(1, R"({"name":"X"})", with_key("k1"));

  EXPECT_TRUE(again.has_value());
  EXPECT_FALSE(again->replayed);
}

TEST_F(WriterTest, AFullQueueRefusesAtOnce) {
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
  entered.get_future().wait();  // the writer is busy

  for (const char* key : {"b", "c", "d", "e"}) submit(key);
  EXPECT_EQ(refused, 2);
  release.set_value();
  application_->stop();

  EXPECT_EQ(answered, 5);
  EXPECT_EQ(current()->revision(), 3);
}

TEST_F(WriterTest, StoppingAnswersEverything) {
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

TEST_F(WriterTest, AFullDiskIsAnAnswerAndIsRemembered) {
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

// A store whose commits report failure although they happened, once armed: a crash of the connection at the
// worst time.
class LyingTransaction final : public storage::WriteTransaction {
 public:
  LyingTransaction(std::unique_ptr<storage::WriteTransaction> real, bool lie)
      : real_(std::move(real)), lie_(lie) {}
  const domain::Head& head() const noexcept override { return real_->head(); }
  Result<std::vector<domain::LogRow>> rows_after(domain::Revision seen) override {
    return real_->rows_after(seen);
  }
  Result<domain::Id> last_id(domain::Kind kind) override { return real_->last_id(kind); }
  Result<std::optional<storage::RememberedOutcome>> remembered(const storage::IdempotencyKey& key) override {
    return real_->remembered(key);
  }
  Result<domain::LogRow> row(domain::Revision revision) override { return real_->row(revision); }
  Result<domain::Revision> last_touched(domain::Kind kind, domain::Id id, domain::Revision until) override {
    return real_->last_touched(kind, id, until);
  }
  Result<void> commit(const storage::Commit& what) override {
    auto done = real_->commit(what);
    if (lie_) return fail(Errc::unavailable, "the connection broke");
    return done;
  }

 private:
  std::unique_ptr<storage::WriteTransaction> real_;
  bool lie_;
};

class WrappedStore : public storage::Store {
 public:
  explicit WrappedStore(std::unique_ptr<storage::Store> real) : real_(std::move(real)) {}
  Result<std::vector<storage::Environment>> environments() override { return real_->environments(); }
  Result<void> create_environment(const std::string& key, const Sha256& genesis, UnixMillis at) override {
    return real_->create_environment(key, genesis, at);
  }
  Result<storage::Loaded> load(const std::string& environment, std::size_t recent) override {
    return real_->load(environment, recent);
  }
  Result<std::unique_ptr<storage::WriteTransaction>> begin(const std::string& environment) override {
    return real_->begin(environment);
  }
  Result<std::unique_ptr<storage::Reader>> open_reader() override { return real_->open_reader(); }
  Result<void> in_place() override { return real_->in_place(); }
  Result<void> try_out() override { return real_->try_out(); }

 private:
  std::unique_ptr<storage::Store> real_;
};

class LyingStore final : public WrappedStore {
 public:
  LyingStore(std::unique_ptr<storage::Store> real, const std::atomic<bool>& lie)
      : WrappedStore(std::move(real)), lie_(lie) {}
  Result<std::unique_ptr<storage::WriteTransaction>> begin(const std::string& environment) override {
    auto real = WrappedStore::begin(environment);
    if (!real) return real;
    return std::make_unique<LyingTransaction>(std::move(*real), lie_);
  }

 private:
  const std::atomic<bool>& lie_;
};

// A store that runs out of memory when it is looked after, once.
class FaintingStore final : public WrappedStore {
 public:
  FaintingStore(std::unique_ptr<storage::Store> real, std::atomic<bool>& faint)
      : WrappedStore(std::move(real)), faint_(faint) {}
  Result<void> in_place() override {
    if (faint_.exchange(false)) throw std::bad_alloc();
    return WrappedStore::in_place();
  }

 private:
  std::atomic<bool>& faint_;
};

TEST_F(WriterTest, AStoreThatWorksAgainIsNoticedWithoutAWrite) {
  std::atomic<bool> lie{false};
  options_.committer.retry = Milliseconds{1};
  open_on(
      std::make_unique<LyingStore>(storage::sqlite::SqliteStore::open(folder_.path() / "data").value(), lie));
  lie = true;
  EXPECT_EQ(create_platform(R"({"key":"web","name":"Web"})").error().code, Errc::unavailable);
  lie = false;

  EXPECT_TRUE(test::eventually([this] { return application_->health().has_value(); }));
  EXPECT_TRUE(test::eventually([this] { return current()->revision() == 1; }));
  application_.reset();  // before the store's switch goes away
}

TEST_F(WriterTest, ALookAtTheStoreThatRunsOutOfMemoryIsAFailureLikeOthers) {
  std::atomic<bool> faint{false};
  options_.committer.look = Milliseconds{1};
  options_.committer.retry = Milliseconds{1};
  open_on(std::make_unique<FaintingStore>(storage::sqlite::SqliteStore::open(folder_.path() / "data").value(),
                                          faint));
  faint = true;

  EXPECT_TRUE(test::eventually([&faint] { return !faint; }));

  EXPECT_TRUE(test::eventually([this] {
    return metrics_.exposition().find("togglecast_store_failures_total 1") != std::string::npos;
  }));
  EXPECT_TRUE(test::eventually([this] { return application_->health().has_value(); }));
  EXPECT_TRUE(create_platform(R"({"key":"web","name":"Web"})").has_value());
  application_.reset();  // before the store's switch goes away
}

TEST_F(WriterTest, ADatabaseThatIsMovedAwayTakesNoChangeUntilItIsBack) {
  options_.committer.look = options_.committer.retry = Milliseconds{1};
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

TEST_F(WriterTest, ACommitThatHappenedAfterAllIsFollowed) {
  std::atomic<bool> lie{false};
  options_.committer.retry = std::chrono::hours{1};  // by the next write, not before
  open_on(
      std::make_unique<LyingStore>(storage::sqlite::SqliteStore::open(folder_.path() / "data").value(), lie));
  std::vector<domain::Revision> told;
  auto subscription = application_->feed().subscribe(
      [&](const changes::CommitPtr& commit) { told.push_back(commit->row.head.revision); });
  lie = true;
  EXPECT_EQ(create_platform(R"({"key":"web","name":"Web"})").error().code, Errc::unavailable);
  EXPECT_EQ(current()->revision(), 0);
  lie = false;

  const auto next = create_platform(R"({"key":"ios","name":"iOS"})");

  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->revision, 2);
  EXPECT_EQ(next->id, 2);
  EXPECT_EQ(told, (std::vector<domain::Revision>{1, 2}));
  EXPECT_NE(current()->find_by_key<Platform>("web"), nullptr);
  subscription.reset();
  application_.reset();  // before the store's switch goes away
}

}  // namespace
}  // namespace togglecast::service
