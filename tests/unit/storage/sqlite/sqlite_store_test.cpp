#include "storage/sqlite/sqlite_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "unit/storage/asset_contract.hpp"
#include "unit/storage/fetched_contract.hpp"
#include "unit/storage/lease_contract.hpp"
#include "unit/storage/log_contract.hpp"
#include "unit/storage/message_contract.hpp"
#include "unit/storage/moving_contract.hpp"
#include "unit/storage/sqlite/sqlite_fixture.hpp"
#include "unit/storage/sqlite/sqlite_medium.hpp"
#include "unit/storage/store_contract.hpp"
#include "unit/storage/together_contract.hpp"
#include "unit/storage/transfer_contract.hpp"
#include "unit/storage/usage_contract.hpp"

namespace togglecast::storage::testing {

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
                         ::testing::Values(MakeMedium([] { return std::make_unique<SqliteMedium>(); })));
INSTANTIATE_TEST_SUITE_P(Sqlite, MessageContract,
                         ::testing::Values(MakeMedium([] { return std::make_unique<SqliteMedium>(); })));

INSTANTIATE_TEST_SUITE_P(Sqlite, TogetherContract,
                         ::testing::Values(MakeMedium([] { return std::make_unique<SqliteMedium>(); })));
INSTANTIATE_TEST_SUITE_P(Sqlite, UsageContract,
                         ::testing::Values(MakeMedium([] { return std::make_unique<SqliteMedium>(); })));
INSTANTIATE_TEST_SUITE_P(Sqlite, FetchedContract,
                         ::testing::Values(MakeMedium([] { return std::make_unique<SqliteMedium>(); })));
INSTANTIATE_TEST_SUITE_P(Sqlite, LeaseContract,
                         ::testing::Values(MakeMedium([] { return std::make_unique<SqliteMedium>(); })));
INSTANTIATE_TEST_SUITE_P(Sqlite, MovingContract,
                         ::testing::Values(MakeMedium([] { return std::make_unique<SqliteMedium>(); })));
INSTANTIATE_TEST_SUITE_P(Sqlite, TransferContract,
                         ::testing::Values(MakeMedium([] { return std::make_unique<SqliteMedium>(); })));
INSTANTIATE_TEST_SUITE_P(Sqlite, AssetContract,
                         ::testing::Values(MakeMedium([] { return std::make_unique<SqliteMedium>(); })));

}  // namespace togglecast::storage::testing

namespace togglecast::storage::sqlite {
namespace {

class SqliteStoreTest : public testing::SqliteFolder {};

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

TEST_F(SqliteStoreTest, FollowsNoSymbolicLink) {
  for (const char* name : {"togglecast.lock", "togglecast.db", "togglecast.db-wal", "togglecast.db-shm",
                           "togglecast.db.new", "togglecast.db.new-journal", "first-login"}) {
    std::filesystem::create_directory(data());
    std::filesystem::permissions(data(), std::filesystem::perms::owner_all);
    const auto target = folder_.path() / "target";
    std::ofstream(target) << "content of another program";
    std::filesystem::create_symlink(target, data() / name);

    const auto opened = SqliteStore::open(data());

    ASSERT_FALSE(opened.has_value()) << name;
    EXPECT_EQ(opened.error().code, Errc::unavailable);
    EXPECT_NE(opened.error().message.find(std::string(name) + " is a symbolic link"), std::string::npos)
        << opened.error().message;
    EXPECT_EQ(std::filesystem::file_size(target), 26U) << name;
    std::filesystem::remove_all(data());
  }
}

TEST_F(SqliteStoreTest, TheDatabaseItselfFollowsNoSymbolicLinkEither) {
  with_rows(1).reset();
  std::filesystem::rename(data() / "togglecast.db", folder_.path() / "target");
  std::filesystem::create_symlink(folder_.path() / "target", data() / "togglecast.db");

  const auto opened = Database::open(data() / "togglecast.db", {});

  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find("is a symbolic link"), std::string::npos) << opened.error().message;
}

TEST_F(SqliteStoreTest, TheFolderItselfMayBeASymbolicLinkAndHaveAStrangeName) {
  const auto real = folder_.path() / "100% of data?#";
  std::filesystem::create_directory(real);
  std::filesystem::permissions(real, std::filesystem::perms::owner_all);
  std::filesystem::create_directory_symlink(real, data());

  with_rows(2).reset();

  EXPECT_EQ(load(*SqliteStore::open(data()).value())->snapshot->revision(), 2);
  EXPECT_TRUE(std::filesystem::exists(real / "togglecast.db"));
}

TEST_F(SqliteStoreTest, RefusesAFolderThatOthersMayWrite) {
  for (const auto extra : {std::filesystem::perms::group_write, std::filesystem::perms::others_write}) {
    std::filesystem::create_directory(data());
    std::filesystem::permissions(data(), std::filesystem::perms::owner_all | extra);

    const auto opened = SqliteStore::open(data());

    ASSERT_FALSE(opened.has_value());
    EXPECT_NE(opened.error().message.find("run chmod go-w " + data().string()), std::string::npos)
        << opened.error().message;
    EXPECT_TRUE(std::filesystem::is_empty(data()));
    std::filesystem::remove(data());
  }
}

TEST_F(SqliteStoreTest, RefusesAFolderOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  std::filesystem::create_directory(data());
  std::filesystem::permissions(data(), std::filesystem::perms::owner_all);
  ASSERT_EQ(::chown(data().c_str(), 65'534, 65'534), 0);

  const auto opened = SqliteStore::open(data());

  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find("belongs to nobody"), std::string::npos) << opened.error().message;
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

TEST_F(SqliteStoreTest, AFolderWhoseLockFileWasDeletedIsStillInUse) {
  const auto store = with_rows(1);
  std::filesystem::remove(data() / "togglecast.lock");

  const auto second = SqliteStore::open(data());

  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::conflict);
}

TEST_F(SqliteStoreTest, AFileInPlaceOfTheFolderIsNamed) {
  std::ofstream(data()) << "not a folder";

  const auto opened = SqliteStore::open(data());

  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find(data().string()), std::string::npos);
}

TEST_F(SqliteStoreTest, AFirstStartThatWasCutOffIsBegunAgain) {
  std::filesystem::create_directory(data());
  std::ofstream(data() / "togglecast.db.new") << "half of it";
  std::ofstream(data() / "togglecast.db.new-journal") << "half of it";

  const auto store = with_rows(1);

  EXPECT_EQ(load(*store).value().snapshot->revision(), 1);
  EXPECT_FALSE(std::filesystem::exists(data() / "togglecast.db.new"));
}

TEST_F(SqliteStoreTest, ATrialTellsWhetherThereIsRoomAndLeavesNothing) {
  with_rows(1).reset();
  auto tight = SqliteStore::open(data(), {.max_pages = 45}).value();
  const auto without_room = tight->health().probe_write();
  tight.reset();
  auto roomy = SqliteStore::open(data()).value();
  const auto with_room = roomy->health().probe_write();
  roomy.reset();

  ASSERT_FALSE(without_room.has_value());
  EXPECT_EQ(without_room.error().code, Errc::unavailable);
  EXPECT_TRUE(with_room.has_value());
  auto database = Database::open(data() / "togglecast.db", {.read_only = true}).value();
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM idempotency").value(), 0);
}

TEST_F(SqliteStoreTest, ACopyOfTheFolderBeginsAnEpochOfItsOwn) {
  with_rows(2).reset();
  const auto backup = folder_.path() / "backup";
  std::filesystem::copy(data(), backup);
  std::filesystem::remove(backup / "togglecast.lock");
  {
    const auto original = SqliteStore::open(data()).value();
    EXPECT_FALSE(original->health().origin() == Origin::copied);
    EXPECT_EQ(load(*original)->snapshot->head().epoch, 1);
    ASSERT_TRUE(write(*original, 3));
  }
  std::filesystem::remove_all(data());
  std::filesystem::copy(backup, data());

  auto restored = SqliteStore::open(data()).value();
  EXPECT_TRUE(restored->health().origin() == Origin::copied);
  const auto epoch = load(*restored)->snapshot->head().epoch;
  EXPECT_GT(epoch, 1);
  ASSERT_TRUE(write(*restored, 4));
  restored.reset();
  restored = SqliteStore::open(data()).value();
  EXPECT_FALSE(restored->health().origin() == Origin::copied);
  const auto loaded = load(*restored).value();
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
