#include "storage/sqlite/sqlite_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "storage/sqlite/migrations.hpp"
#include "support/temporary_folder.hpp"
#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

class SqliteMedium final : public Medium {
 public:
  std::unique_ptr<Store> open() override {
    return sqlite::SqliteStore::open(folder_.path() / "data").value();
  }

 private:
  togglecast::testing::TemporaryFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
                         ::testing::Values(MakeMedium([] { return std::make_unique<SqliteMedium>(); })));

}  // namespace togglecast::storage::testing

namespace togglecast::storage::sqlite {
namespace {

using domain::testing::create;
using domain::testing::platform;

class SqliteStoreTest : public ::testing::Test {
 protected:
  std::filesystem::path data() const { return folder_.path() / "data"; }

  std::unique_ptr<SqliteStore> with_rows(int rows) {
    auto store = SqliteStore::open(data()).value();
    EXPECT_TRUE(store->create_environment("production", sha256("genesis"), {1'700'000'000'000}).has_value());
    for (int i = 1; i <= rows; ++i) EXPECT_TRUE(write(*store, i).has_value());
    return store;
  }

  static Result<void> write(Store& store, int id, const std::string& description = {}) {
    auto transaction = store.begin("production");
    if (!transaction) return tl::unexpected(transaction.error());
    auto entity = platform(id, "p" + std::to_string(id));
    entity.description = description;
    const auto& head = (*transaction)->head();
    const auto row =
        domain::make_row("production", head, head.as_of, json::object{}, {head.revision, {create(entity)}});
    return (*transaction)->commit({.row = &*row, .secrets = {}, .idempotency = {}, .outcome = {}, .at = {}});
  }

  void tamper(const char* sql) {
    auto database = Database::open(data() / "togglecast.db", {}).value();
    ASSERT_TRUE(database.execute(sql).has_value());
  }

  togglecast::testing::TemporaryFolder folder_;
};

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

TEST_F(SqliteStoreTest, KeepsFolderAndFilesToItsUser) {
  const mode_t previous = ::umask(0);
  const auto store = with_rows(1);
  ::umask(previous);

  EXPECT_EQ(mode_of(data()), 0700U);
  for (const auto& file : std::filesystem::directory_iterator(data()))
    EXPECT_EQ(mode_of(file.path()), 0600U) << file;
}

TEST_F(SqliteStoreTest, TakesTheRightsOfOthersFromADatabaseThatWasCopiedIn) {
  with_rows(1).reset();
  ::chmod((data() / "togglecast.db").c_str(), 0644);

  const auto store = SqliteStore::open(data()).value();

  EXPECT_EQ(mode_of(data() / "togglecast.db"), 0600U);
}

TEST_F(SqliteStoreTest, ASecondOpenerIsToldThePidOfTheFirst) {
  const auto store = with_rows(1);

  const auto second = SqliteStore::open(data());

  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::conflict);
  EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos)
      << second.error().message;
}

TEST_F(SqliteStoreTest, TheFolderIsFreeAgainAfterClosing) {
  with_rows(1).reset();

  EXPECT_TRUE(SqliteStore::open(data()).has_value());
}

TEST_F(SqliteStoreTest, AFileInPlaceOfTheFolderIsNamed) {
  std::ofstream(data()) << "not a folder";

  const auto opened = SqliteStore::open(data());

  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find(data().string()), std::string::npos);
}

TEST_F(SqliteStoreTest, AFullDiskIsAnAnswerAndNothingIsHalfWritten) {
  with_rows(1).reset();
  auto store = SqliteStore::open(data(), {.max_pages = 40}).value();
  Result<void> done;
  int committed = 1;

  for (int i = 2; i < 200 && done.has_value(); ++i) {
    done = write(*store, i, std::string(4'000, 'x'));
    if (done) ++committed;
  }

  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, Errc::unavailable);
  EXPECT_NE(done.error().message.find("disk is full"), std::string::npos);
  store.reset();
  auto roomy = SqliteStore::open(data()).value();
  EXPECT_EQ(roomy->load("production", 10).value().snapshot->revision(), committed);
  EXPECT_TRUE(write(*roomy, 500).has_value());
}

TEST_F(SqliteStoreTest, ADatabaseThatIsDeletedOrReplacedTakesNoMoreChanges) {
  auto store = with_rows(1);
  const auto database = data() / "togglecast.db";
  std::filesystem::rename(database, folder_.path() / "moved");

  const auto deleted = write(*store, 2);
  std::filesystem::copy_file(folder_.path() / "moved", database);
  const auto replaced = write(*store, 3);
  std::filesystem::rename(folder_.path() / "moved", database);
  const auto back = write(*store, 4);

  ASSERT_FALSE(deleted.has_value());
  EXPECT_EQ(deleted.error().code, Errc::unavailable);
  EXPECT_NE(deleted.error().message.find("put it back"), std::string::npos) << deleted.error().message;
  ASSERT_FALSE(replaced.has_value());
  EXPECT_EQ(replaced.error().code, Errc::unavailable);
  EXPECT_TRUE(back.has_value());
}

TEST_F(SqliteStoreTest, WhatWasCommittedOutlivesADeletedWal) {
  auto store = with_rows(3);
  std::filesystem::remove(data() / "togglecast.db-wal");

  const auto written = write(*store, 4);
  const auto copy = folder_.path() / "as after kill -9";
  std::filesystem::copy(data(), copy);

  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, Errc::unavailable);
  EXPECT_NE(written.error().message.find("stop the server"), std::string::npos) << written.error().message;
  std::filesystem::remove(copy / "togglecast.lock");
  EXPECT_EQ(SqliteStore::open(copy).value()->load("production", 10).value().snapshot->revision(), 3);
}

TEST_F(SqliteStoreTest, FilesThatAreCutShortTakeNoMoreChanges) {
  for (const char* file : {"togglecast.db", "togglecast.db-wal"}) {
    auto store = with_rows(3);
    std::filesystem::resize_file(data() / file, 0);

    for (int id = 4; id < 7; ++id) {
      const auto written = write(*store, id);
      ASSERT_FALSE(written.has_value()) << file;
      EXPECT_EQ(written.error().code, Errc::unavailable);
      EXPECT_NE(written.error().message.find(std::string(file) + " was cut short"), std::string::npos)
          << written.error().message;
    }
    store.reset();
    std::filesystem::remove_all(data());
  }
}

TEST_F(SqliteStoreTest, ChangesThatAnotherProgramBringsIntoTheDatabaseAreNotMissed) {
  const auto store = with_rows(3);
  tamper("PRAGMA wal_checkpoint(TRUNCATE)");

  EXPECT_EQ(std::filesystem::file_size(data() / "togglecast.db-wal"), 0U);
  EXPECT_TRUE(write(*store, 4).has_value());
  EXPECT_TRUE(write(*store, 5).has_value());
}

TEST_F(SqliteStoreTest, AnEmptyOrMissingDatabaseBesideItsChangesIsNotStartedAnew) {
  {
    const auto store = with_rows(3);
    std::filesystem::copy(data(), folder_.path() / "killed");
  }
  const auto killed = folder_.path() / "killed";
  std::filesystem::remove(killed / "togglecast.lock");
  std::filesystem::resize_file(killed / "togglecast.db", 0);

  const auto emptied = SqliteStore::open(killed);
  std::filesystem::remove(killed / "togglecast.db");
  const auto gone = SqliteStore::open(killed);

  ASSERT_FALSE(emptied.has_value());
  EXPECT_NE(emptied.error().message.find("is empty"), std::string::npos) << emptied.error().message;
  ASSERT_FALSE(gone.has_value());
  EXPECT_NE(gone.error().message.find("is gone"), std::string::npos) << gone.error().message;
  EXPECT_GT(std::filesystem::file_size(killed / "togglecast.db-wal"), 0U);
}

TEST_F(SqliteStoreTest, AFirstStartThatWasCutOffIsBegunAgain) {
  std::filesystem::create_directory(data());
  std::ofstream(data() / "togglecast.db.new") << "half of it";
  std::ofstream(data() / "togglecast.db.new-journal") << "half of it";

  const auto store = with_rows(1);

  EXPECT_EQ(store->load("production", 10).value().snapshot->revision(), 1);
  EXPECT_FALSE(std::filesystem::exists(data() / "togglecast.db.new"));
}

TEST_F(SqliteStoreTest, AFolderWhoseLockFileWasDeletedIsStillInUse) {
  const auto store = with_rows(1);
  std::filesystem::remove(data() / "togglecast.lock");

  const auto second = SqliteStore::open(data());

  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::conflict);
}

TEST_F(SqliteStoreTest, ATrialTellsWhetherThereIsRoomAndLeavesNothing) {
  with_rows(1).reset();
  auto tight = SqliteStore::open(data(), {.max_pages = 45}).value();
  const auto without_room = tight->try_out();
  tight.reset();
  auto roomy = SqliteStore::open(data()).value();
  const auto with_room = roomy->try_out();
  roomy.reset();

  ASSERT_FALSE(without_room.has_value());
  EXPECT_EQ(without_room.error().code, Errc::unavailable);
  EXPECT_TRUE(with_room.has_value());
  auto database = Database::open(data() / "togglecast.db", {.read_only = true}).value();
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM idempotency").value(), 0);
}

TEST_F(SqliteStoreTest, GarbageInPlaceOfTheDatabaseIsSaidSo) {
  std::filesystem::create_directory(data());
  std::ofstream(data() / "togglecast.db") << std::string(8'192, 'g');

  const auto opened = SqliteStore::open(data());

  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find("is not a database"), std::string::npos) << opened.error().message;
}

TEST_F(SqliteStoreTest, AnEditedLogRowIsFoundOut) {
  with_rows(3).reset();
  tamper("UPDATE change_log SET change = replace(change, '\"p2\"', '\"px\"') WHERE revision = 2");
  auto store = SqliteStore::open(data()).value();

  const auto loaded = store->load("production", 10);

  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, Errc::internal);
  EXPECT_NE(loaded.error().message.find("revision 2"), std::string::npos) << loaded.error().message;
}

TEST_F(SqliteStoreTest, AMissingLogRowIsFoundOut) {
  with_rows(3).reset();
  tamper("PRAGMA foreign_keys = OFF; DELETE FROM change_log WHERE revision = 3");
  auto store = SqliteStore::open(data()).value();

  EXPECT_EQ(store->load("production", 10).error().code, Errc::internal);
}

TEST_F(SqliteStoreTest, ADamagedBodyIsFoundOut) {
  with_rows(1).reset();
  tamper("UPDATE entity SET body = '{\"id\":1}'");
  auto store = SqliteStore::open(data()).value();

  const auto loaded = store->load("production", 10);

  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, Errc::internal);
}

TEST_F(SqliteStoreTest, ANewerSchemaIsRefused) {
  with_rows(1).reset();
  tamper("PRAGMA user_version = 99");

  const auto opened = SqliteStore::open(data());

  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Errc::unavailable);
  EXPECT_NE(opened.error().message.find("newer"), std::string::npos);
}

TEST_F(SqliteStoreTest, ADatabaseOfAnotherProgramIsLeftAlone) {
  with_rows(0).reset();
  tamper("PRAGMA application_id = 7");

  EXPECT_EQ(SqliteStore::open(data()).error().code, Errc::internal);
}

TEST_F(SqliteStoreTest, MigrationsAreTakenOnce) {
  with_rows(1).reset();
  auto store = SqliteStore::open(data()).value();
  store.reset();
  auto database = Database::open(data() / "togglecast.db", {}).value();

  EXPECT_EQ(database.query_integer("PRAGMA user_version").value(),
            static_cast<std::int64_t>(migrations().size()));
  EXPECT_TRUE(migrate(database).has_value());
}

// A folder that the first released schema wrote: that of today without what was added since.
TEST_F(SqliteStoreTest, AnOlderFolderIsBroughtToTodaysSchemaWithItsLogUntouched) {
  using domain::testing::client;
  using domain::testing::erase;
  using domain::testing::update;
  std::vector<domain::LogRow> written;
  {
    auto store = with_rows(0);
    auto renamed = platform(1, "web");
    renamed.name = "Shop";
    renamed.revision = 2;
    auto off = renamed;
    off.enabled = false;
    off.revision = 3;
    for (const auto& ops :
         {std::vector{create(platform(1, "web")), create(client(1, "acme"))},
          std::vector{update(platform(1, "web"), renamed)}, std::vector{update(renamed, off)},
          std::vector{update(client(1, "acme"), client(1, "acme", false))},
          std::vector{erase(client(1, "acme", false))}, std::vector{create(domain::testing::token(7, 1))}}) {
      auto transaction = store->begin("production").value();
      const auto& head = transaction->head();
      written.push_back(domain::make_row("production", head, {head.as_of.value + 1'000},
                                         {{"name", "olga"}, {"source", "rest"}}, {head.revision, ops})
                            .value());
      ASSERT_TRUE(
          transaction
              ->commit({.row = &written.back(), .secrets = {}, .idempotency = {}, .outcome = {}, .at = {}})
              .has_value());
    }
  }
  const auto ops_of = [&] {
    auto database = Database::open(data() / "togglecast.db", {}).value();
    auto statement =
        database
            .prepare(
                "SELECT revision || ' ' || kind || ' ' || type || ' ' || text FROM change_log_entity "
                "ORDER BY revision, kind")
            .value();
    std::vector<std::string> found;
    while (statement.step().value()) found.emplace_back(statement.text(0));
    return found;
  };
  const auto as_written = ops_of();
  tamper(
      "DROP INDEX change_log_by_actor; DROP INDEX change_log_by_source; DROP INDEX change_log_by_time;"
      "DROP INDEX change_log_entity_by_revision; DROP INDEX change_log_entity_by_type;"
      "ALTER TABLE change_log DROP COLUMN actor_name; ALTER TABLE change_log DROP COLUMN source;"
      "ALTER TABLE change_log_entity DROP COLUMN type; ALTER TABLE change_log_entity DROP COLUMN text;"
      "DROP TABLE place;"
      "PRAGMA user_version = 1");

  auto store = SqliteStore::open(data()).value();

  EXPECT_EQ(ops_of(), as_written);
  auto reader = store->open_reader().value();
  EXPECT_EQ(store->load("production", 10).value().snapshot->head(), written.back().head);
  EXPECT_EQ(reader->log_page("production", {.type = domain::UpdateType::toggle}).value().rows.size(), 2U);
  EXPECT_EQ(reader->log_page("production", {.text = "shop"}).value().rows.size(), 2U);
  EXPECT_EQ(reader->log_page("production", {.actor = "olga"}).value().rows.size(), 6U);
}

TEST_F(SqliteStoreTest, ACopyOfTheFolderBeginsAnEpochOfItsOwn) {
  with_rows(2).reset();
  const auto backup = folder_.path() / "backup";
  std::filesystem::copy(data(), backup);
  std::filesystem::remove(backup / "togglecast.lock");
  {
    const auto original = SqliteStore::open(data()).value();
    EXPECT_FALSE(original->was_copied());
    EXPECT_EQ(original->environments().value().front().head.epoch, 1);
    ASSERT_TRUE(write(*original, 3));
  }
  std::filesystem::remove_all(data());
  std::filesystem::copy(backup, data());

  auto restored = SqliteStore::open(data()).value();
  EXPECT_TRUE(restored->was_copied());
  const auto epoch = restored->environments().value().front().head.epoch;
  EXPECT_GT(epoch, 1);
  ASSERT_TRUE(write(*restored, 4));
  restored.reset();
  restored = SqliteStore::open(data()).value();
  EXPECT_FALSE(restored->was_copied());
  const auto loaded = restored->load("production", 10).value();
  EXPECT_EQ(loaded.snapshot->head().epoch, epoch);
  EXPECT_EQ(loaded.recent.back().head.epoch, epoch);
  EXPECT_EQ(loaded.recent.front().head.epoch, 1);
}

TEST_F(SqliteStoreTest, CommitsAreSyncedAndForeignKeysHold) {
  with_rows(1).reset();
  auto database = Database::open(data() / "togglecast.db", {}).value();

  EXPECT_EQ(database.query_integer("PRAGMA synchronous").value(), 2);
  EXPECT_EQ(database.query_integer("PRAGMA foreign_keys").value(), 1);
  EXPECT_FALSE(database.execute("DELETE FROM environment").has_value());
}

}  // namespace
}  // namespace togglecast::storage::sqlite
