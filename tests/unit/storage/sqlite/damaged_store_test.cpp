// Disks that are full, files that are moved, cut short or edited: said so, and nothing acknowledged is lost.
#include <fstream>

#include "unit/storage/sqlite/sqlite_fixture.hpp"

namespace togglecast::storage::sqlite {
namespace {

class DamagedStore : public testing::SqliteFolder {};

TEST_F(DamagedStore, AFullDiskIsAnAnswerAndNothingIsHalfWritten) {
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
  EXPECT_EQ(load(*roomy).value().snapshot->revision(), committed);
  EXPECT_TRUE(write(*roomy, 500).has_value());
}

TEST_F(DamagedStore, ADatabaseThatIsDeletedOrReplacedTakesNoMoreChanges) {
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

TEST_F(DamagedStore, WhatWasCommittedOutlivesADeletedWal) {
  auto store = with_rows(3);
  std::filesystem::remove(data() / "togglecast.db-wal");

  const auto written = write(*store, 4);
  const auto copy = folder_.path() / "as after kill -9";
  std::filesystem::copy(data(), copy);

  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, Errc::unavailable);
  EXPECT_NE(written.error().message.find("stop the server"), std::string::npos) << written.error().message;
  EXPECT_EQ(load(*SqliteStore::open(copy).value()).value().snapshot->revision(), 3);
}

TEST_F(DamagedStore, FilesThatAreCutShortTakeNoMoreChanges) {
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

TEST_F(DamagedStore, ChangesThatAnotherProgramBringsIntoTheDatabaseAreNotMissed) {
  const auto store = with_rows(3);
  tamper("PRAGMA wal_checkpoint(TRUNCATE)");

  EXPECT_EQ(std::filesystem::file_size(data() / "togglecast.db-wal"), 0U);
  EXPECT_TRUE(write(*store, 4).has_value());
  EXPECT_TRUE(write(*store, 5).has_value());
}

TEST_F(DamagedStore, AnEmptyOrMissingDatabaseBesideItsChangesIsNotStartedAnew) {
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

  // A backup comes last, and never beside the changes.
  const std::string cure =
      " are there: put the database back that they belong to; only if it is lost, move the changes away, "
      "without deleting them, and "
      "restore a backup of the folder;";
  ASSERT_FALSE(emptied.has_value());
  EXPECT_NE(emptied.error().message.find(cure), std::string::npos) << emptied.error().message;
  EXPECT_NE(emptied.error().message.find("is empty"), std::string::npos) << emptied.error().message;
  ASSERT_FALSE(gone.has_value());
  EXPECT_NE(gone.error().message.find(cure), std::string::npos) << gone.error().message;
  EXPECT_NE(gone.error().message.find("is gone"), std::string::npos) << gone.error().message;
  EXPECT_GT(std::filesystem::file_size(killed / "togglecast.db-wal"), 0U);
}

TEST_F(DamagedStore, GarbageInPlaceOfTheDatabaseIsSaidSo) {
  std::filesystem::create_directory(data());
  std::ofstream(data() / "togglecast.db") << std::string(8'192, 'g');

  const auto opened = SqliteStore::open(data());

  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find("is not a database"), std::string::npos) << opened.error().message;
}

TEST_F(DamagedStore, AnEditedLogRowIsFoundOut) {
  with_rows(3).reset();
  tamper("UPDATE change_log SET change = replace(change, '\"p2\"', '\"px\"') WHERE revision = 2");
  auto store = SqliteStore::open(data()).value();

  const auto loaded = load(*store);

  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, Errc::internal);
  EXPECT_NE(loaded.error().message.find("revision 2"), std::string::npos) << loaded.error().message;
}

TEST_F(DamagedStore, AMissingLogRowIsFoundOut) {
  with_rows(3).reset();
  tamper("PRAGMA foreign_keys = OFF; DELETE FROM change_log WHERE revision = 3");
  auto store = SqliteStore::open(data()).value();

  EXPECT_EQ(load(*store).error().code, Errc::internal);
}

TEST_F(DamagedStore, ADamagedBodyIsFoundOut) {
  with_rows(1).reset();
  tamper("UPDATE entity SET body = '{\"id\":1}'");
  auto store = SqliteStore::open(data()).value();

  const auto loaded = load(*store);

  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, Errc::internal);
}

}  // namespace
}  // namespace togglecast::storage::sqlite
