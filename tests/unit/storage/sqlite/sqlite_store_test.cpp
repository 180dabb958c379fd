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

// A folder that the first released schema wrote: that of today without what the second step added.
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
      "PRAGMA user_version = 1");

  auto store = SqliteStore::open(data()).value();

  EXPECT_EQ(ops_of(), as_written);
  auto reader = store->open_reader().value();
  EXPECT_EQ(store->load("production", 10).value().snapshot->head(), written.back().head);
  EXPECT_EQ(reader->log_page("production", {.type = domain::UpdateType::toggle}).value().rows.size(), 2U);
  EXPECT_EQ(reader->log_page("production", {.text = "shop"}).value().rows.size(), 2U);
  EXPECT_EQ(reader->log_page("production", {.actor = "olga"}).value().rows.size(), 6U);
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
