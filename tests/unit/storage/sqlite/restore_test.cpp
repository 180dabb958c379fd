// Backups that were put beside, or onto, files of another moment; and the good case, in which nothing may be
// lost.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>

#include "unit/storage/sqlite/sqlite_fixture.hpp"

namespace togglecast::storage::sqlite {
namespace {

namespace fs = std::filesystem;

class Restore : public testing::SqliteFolder {
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

  fs::path database() const { return data() / "togglecast.db"; }
  fs::path wal() const { return data() / "togglecast.db-wal"; }
  fs::path backup() const { return folder_.path() / "backup"; }

  // Two revisions, as the README backs them up: stopped, the whole folder.
  void back_up_two_rows() {
    with_rows(2).reset();
    fs::copy(data(), backup());
  }

  void copy_onto(const fs::path& from) const {
    fs::copy_file(from / "togglecast.db", database(), fs::copy_options::overwrite_existing);
  }

  struct Opened {
    std::int64_t revision = 0;
    std::int64_t epoch = 0;
    bool copied = false;
    std::string set_aside;
  };
  Opened open_and_close() const {
    auto store = SqliteStore::open(data());
    EXPECT_TRUE(store.has_value()) << store.error().message;
    if (!store) return {};
    const auto loaded = load(**store);
    EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
    if (!loaded) return {};
    const auto& head = loaded->snapshot->head();
    return {head.revision, head.epoch, (*store)->health().origin() == Origin::copied,
            (*store)->health().set_aside()};
  }

  // The server uses the backup without anything of the log, and keeps the log beside it.
  void expect_restored() const {
    const Opened restored = open_and_close();
    EXPECT_EQ(restored.revision, 2);
    EXPECT_TRUE(restored.copied);
    EXPECT_GT(restored.epoch, 1);
    ASSERT_FALSE(restored.set_aside.empty());
    EXPECT_GT(fs::file_size(restored.set_aside), 0U);
    EXPECT_EQ(std::filesystem::path(restored.set_aside).parent_path(), data());
    const Opened again = open_and_close();
    EXPECT_EQ(again.revision, 2);
    EXPECT_EQ(again.epoch, restored.epoch);
    EXPECT_FALSE(again.copied);
    EXPECT_TRUE(again.set_aside.empty());
  }
};

void write_rows(SqliteStore& store, int first, int last, std::size_t size = 0) {
  for (int id = first; id <= last; ++id)
    if (!testing::SqliteFolder::write(store, id, std::string(size, 'x'))) ::_exit(2);
}

void checkpoint_by_another_program(const fs::path& database) {
  auto other = Database::open(database, {});
  if (!other || !other->execute("PRAGMA wal_checkpoint(TRUNCATE)")) ::_exit(3);
}

TEST_F(Restore, AfterKillItsOwnLogLosesNothing) {
  with_rows(2).reset();
  run_and_kill([](SqliteStore& store) { write_rows(store, 3, 6); });
  ASSERT_GT(fs::file_size(wal()), 0U);

  const Opened opened = open_and_close();

  EXPECT_EQ(opened.revision, 6);
  EXPECT_EQ(opened.epoch, 1);
  EXPECT_FALSE(opened.copied);
  EXPECT_TRUE(opened.set_aside.empty()) << opened.set_aside;
}

TEST_F(Restore, ACheckpointThatAReaderHoldsUpLeavesTheFileItsOwn) {
  const auto store = with_rows(2);
  auto reader = Database::open(database(), {.read_only = true}).value();
  auto other = Database::open(database(), {}).value();
  int unfinished = 0;
  for (int id = 3; id < 300; id += 2) {
    ASSERT_TRUE(write(*store, id, std::string(150, 'x')));
    ASSERT_TRUE(reader.execute("BEGIN"));
    ASSERT_TRUE(reader.query_integer("SELECT count(*) FROM change_log"));
    ASSERT_TRUE(write(*store, id + 1));
    ASSERT_TRUE(other.execute("PRAGMA wal_checkpoint"));
    if (!Database::open(database(), {.read_only = true, .without_wal = true})) ++unfinished;

    const auto own = store->health().check();
    ASSERT_TRUE(own) << own.error().message;
    ASSERT_TRUE(reader.execute("ROLLBACK"));
  }

  EXPECT_GT(unfinished, 0) << "the file alone was no whole database";
}

TEST_F(Restore, AfterKillInTheFirstLifeNothingIsLost) {
  run_and_kill([](SqliteStore& store) {
    if (!store.create_environment("production", sha256("genesis"), {1'700'000'000'000})) ::_exit(1);
    write_rows(store, 1, 3);
  });

  EXPECT_EQ(open_and_close().revision, 3);
}

TEST_F(Restore, ALogThatSqliteBeganAgainManyTimesBelongsToItsDatabase) {
  with_rows(1).reset();
  for (const int rows : {30, 31, 60, 61}) {
    const auto before = open_and_close().revision;
    run_and_kill([&](SqliteStore& store) {
      for (int row = 1; row <= rows; ++row) {
        write_rows(store, static_cast<int>(before) + row, static_cast<int>(before) + row);
        if (!store.health().probe_write())
          ::_exit(4);  // writes 32 pages, and SQLite begins again after 1,000
      }
    });
    const Opened opened = open_and_close();
    EXPECT_EQ(opened.revision, before + rows);
    EXPECT_EQ(opened.epoch, 1);
    EXPECT_TRUE(opened.set_aside.empty()) << opened.set_aside;
  }
}

TEST_F(Restore, CheckpointsOfAnotherProgramDoNotPartThePair) {
  with_rows(1).reset();
  for (int last = 2; last < 8; ++last) {
    run_and_kill([&](SqliteStore& store) {
      if (last % 2 == 0) checkpoint_by_another_program(database());
      write_rows(store, last, last);
      if (last % 3 == 0) checkpoint_by_another_program(database());
      if (!store.health().probe_write()) ::_exit(4);
    });
    const Opened opened = open_and_close();
    EXPECT_EQ(opened.revision, last);
    EXPECT_TRUE(opened.set_aside.empty()) << opened.set_aside;
  }
}

TEST_F(Restore, ACopyOfBothFilesAfterKillLosesNothing) {
  with_rows(2).reset();
  run_and_kill([](SqliteStore& store) { write_rows(store, 3, 6); });
  fs::rename(data(), folder_.path() / "elsewhere");
  fs::copy(folder_.path() / "elsewhere", data());

  const Opened opened = open_and_close();

  EXPECT_EQ(opened.revision, 6);
  EXPECT_TRUE(opened.copied);
  EXPECT_TRUE(opened.set_aside.empty());
}

TEST_F(Restore, ABackupCopiedOntoTheFileAfterKillIsServedWithoutTheOldLog) {
  back_up_two_rows();
  run_and_kill([](SqliteStore& store) { write_rows(store, 3, 6); });

  copy_onto(backup());

  expect_restored();
}

TEST_F(Restore, AWholeBackupCopiedOverTheFilesAfterKillIsServedWithoutTheOldLog) {
  back_up_two_rows();
  run_and_kill([](SqliteStore& store) { write_rows(store, 3, 6); });

  fs::copy(backup(), data(), fs::copy_options::overwrite_existing | fs::copy_options::recursive);

  expect_restored();
}

TEST_F(Restore, ANewFileBesideAnOldLogIsServedWithoutIt) {
  back_up_two_rows();
  run_and_kill([](SqliteStore& store) { write_rows(store, 3, 6, 5'000); });

  fs::copy_file(backup() / "togglecast.db", data() / "arriving");
  fs::rename(data() / "arriving", database());

  expect_restored();
}

TEST_F(Restore, ABackupThatIsNewerThanTheLogIsServedWithoutIt) {
  with_rows(1).reset();
  run_and_kill([](SqliteStore& store) { write_rows(store, 2, 2); });
  const auto old_log = folder_.path() / "old log";
  fs::copy_file(wal(), old_log);
  ASSERT_EQ(open_and_close().revision, 2);

  fs::rename(old_log, wal());

  const Opened opened = open_and_close();
  EXPECT_EQ(opened.revision, 2);
  EXPECT_FALSE(opened.set_aside.empty());
}

TEST_F(Restore, ABackupCopiedOntoTheLiveFileStopsChangesAndIsServedAtTheNextStart) {
  back_up_two_rows();
  auto store = SqliteStore::open(data()).value();
  ASSERT_TRUE(write(*store, 3));
  ASSERT_TRUE(write(*store, 4));

  copy_onto(backup());

  const auto refused = write(*store, 5);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_NE(refused.error().message.find("was overwritten with other content"), std::string::npos)
      << refused.error().message;
  store.reset();
  expect_restored();
}

TEST_F(Restore, ABackupCopiedOntoTheLiveFileJustBeforeTheStopIsServed) {
  back_up_two_rows();
  auto store = SqliteStore::open(data()).value();
  ASSERT_TRUE(write(*store, 3));

  copy_onto(backup());
  store.reset();

  expect_restored();
}

TEST_F(Restore, ABackupIsNotUndoneByTheOneChangeAfterIt) {
  back_up_two_rows();
  run_and_kill([](SqliteStore& store) { write_rows(store, 3, 3); });

  copy_onto(backup());

  expect_restored();
}

TEST_F(Restore, ABackupCopiedOntoTheLiveFileBeforeKillIsServed) {
  back_up_two_rows();
  run_and_kill([this](SqliteStore& store) {
    write_rows(store, 3, 6);
    copy_onto(backup());
  });

  expect_restored();
}

TEST_F(Restore, ABackupCopiedOverTheFilesOfAStoppedServerBeginsAnEpoch) {
  back_up_two_rows();
  for (const bool whole : {false, true}) {
    const auto before = open_and_close().epoch;
    write_rows(*SqliteStore::open(data()).value(), 3, 4);

    if (whole) {
      fs::copy(backup(), data(), fs::copy_options::overwrite_existing | fs::copy_options::recursive);
    } else {
      copy_onto(backup());
    }

    const Opened opened = open_and_close();
    EXPECT_EQ(opened.revision, 2);
    EXPECT_TRUE(opened.copied) << whole;
    EXPECT_GE(opened.epoch, before);
    EXPECT_TRUE(opened.set_aside.empty());
    EXPECT_FALSE(open_and_close().copied);
  }
}

// A copy of the file alone, made while the server ran, lacks what the log got into it later.
TEST_F(Restore, ACopyOfTheSameLifeFromBeforeALaterCheckpointIsNotBlended) {
  with_rows(1).reset();
  run_and_kill([this](SqliteStore& store) {
    write_rows(store, 2, 3);
    checkpoint_by_another_program(database());
    fs::copy_file(database(), folder_.path() / "hot copy");
    write_rows(store, 4, 5);
    checkpoint_by_another_program(database());
    write_rows(store, 6, 8);
  });
  fs::copy_file(folder_.path() / "hot copy", database(), fs::copy_options::overwrite_existing);

  const Opened opened = open_and_close();

  EXPECT_EQ(opened.revision, 3);
  EXPECT_TRUE(opened.copied);
  EXPECT_FALSE(opened.set_aside.empty());
}

TEST_F(Restore, ADamagedDatabaseBesideTheLogOfAnotherIsLeftAsItIs) {
  back_up_two_rows();
  run_and_kill([](SqliteStore& store) { write_rows(store, 3, 6); });
  copy_onto(backup());
  const auto size = fs::file_size(database());
  {
    std::fstream file(database(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(4096 * 3));
    file << std::string(4096, '\0');
  }
  const auto log_size = fs::file_size(wal());

  const auto opened = SqliteStore::open(data());

  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find("do not belong together"), std::string::npos)
      << opened.error().message;
  EXPECT_EQ(fs::file_size(wal()), log_size);
  EXPECT_EQ(fs::file_size(database()), size);
}

TEST_F(Restore, TheLogOfAVersionThatDidNotCountStepsIsKept) {
  with_rows(2).reset();
  run_and_kill([this](SqliteStore& store) {
    write_rows(store, 3, 3);
    auto old = Database::open(database(), {}).value();
    if (!old.execute(testing::kBackToFifthSchema)) ::_exit(1);
    for (const char* column : {"life", "step", "base_life", "base_step"})
      if (!old.execute(("ALTER TABLE place DROP COLUMN " + std::string(column)).c_str())) ::_exit(1);
    if (!old.execute("PRAGMA user_version = 3") || !old.execute("PRAGMA wal_checkpoint(TRUNCATE)") ||
        !old.execute("UPDATE environment SET as_of = as_of + 1"))
      ::_exit(1);
    for (const auto& file : fs::directory_iterator(data()))
      if (file.path().filename().string().starts_with("togglecast.life-")) fs::remove(file);
  });
  ASSERT_GT(fs::file_size(wal()), 0U);

  const Opened opened = open_and_close();

  EXPECT_EQ(opened.revision, 3);
  EXPECT_FALSE(opened.copied);
  EXPECT_TRUE(opened.set_aside.empty());
}

TEST_F(Restore, ABackupOfAVersionThatDidNotCountStepsIsServedWithoutALaterLog) {
  with_rows(2).reset();
  tamper(testing::kBackToFifthSchema);
  for (const char* column : {"life", "step", "base_life", "base_step"})
    tamper(("ALTER TABLE place DROP COLUMN " + std::string(column)).c_str());
  tamper("PRAGMA user_version = 3");
  fs::copy(data(), backup());
  run_and_kill([](SqliteStore& store) { write_rows(store, 3, 6); });

  copy_onto(backup());

  expect_restored();
}

}  // namespace
}  // namespace togglecast::storage::sqlite
