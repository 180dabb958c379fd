// Old rows go while the server runs: between writes, in the tail, and in the keeper of the log.
#include <algorithm>
#include <future>

#include "changes/keeping/log_keeper.hpp"
#include "unit/changes/changes_fixture.hpp"

namespace togglecast::changes {
namespace {

using testing::create;
using testing::OtherProcess;
using testing::platform;
using testing::Revisions;
using testing::up_to;

class PruningTest : public testing::ChangesTest {
 protected:
  explicit PruningTest(const RingLimits& limits = {}) : ChangesTest(limits) {}
  void write_rows(int count) {
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(committer_->perform(creation("r" + std::to_string(next_++))).has_value());
  }
  storage::KeptLog kept() { return store_->open_reader().value()->kept_log("production", now_).value(); }
  bool has_line(std::string_view part) {
    const std::scoped_lock lock(lines_mutex_);
    return std::any_of(lines_.begin(), lines_.end(),
                       [part](const std::string& line) { return line.find(part) != std::string::npos; });
  }
  void set_store_up() {
    open();
    tail_->start();
  }

  UnixMillis now_{1'700'000'900'000};
  int next_ = 1;
};

// A step of pruning is a P, a write a W, in the order in which the store gets them.
class CommitterPruning : public PruningTest {
 protected:
  // The first step waits until the writes are queued.
  std::string order_with(int writes, domain::Revision until) {
    options_.queue = 256;
    options_.pipeline.prune.rows = 1;
    std::promise<void> began;
    std::promise<void> queued;
    std::mutex mutex;
    std::string order;
    faults_.prune = [&, first = true]() mutable -> Result<void> {
      {
        const std::scoped_lock lock(mutex);
        order += 'P';
      }
      if (!std::exchange(first, false)) return {};
      began.set_value();
      queued.get_future().wait();
      return {};
    };
    faults_.commit = [&, rows = 0](const testing::StoreFaults::Commit& commit) mutable {
      const std::scoped_lock lock(mutex);
      if (++rows > static_cast<int>(until) + 1) order += 'W';
      return commit();
    };
    set_store_up();
    write_rows(static_cast<int>(until) + 1);
    committer_->start();
    committer_->prune("production", until);
    began.get_future().wait();
    std::atomic<int> answered{0};
    for (int i = 0; i < writes; ++i)
      committer_->submit(creation("w" + std::to_string(i)), [&](const Result<Written>& written) {
        EXPECT_TRUE(written.has_value());
        ++answered;
      });
    queued.set_value();
    EXPECT_TRUE(test::eventually([&] { return answered == writes && kept().before.revision == until; }));
    committer_->stop();
    const std::scoped_lock lock(mutex);
    return order;
  }
};

// Writes that wait share a transaction, a W: all five, and sixteen, sixteen and eight of forty.
TEST_F(CommitterPruning, AWriteWaitsForOneStepAtMost) { EXPECT_EQ(order_with(5, 4), "PWPPP"); }

TEST_F(CommitterPruning, EndlessWritesDoNotHoldItUp) { EXPECT_EQ(order_with(40, 4), "PWPWPWP"); }

TEST_F(CommitterPruning, AFailureIsToldOnceAndAWriteStillWorks) {
  faults_.prune = []() -> Result<void> { return fail(Errc::unavailable, "the disk is full"); };
  set_store_up();
  write_rows(3);
  committer_->start();

  committer_->prune("production", 2);

  EXPECT_TRUE(test::eventually([this] { return counted("togglecast_log_prune_failures_total 1"); }));
  EXPECT_TRUE(test::eventually([this] { return has_line("old changes could not be removed"); }));
  EXPECT_TRUE(kept().is_whole());
  EXPECT_TRUE(committer_->health().has_value());
  test::Mailbox<Result<Written>> answer;
  committer_->submit(creation("web"), [&](Result<Written> written) { answer.put(std::move(written)); });
  EXPECT_TRUE(answer.take().value().has_value());
}

TEST_F(CommitterPruning, AStopDoesNotWaitForIt) {
  options_.queue = 1'000'000;
  options_.pipeline.prune.rows = 1;
  std::promise<void> began;
  std::promise<void> go_on;
  faults_.prune = [&, first = true]() mutable -> Result<void> {
    if (!std::exchange(first, false)) return {};
    began.set_value();
    go_on.get_future().wait();
    return {};
  };
  set_store_up();
  write_rows(8);
  committer_->start();
  committer_->prune("production", 7);
  began.get_future().wait();
  std::thread stopper([this] { committer_->stop(); });
  EXPECT_TRUE(test::eventually([this] {  // it refuses once it has begun to stop
    const auto refused = std::make_shared<std::atomic<bool>>(false);
    committer_->submit(creation("late"), [refused](const Result<Written>& written) { *refused = !written; });
    return refused->load();
  }));
  go_on.set_value();
  stopper.join();

  EXPECT_LE(kept().before.revision, 2);
}

class TailPruning : public PruningTest {};

// As a second process on the same store, whose tail did not look for long.
TEST_F(TailPruning, ATailWhoseNextRowsAreGoneTakesTheWholeState) {
  open();
  write_rows(2);
  const auto before = current();
  OtherProcess other(data());
  for (int id = 11; id <= 20; ++id)
    other.write("production", {create(platform(id, "p" + std::to_string(id)))});
  other.prune("production", 6);

  ASSERT_TRUE(tail_->follow().has_value());

  EXPECT_EQ(current()->revision(), 12);
  EXPECT_EQ(current()->table<domain::Platform>().by_id.size(), 12U);
  EXPECT_EQ(ear_.revisions(), (Revisions{1, 2, 12}));
  const auto told = ear_.commits().back();
  EXPECT_EQ(told->after, current());
  EXPECT_NE(told->before->offset(), before->offset()) << "so subscribers compare their own state";
  EXPECT_EQ(model_.at("production", 6)->revision(), 6) << "recent states are there again";
  EXPECT_EQ(model_.at("production", 2), nullptr);
  EXPECT_TRUE(has_line("the whole state was taken instead"));
  EXPECT_TRUE(counted("togglecast_tail_failures_total 0"));
  other.write("production", {create(platform(30, "last"))});
  ASSERT_TRUE(tail_->follow().has_value());
  EXPECT_EQ(current()->revision(), 13);
}

TEST_F(TailPruning, ATailBehindALogWithoutRowsTakesTheWholeState) {
  open();
  OtherProcess other(data());
  for (int id = 1; id <= 3; ++id) other.write("production", {create(platform(id, "p" + std::to_string(id)))});
  other.prune("production", 2);

  ASSERT_TRUE(tail_->follow().has_value());

  EXPECT_EQ(current()->revision(), 3);
  EXPECT_EQ(ear_.revisions(), (Revisions{3}));
}

TEST_F(TailPruning, AWriteOfATailThatIsBehindIsBuiltOnTheWholeState) {
  set_store_up();
  write_rows(1);
  OtherProcess other(data());
  for (int id = 11; id <= 15; ++id)
    other.write("production", {create(platform(id, "p" + std::to_string(id)))});
  other.prune("production", 4);

  const auto written = committer_->perform(creation("mine"));

  ASSERT_TRUE(written.has_value()) << written.error().message;
  EXPECT_EQ(written->revision, 7);
  EXPECT_EQ(current()->table<domain::Platform>().by_id.size(), 7U);
}

class LogKeeperTest : public PruningTest {
 protected:
  explicit LogKeeperTest(const RingLimits& limits = {}) : PruningTest(limits) {}
  // Removes what may go, at once.
  void look(domain::Revision oldest_recent = 1'000'000) {
    oldest_recent_ = oldest_recent;
    if (!keeper_)
      keeper_ = std::make_unique<LogKeeper>(
          store_->open_reader().value(),
          LogKeeperPorts{.oldest_recent_state = [this](const std::string&) { return oldest_recent_; },
                         .prune =
                             [this](const std::string& environment, domain::Revision until) {
                               asked_.push_back(until);
                               while (store_->prune_log(environment, until, {})->more) continue;
                             }},
          clock_, log_, metrics_, options_of_keeper_);
    keeper_->look();
  }
  // Row i is i seconds old, at the time that the clock shows.
  void write_rows_each_second(int count) {
    for (int i = 0; i < count; ++i) {
      write_rows(1);
      clock_.advance(std::chrono::seconds(1));
    }
  }

  LogKeeperOptions options_of_keeper_{
      .retention = {.changes = 0, .age = std::chrono::hours{0}}, .pause = Milliseconds{0}, .rows_at_once = 3};
  domain::Revision oldest_recent_ = 0;
  std::vector<domain::Revision> asked_;
  std::unique_ptr<LogKeeper> keeper_;
};

TEST_F(LogKeeperTest, WithoutLimitsEverythingStays) {
  set_store_up();
  write_rows(8);

  look();

  EXPECT_TRUE(asked_.empty());
  EXPECT_TRUE(kept().is_whole());
}

TEST_F(LogKeeperTest, KeepsAsManyChangesAsItShould) {
  options_of_keeper_.retention.changes = 5;
  set_store_up();
  write_rows(12);

  look();

  EXPECT_EQ(kept().before.revision, 7);
  write_rows(1);
  look();
  EXPECT_EQ(asked_, (Revisions{7, 8}));
  look();
  EXPECT_EQ(asked_.size(), 2U) << "nothing has changed";
}

TEST_F(LogKeeperTest, AClockThatIsFarAheadAtTheStartMakesNothingOld) {
  options_of_keeper_.retention = {.changes = 0, .age = std::chrono::hours{24}, .ageless = 0};
  set_store_up();
  write_rows_each_second(10);
  clock_.advance(std::chrono::hours{24 * 3'650});

  look();
  EXPECT_TRUE(asked_.empty());
  clock_.advance(std::chrono::hours{24} - std::chrono::seconds{5});
  look();

  EXPECT_EQ(asked_, (Revisions{5})) << "only the time that passes from there on counts";
}

TEST_F(LogKeeperTest, TheNewestChangesStayHoweverOldTheyAre) {
  options_of_keeper_.retention = {.changes = 0, .age = std::chrono::hours{24}, .ageless = 4};
  set_store_up();
  write_rows_each_second(10);
  look();

  clock_.advance(std::chrono::hours{24 * 30});
  look();

  EXPECT_EQ(asked_, (Revisions{6}));
}

TEST_F(LogKeeperTest, KeepsChangesUpToAnAge) {
  options_of_keeper_.retention.age = std::chrono::hours{24};
  options_of_keeper_.retention.ageless = 0;
  set_store_up();
  write_rows_each_second(10);
  look();
  EXPECT_TRUE(asked_.empty());

  clock_.advance(std::chrono::hours{24} - std::chrono::seconds{5});
  look();

  EXPECT_EQ(asked_, (Revisions{5})) << "committed a day ago or earlier";
}

TEST_F(LogKeeperTest, WhicheverLimitIsPassedFirstCounts) {
  options_of_keeper_.retention = {.changes = 8, .age = std::chrono::hours{24}, .ageless = 0};
  set_store_up();
  write_rows_each_second(10);
  look();
  EXPECT_EQ(asked_, (Revisions{2}));
  clock_.advance(std::chrono::hours{24} - std::chrono::seconds{5});
  look();
  EXPECT_EQ(asked_, (Revisions{2, 5}));
}

TEST_F(LogKeeperTest, TheRowsOfRecentStatesStay) {
  options_of_keeper_.retention.changes = 1;
  set_store_up();
  write_rows(12);

  look(4);

  EXPECT_EQ(kept().before.revision, 4);
}

TEST_F(LogKeeperTest, TheRowOfARememberedOutcomeStaysAsLongAsItsKey) {
  options_of_keeper_.retention.changes = 1;
  set_store_up();
  write_rows(4);
  auto request = creation("keyed");
  request.idempotency = storage::IdempotencyKey{"admin 1", "k-1", sha256("request")};
  ASSERT_TRUE(committer_->perform(request).has_value());
  write_rows(5);

  look();
  EXPECT_EQ(kept().before.revision, 4);
  const auto again = committer_->perform(request);
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(json::string_or_empty(again->body, "key"), "keyed");
  clock_.advance(std::chrono::hours{24} + std::chrono::seconds{1});
  look();

  EXPECT_EQ(kept().before.revision, 9);
}

class LogKeeperWithSmallRing : public LogKeeperTest {
 protected:
  LogKeeperWithSmallRing() : LogKeeperTest({.snapshots = 1}) {}
};

TEST_F(LogKeeperWithSmallRing, AnUnchangedEntityIsAnsweredAgainWithoutItsOwnRow) {
  options_of_keeper_.retention.changes = 1;
  set_store_up();
  write_rows(4);
  WriteRequest nothing = own_write("production", Source::rest, [](WriteContext&) -> Result<Draft> {
    return Draft{domain::Kind::platform, 1, {}, {}};
  });
  nothing.idempotency = storage::IdempotencyKey{"admin 1", "k-1", sha256("request")};
  const auto first = committer_->perform(nothing);
  ASSERT_TRUE(first.has_value());
  write_rows(3);
  look();
  ASSERT_EQ(kept().before.revision, 3);

  const auto again = committer_->perform(nothing);

  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->revision, 4);
  EXPECT_EQ(json::canonical(again->body), json::canonical(first->body));
}

TEST_F(LogKeeperTest, MeasuresTheLog) {
  options_of_keeper_.retention.changes = 5;
  set_store_up();
  write_rows_each_second(12);
  look();

  look();

  EXPECT_TRUE(counted("togglecast_log_rows{environment=\"production\"} 5"));
  EXPECT_TRUE(counted("togglecast_log_bytes{environment=\"production\"} " + std::to_string(kept().bytes)));
  EXPECT_TRUE(counted("togglecast_log_oldest_revision{environment=\"production\"} 8"));
  EXPECT_TRUE(counted("togglecast_log_oldest_timestamp_seconds{environment=\"production\"} " +
                      std::to_string(kept().oldest_at.value / 1'000)));
  EXPECT_TRUE(counted("togglecast_log_chain_broken{environment=\"production\"} 0"));
}

TEST_F(LogKeeperTest, ABrokenChainIsToldLoudlyAndNothingIsRemoved) {
  options_of_keeper_.retention.changes = 5;
  set_store_up();
  write_rows(12);
  {
    auto database = storage::sqlite::Database::open(data() / "togglecast.db", {}).value();
    ASSERT_TRUE(database
                    .execute("UPDATE change_log SET actor = '{\"name\":\"somebody else\"}' "
                             "WHERE revision = 6")
                    .has_value());
  }

  look();
  look();

  EXPECT_TRUE(has_line("THE CHANGE LOG WAS DAMAGED OR ALTERED"));
  EXPECT_TRUE(has_line("broken at revision 6 of production"));
  EXPECT_TRUE(counted("togglecast_log_chain_broken{environment=\"production\"} 1"));
  EXPECT_TRUE(asked_.empty());
  EXPECT_EQ(std::count_if(lines_.begin(), lines_.end(),
                          [](const std::string& line) { return line.find("DAMAGED") != std::string::npos; }),
            1);
}

TEST_F(LogKeeperTest, RowsThatAreMissingBreakTheChainToo) {
  set_store_up();
  write_rows(12);
  {
    auto database = storage::sqlite::Database::open(data() / "togglecast.db", {}).value();
    ASSERT_TRUE(
        database.execute("PRAGMA foreign_keys = OFF; DELETE FROM change_log WHERE revision = 4").has_value());
  }

  look();

  EXPECT_TRUE(has_line("gap at revision 5 of production"));
}

TEST_F(LogKeeperTest, WhatAnotherProcessRemovesMeanwhileBreaksNothing) {
  set_store_up();
  write_rows(12);
  options_of_keeper_.pause = Milliseconds{0};
  look(0);
  OtherProcess other(data());
  other.prune("production", 10);

  look(0);

  EXPECT_TRUE(counted("togglecast_log_chain_broken{environment=\"production\"} 0"));
  EXPECT_TRUE(counted("togglecast_log_rows{environment=\"production\"} 2"));
}

TEST_F(LogKeeperTest, ItsThreadLooksWhenTheStoreHasChanged) {
  set_store_up();
  write_rows(6);
  committer_->start();
  LogKeeper keeper(store_->open_reader().value(),
                   {.oldest_recent_state = [](const std::string&) { return 1'000'000; },
                    .prune = [this](const std::string& environment,
                                    domain::Revision until) { committer_->prune(environment, until); }},
                   clock_, log_, metrics_,
                   {.retention = {.changes = 5, .age = std::chrono::hours{0}}, .look = Milliseconds{1}});
  keeper.start();
  EXPECT_TRUE(test::eventually([this] { return kept().before.revision == 1; }));

  for (int i = 1; i <= 6; ++i)
    committer_->submit(creation("later" + std::to_string(i)), [](const Result<Written>&) {});

  EXPECT_TRUE(test::eventually([this] { return kept().before.revision == 7; }));
  keeper.stop();
}

}  // namespace
}  // namespace togglecast::changes
