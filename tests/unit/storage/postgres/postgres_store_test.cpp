// Several stores on one database, a server that goes away, and what an operator is told.
#include <future>
#include <thread>

#include "storage/postgres/connection/listener.hpp"
#include "storage/postgres/migrations.hpp"
#include "unit/storage/additive_schema.hpp"
#include "unit/storage/postgres/postgres_fixture.hpp"

namespace togglecast::storage::postgres {
namespace {

using togglecast::test::eventually;

class PostgresStoreTest : public testing::PostgresDatabase {};

// The kept rows follow on one another from the beginning to the head.
void expect_whole(Store& store, const std::string& environment, domain::Revision revisions) {
  const auto reader = store.open_reader().value();
  const auto loaded = storage::load(*reader, environment, 1'000'000);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->snapshot->revision(), revisions);
  EXPECT_EQ(static_cast<domain::Revision>(loaded->recent.size()), revisions);
}

TEST_F(PostgresStoreTest, StepsOfTheSchemaOnlyAdd) {
  for (const char* step : migrations()) EXPECT_TRUE(storage::testing::not_additive(step).empty()) << step;
}

TEST_F(PostgresStoreTest, ManyServersStartAtOnceOnAnEmptyDatabase) {
  std::vector<std::thread> starts;
  std::vector<std::string> failures(6);
  for (std::size_t i = 0; i < failures.size(); ++i)
    starts.emplace_back([&, i] {
      const auto store = PostgresStore::open(target_);
      if (!store) failures[i] = store.error().message;
    });
  for (auto& start : starts) start.join();

  EXPECT_EQ(failures, std::vector<std::string>(6));
  EXPECT_TRUE(with_production()->begin("production").has_value());
}

TEST_F(PostgresStoreTest, OneOfTwoMakesAnEnvironment) {
  const auto store = with_production();

  const auto again = open()->create_environment("production", sha256("other"), {});

  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Errc::already_exists);
}

TEST_F(PostgresStoreTest, WritersOfManyStoresTakeTurnsWithoutGapOrDeadlock) {
  constexpr int kWriters = 4, kEach = 40;
  const auto first = with_production();
  ASSERT_TRUE(first->create_environment("staging", sha256("other"), {}).has_value());
  std::vector<std::string> failures(kWriters);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer)
    writers.emplace_back([&, writer] {
      const auto store = open();
      for (int i = 0; i < kEach; ++i) {
        const int id = writer * kEach + i + 1;
        // Both environments, in another order than the other writers; and messages beside them.
        const std::string environment = (writer + i) % 2 == 0 ? "production" : "staging";
        if (const auto done = testing::PostgresDatabase::write(*store, id, environment); !done)
          failures[static_cast<std::size_t>(writer)] = done.error().message;
        NewMessage message;
        message.row.environment = environment;
        message.row.id = "m" + std::to_string(id);
        message.row.ack = "client";
        message.row.expires_at = {2'000'000'000'000};
        const auto added = store->messages().add(message, {});
        if (!added ||
            !store->messages().record(std::vector<MessageReceipt>{{added->row.number, 1, "", {1}, {1}}}))
          failures[static_cast<std::size_t>(writer)] = "a message was not written";
      }
    });
  for (auto& writer : writers) writer.join();

  EXPECT_EQ(failures, std::vector<std::string>(kWriters));
  expect_whole(*first, "production", kWriters * kEach / 2);
  expect_whole(*first, "staging", kWriters * kEach / 2);
  const auto changes = first->open_reader().value()->messages().changes_after(0, {1}).value();
  EXPECT_EQ(changes.messages.size(), static_cast<std::size_t>(kWriters * kEach));
  EXPECT_EQ(changes.last, 2 * kWriters * kEach);
}

TEST_F(PostgresStoreTest, ANewerSchemaRefusesAnOlderProgram) {
  open().reset();
  run("UPDATE togglecast.schema_version SET version = 1000");

  const auto refused = PostgresStore::open(target_);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_NE(refused.error().message.find("newer Togglecast (schema 1000"), std::string::npos)
      << refused.error().message;
}

TEST_F(PostgresStoreTest, TheSchemaOfAnotherProgramIsLeftAlone) {
  run("CREATE SCHEMA togglecast; CREATE TABLE togglecast.theirs (a int)");

  const auto refused = PostgresStore::open(target_);

  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("belongs to another program"), std::string::npos)
      << refused.error().message;
}

TEST_F(PostgresStoreTest, ASchemaThatAnAdministratorMadeIsUsed) {
  run("CREATE SCHEMA togglecast");

  EXPECT_TRUE(PostgresStore::open(target_).has_value());
}

TEST_F(PostgresStoreTest, AConnectionThatBrokeIsReplacedBeforeTheNextWrite) {
  const auto store = with_production();
  const auto reader = store->open_reader().value();
  ASSERT_EQ(reader->environments().value().size(), 1U);

  run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE pid <> pg_backend_pid() AND datname = current_database()");

  EXPECT_TRUE(write(*store, 1).has_value());
  EXPECT_EQ(reader->rows_after("production", 0, 10).value().size(), 1U);
}

TEST_F(PostgresStoreTest, ATransactionWhoseConnectionBrokeFailsAndTheLogTellsThatNothingHappened) {
  const auto store = with_production();
  auto transaction = store->begin("production").value();
  run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE pid <> pg_backend_pid() AND datname = current_database()");

  const auto failed = write_in(*transaction, 1);
  transaction.reset();

  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, Errc::unavailable);
  EXPECT_GT(failed.error().retry_after, Milliseconds{0});
  EXPECT_EQ(store->begin("production").value()->head().revision, 0);
}

TEST_F(PostgresStoreTest, ADroppedTransactionLeavesNoLock) {
  const auto one = with_production();
  const auto other = open();

  { const auto transaction = one->begin("production").value(); }

  EXPECT_TRUE(write(*other, 1).has_value());
}

TEST_F(PostgresStoreTest, AWriteReadsTheRowsOfOthersAlongWithTheCounterRow) {
  const auto one = with_production();
  const auto other = open();
  for (int id = 1; id <= 3; ++id) ASSERT_TRUE(write(*other, id).has_value());

  const auto rows = one->begin_after("production", 1).value()->take_unseen();

  ASSERT_EQ(rows.size(), 2U);
  const auto read = one->open_reader().value()->rows_after("production", 1, 10).value();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].head, read[i].head);
    EXPECT_EQ(rows[i].change_text, read[i].change_text);
  }
  EXPECT_TRUE(one->begin_after("production", 3).value()->take_unseen().empty());
  EXPECT_TRUE(one->begin("production").value()->take_unseen().empty());
}

TEST_F(PostgresStoreTest, RowsThatWereWrittenWhileTheCounterRowWasWaitedForAreReadAlong) {
  const auto one = with_production();
  const auto other = open();
  auto first = one->begin("production").value();
  auto second = std::async(std::launch::async, [&] { return other->begin_after("production", 0); });

  ASSERT_TRUE(write_in(*first, 1).has_value());
  first.reset();
  const auto transaction = second.get().value();

  EXPECT_EQ(transaction->head().revision, 1);
  EXPECT_EQ(transaction->take_unseen().size(), 1U);
}

TEST_F(PostgresStoreTest, AWriterThatStandsStillIsPutAside) {
  with_production().reset();
  target_.statement = Milliseconds{6'000};
  const auto still = open();
  auto held = still->begin("production").value();
  const auto other = open();

  // First the lock is waited for in vain; then the server ends the transaction that does nothing.
  EXPECT_TRUE(eventually([&] { return write(*other, 1).has_value(); }));
  const auto late = write_in(*held, 2);
  held.reset();

  EXPECT_FALSE(late.has_value());
  EXPECT_EQ(still->begin("production").value()->head().revision, 1);
}

TEST_F(PostgresStoreTest, NothingIsUnavailableLongerThanTheServerIs) {
  togglecast::testing::PostgresServer own;
  target_ = own.target("togglecast");
  const auto store = with_production();
  const auto reader = store->open_reader().value();
  ASSERT_TRUE(write(*store, 1).has_value());

  own.stop(SIGKILL);
  int id = 2;  // the killed server's children may carry out a few more
  Error refused;
  EXPECT_TRUE(eventually([&] {
    const auto written = write(*store, id);
    if (written) {
      ++id;
      return false;
    }
    refused = written.error();
    return refused.message.find("cannot be reached") != std::string::npos;
  }));
  EXPECT_EQ(refused.code, Errc::unavailable);
  EXPECT_GT(refused.retry_after, Milliseconds{0});
  EXPECT_FALSE(store->health().check().has_value());
  EXPECT_TRUE(eventually([&] { return !reader->version().has_value(); }));

  own.start();
  EXPECT_TRUE(eventually([&] { return write(*store, 1'000).has_value(); }));
  EXPECT_TRUE(eventually([&] { return reader->version().has_value(); }));
  EXPECT_TRUE(store->health().check().has_value());
  expect_whole(*store, "production", store->begin("production").value()->head().revision);
}

TEST_F(PostgresStoreTest, TheListenerHearsOfOthersAndComesBack) {
  const auto store = with_production();
  const auto other = open({.node = "other"});
  std::atomic<int> notices{0};
  std::atomic<int> states{0};
  Listener listener({.target = target_,
                     .own = "mine",
                     .on_notice = [&] { ++notices; },
                     .on_state = [&](bool, const std::string&) { ++states; }});
  listener.start();
  ASSERT_TRUE(eventually([&] { return listener.is_listening() && notices == 1; }));

  ASSERT_TRUE(write(*other, 1).has_value());
  EXPECT_TRUE(eventually([&] { return notices == 2; }));
  ASSERT_TRUE(write(*open({.node = "mine"}), 2).has_value());
  ASSERT_TRUE(write(*other, 3).has_value());
  EXPECT_TRUE(eventually([&] { return notices >= 3; }));
  EXPECT_EQ(notices, 3) << "not of its own node";

  run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE pid <> pg_backend_pid() AND datname = current_database()");
  EXPECT_TRUE(eventually([&] { return states >= 3 && listener.is_listening() && notices >= 4; }));
  listener.stop();
}

TEST_F(PostgresStoreTest, ADatabaseInAnotherEncodingIsRefused) {
  server().run("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0", "postgres");

  const auto refused = PostgresStore::open(server().target("latin"));

  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("LATIN1"), std::string::npos) << refused.error().message;
}

TEST_F(PostgresStoreTest, AReadOnlyServerTakesNoWritesAndSaysWhy) {
  const auto store = with_production();
  run("DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || "
      "' SET default_transaction_read_only = on'; END $$");
  run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE pid <> pg_backend_pid() AND datname = current_database()");

  const auto sick = store->health().check();
  const auto refused = write(*store, 1);

  ASSERT_FALSE(sick.has_value());
  EXPECT_EQ(sick.error().code, Errc::unavailable);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("read-only"), std::string::npos) << refused.error().message;
}

TEST(PostgresTarget, APasswordIsInNoMessage) {
  for (const char* text : {"postgresql://user:se/cret@host/db", "postgresql://user:secret@host:port/db",
                           "host=a password='secret", "postgresql://u@h/db?password=secret&nonsense=1"}) {
    const auto checked = check_target(text);
    ASSERT_FALSE(checked.has_value()) << text;
    EXPECT_EQ(checked.error().message.find("cret"), std::string::npos) << checked.error().message;
  }
  EXPECT_EQ(shown("postgres://user:secret@host:5433/db?sslmode=require"), "postgresql://user@host:5433/db");
  EXPECT_EQ(shown("host=h user=u password=secret dbname=d"), "postgresql://u@h/d");
  EXPECT_EQ(shown("service=main"), "postgresql:///?service=main");
}

TEST(PostgresTarget, IsToldFromOtherTexts) {
  EXPECT_TRUE(is_target("postgres://h/d"));
  EXPECT_TRUE(is_target("postgresql://h/d"));
  EXPECT_TRUE(is_target("service=main"));
  EXPECT_FALSE(is_target("mysql://h/d?a=b"));
  EXPECT_FALSE(is_target("data"));
  EXPECT_FALSE(check_target("postgresql://h/d?sslmod=require").has_value());
}

}  // namespace
}  // namespace togglecast::storage::postgres
