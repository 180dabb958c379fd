// Pruning in the file: interrupted at any point, and the space that it gives back.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "unit/storage/prune_contract.hpp"
#include "unit/storage/sqlite/sqlite_fixture.hpp"
#include "unit/storage/sqlite/sqlite_medium.hpp"

namespace togglecast::storage::testing {

INSTANTIATE_TEST_SUITE_P(Sqlite, PruneContract,
                         ::testing::Values(MakeMedium([] { return std::make_unique<SqliteMedium>(); })));

}  // namespace togglecast::storage::testing

namespace togglecast::storage::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr PruneBounds kSmall{.rows = 3, .ops = 4, .bytes = 1'000'000};

class Pruning : public testing::SqliteFolder {
 protected:
  // A server that gets kill -9 after `work`.
  void run_and_kill(const std::function<void(SqliteStore&)>& work) const {
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = SqliteStore::open(data());
      if (!store) ::_exit(1);
      work(**store);
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the store could not be opened, or the work ended the process";
  }
  KeptLog expect_whole(SqliteStore& store) const {
    const auto reader = store.open_reader().value();
    const auto kept = reader->kept_log("production", {}).value();
    const auto end = reader->follow_chain("production", kept.before, 1'000'000);
    EXPECT_TRUE(end.has_value()) << end.error().message;
    EXPECT_TRUE(storage::load(*reader, "production", 1'000'000).has_value());
    EXPECT_EQ(end.value_or(domain::Head{}).digest, kept.newest.digest);
    return kept;
  }
  std::int64_t count(const char* sql) const {
    return Database::open(data() / "togglecast.db", {.read_only = true}).value().query_integer(sql).value();
  }
  // Everything, as the server does it when nobody writes.
  static void prune_all(SqliteStore& store, domain::Revision until) {
    while (store.prune_log("production", until, {})->more) continue;
    while (store.give_back_space().value()) continue;
  }
  std::uintmax_t size() const { return fs::file_size(data() / "togglecast.db"); }
};

void write_rows_of_many(SqliteStore& store, int rows, int entities) {
  for (int row = 0; row < rows; ++row) {
    auto transaction = store.begin("production").value();
    std::vector<domain::Op> ops;
    for (int i = 1; i <= entities; ++i) {
      const int id = row * entities + i;
      ops.push_back(domain::testing::create(domain::testing::platform(id, "p" + std::to_string(id))));
    }
    const auto& head = transaction->head();
    const auto made = domain::make_row("production", head, head.as_of, json::object{}, {head.revision, ops});
    const auto indexed = domain::index_row(*made);
    if (!transaction->commit({.row = &indexed, .secrets = {}, .idempotency = {}, .outcome = {}, .at = {}}))
      ::_exit(2);
  }
}

TEST_F(Pruning, KilledAfterAnyStepTheLogIsWholeAndTheNextServerGoesOn) {
  for (int steps = 1; steps <= 9; ++steps) {
    fs::remove_all(data());
    {
      auto store = with_rows(0);
      write_rows_of_many(*store, 8, 5);
    }
    run_and_kill([steps](SqliteStore& store) {
      for (int step = 0; step < steps; ++step)
        if (!store.prune_log("production", 6, kSmall)) ::_exit(3);
    });

    auto store = SqliteStore::open(data()).value();
    EXPECT_EQ(store->health().origin(), Origin::same);
    EXPECT_TRUE(store->health().set_aside().empty());
    const auto kept = expect_whole(*store);
    EXPECT_EQ(kept.newest.epoch, 1);
    EXPECT_EQ(kept.newest.revision, 8);
    EXPECT_GE(kept.before.revision, 3) << "the first step moves the anchor";
    while (store->prune_log("production", 6, kSmall)->more) continue;
    EXPECT_EQ(expect_whole(*store).before.revision, 6);
    EXPECT_EQ(count("SELECT count(*) FROM change_log"), 2);
    EXPECT_EQ(count("SELECT count(*) FROM change_log_entity"), 10);
  }
}

TEST_F(Pruning, KilledWithinAStepNothingOfItHappened) {
  with_rows(8).reset();
  run_and_kill([this](SqliteStore&) {
    auto other = Database::open(data() / "togglecast.db", {}).value();
    if (!other.execute("BEGIN IMMEDIATE; DELETE FROM change_log_entity WHERE revision < 5;"
                       "DELETE FROM change_log WHERE revision < 5"))
      ::_exit(3);
  });

  auto store = SqliteStore::open(data()).value();

  EXPECT_TRUE(expect_whole(*store).is_whole());
}

TEST_F(Pruning, TheFileGivesTheSpaceBackInSmallSteps) {
  {
    auto store = with_rows(0);
    for (int id = 1; id <= 300; ++id) ASSERT_TRUE(write(*store, id, std::string(20'000, 'x')).has_value());
    auto transaction = store->begin("production").value();  // the entities go, too: the log alone has them
    std::vector<domain::Op> ops;
    for (int id = 1; id <= 300; ++id) {
      auto entity = domain::testing::platform(id, "p" + std::to_string(id));
      entity.description = std::string(20'000, 'x');
      ops.push_back(domain::testing::erase(entity));
    }
    const auto& head = transaction->head();
    const auto row = domain::make_row("production", head, head.as_of, json::object{}, {head.revision, ops});
    const auto indexed = domain::index_row(*row);
    ASSERT_TRUE(
        transaction->commit({.row = &indexed, .secrets = {}, .idempotency = {}, .outcome = {}, .at = {}})
            .has_value());
    ASSERT_TRUE(write(*store, 301).has_value());
  }
  const auto full = size();
  {
    auto store = SqliteStore::open(data()).value();
    const auto free = [this] { return count("PRAGMA freelist_count"); };
    while (store->prune_log("production", 301, {})->more) continue;
    const auto before = free();
    ASSERT_GT(before, 1'000);
    ASSERT_TRUE(store->give_back_space().value());
    EXPECT_EQ(before - free(), 64) << "pages in one step";
    while (store->give_back_space().value()) continue;
    EXPECT_LE(free(), 256);
    expect_whole(*store);
  }
  EXPECT_LT(size(), full / 4);
}

TEST_F(Pruning, AFileOfAnOlderVersionCanGiveSpaceBackToo) {
  with_rows(3).reset();
  tamper("PRAGMA journal_mode = DELETE");
  tamper("PRAGMA auto_vacuum = NONE; VACUUM");
  ASSERT_EQ(count("PRAGMA auto_vacuum"), 0);

  auto store = SqliteStore::open(data()).value();

  EXPECT_EQ(count("PRAGMA auto_vacuum"), 2);
  EXPECT_EQ(store->health().origin(), Origin::same);
  EXPECT_EQ(expect_whole(*store).newest.revision, 3);
}

// 50 of 400 changes are kept at any time: the file stops growing.
TEST_F(Pruning, AFileWhoseLogIsBoundedIsBoundedToo) {
  auto store = with_rows(0);
  std::uintmax_t half = 0;
  for (int id = 1; id <= 400; ++id) {
    auto transaction = store->begin("production").value();
    const auto& head = transaction->head();
    auto entity = domain::testing::platform(1, "web");
    entity.description = std::string(5'000, static_cast<char>('a' + id % 2));
    auto before = entity;
    before.description = std::string(5'000, static_cast<char>('b' - id % 2));
    const auto op = id == 1 ? domain::testing::create(entity) : domain::testing::update(before, entity);
    const auto row = domain::make_row("production", head, head.as_of, json::object{}, {head.revision, {op}});
    const auto indexed = domain::index_row(*row);
    ASSERT_TRUE(
        transaction->commit({.row = &indexed, .secrets = {}, .idempotency = {}, .outcome = {}, .at = {}})
            .has_value());
    transaction.reset();
    prune_all(*store, id - 50);
    if (id == 200) half = static_cast<std::uintmax_t>(count("PRAGMA page_count"));
  }

  EXPECT_LE(static_cast<std::uintmax_t>(count("PRAGMA page_count")), half + 64);
}

}  // namespace
}  // namespace togglecast::storage::sqlite
