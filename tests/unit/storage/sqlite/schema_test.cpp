// Databases of other versions, and of other programs.
#include "storage/sqlite/migrations.hpp"
#include "unit/storage/additive_schema.hpp"
#include "unit/storage/sqlite/sqlite_fixture.hpp"

namespace togglecast::storage::sqlite {
namespace {

using domain::testing::create;
using domain::testing::platform;

class SqliteSchema : public testing::SqliteFolder {};

TEST_F(SqliteSchema, ANewerSchemaIsRefused) {
  with_rows(1).reset();
  tamper("PRAGMA user_version = 99");

  const auto opened = SqliteStore::open(data());

  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Errc::unavailable);
  EXPECT_NE(opened.error().message.find("newer"), std::string::npos);
}

TEST_F(SqliteSchema, StepsOnlyAdd) {
  for (const char* step : migrations()) EXPECT_TRUE(storage::testing::not_additive(step).empty()) << step;
}

TEST(AdditiveSchema, FindsWhatAServerOfTheVersionBeforeStumblesOver) {
  using Found = std::vector<std::string>;
  using storage::testing::not_additive;

  EXPECT_EQ(not_additive("CREATE TABLE a (b INTEGER NOT NULL); CREATE INDEX c ON a (b);"), Found{});
  EXPECT_EQ(not_additive("ALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT ''"), Found{});
  EXPECT_EQ(not_additive("ALTER TABLE a ADD COLUMN b TEXT -- NOT NULL"), Found{});
  EXPECT_EQ(not_additive("CREATE TEMP TABLE t AS SELECT 1; DROP TABLE t;"), Found{});
  EXPECT_EQ(not_additive("ALTER TABLE a ADD COLUMN b TEXT\nNOT  NULL"),
            Found{"adds a column without a default: b"});
  EXPECT_EQ(not_additive("DROP TABLE a"), Found{"drops a"});
  EXPECT_EQ(not_additive("ALTER TABLE a DROP COLUMN b"), Found{"drops the column b"});
  EXPECT_EQ(not_additive("ALTER TABLE a RENAME COLUMN b TO c"), Found{"renames b"});
  EXPECT_EQ(not_additive("ALTER TABLE a RENAME TO c"), Found{"renames c"});
  EXPECT_EQ(not_additive("ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0)"), Found{"adds the constraint b"});
  EXPECT_EQ(not_additive("ALTER TABLE a ALTER COLUMN b SET NOT NULL"), Found{"alters the column b"});
  EXPECT_EQ(not_additive("CREATE UNIQUE INDEX b ON a (c)"), Found{"forbids by the index b"});
}

TEST_F(SqliteSchema, ADatabaseOfAnotherProgramIsLeftAlone) {
  with_rows(0).reset();
  tamper("PRAGMA application_id = 7");

  EXPECT_EQ(SqliteStore::open(data()).error().code, Errc::internal);
}

TEST_F(SqliteSchema, MigrationsAreTakenOnce) {
  with_rows(1).reset();
  auto store = SqliteStore::open(data()).value();
  store.reset();
  auto database = Database::open(data() / "togglecast.db", {}).value();

  EXPECT_EQ(database.query_integer("PRAGMA user_version").value(),
            static_cast<std::int64_t>(migrations().size()));
  EXPECT_TRUE(migrate(database).has_value());
}

// A folder that the first released schema wrote: that of today without what was added since.
TEST_F(SqliteSchema, AnOlderFolderIsBroughtToTodaysSchemaWithItsLogUntouched) {
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
    off.maintenance_note = "closed";  // a toggle, whatever else it changes
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
      const auto indexed = domain::index_row(written.back());
      ASSERT_TRUE(
          transaction->commit({.row = &indexed, .secrets = {}, .idempotency = {}, .outcome = {}, .at = {}})
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
  tamper(testing::kBackToFifthSchema);
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
  EXPECT_EQ(load(*store).value().snapshot->head(), written.back().head);
  EXPECT_EQ(reader->log_page("production", {.type = domain::UpdateType::toggle}).value().rows.size(), 2U);
  EXPECT_EQ(reader->log_page("production", {.text = "shop"}).value().rows.size(), 2U);
  EXPECT_EQ(reader->log_page("production", {.actor = "olga"}).value().rows.size(), 6U);
}

}  // namespace
}  // namespace togglecast::storage::sqlite
