// Assets that go when the log no longer names them. The rows of the log are deleted here as pruning does.
#include <string>

#include "domain/entities/asset.hpp"
#include "unit/storage/asset_contract.hpp"
#include "unit/storage/sqlite/sqlite_fixture.hpp"

namespace togglecast::storage::sqlite {
namespace {

using domain::testing::create;
using domain::testing::platform;
using domain::testing::update;
using storage::testing::hash_of;
using storage::testing::with_asset;

class AssetCollectionTest : public testing::SqliteFolder {
 protected:
  void put(Store& store, domain::Op op, const std::string& bytes,
           const std::string& environment = "production") {
    auto transaction = store.begin(environment).value();
    const auto& head = transaction->head();
    const auto row =
        domain::make_row(environment, head, head.as_of, json::object{}, {head.revision, {std::move(op)}});
    const auto indexed = domain::index_row(*row);
    const std::vector<AssetWrite> assets{{hash_of(bytes), SharedBytes(bytes)}};
    const auto done = transaction->commit(
        {.row = &indexed, .secrets = {}, .assets = assets, .idempotency = {}, .outcome = {}, .at = {}});
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  // Deletes the rows before this revision, in all environments.
  void prune(domain::Revision first) {
    const std::string before = " WHERE revision < " + std::to_string(first);
    tamper(("DELETE FROM change_log_entity" + before + "; DELETE FROM change_log" + before).c_str());
  }
  static bool keeps(Store& store, const std::string& bytes, const std::string& environment = "production") {
    return store.open_reader().value()->asset(environment, hash_of(bytes)).value().has_value();
  }
  std::int64_t stored() {
    auto database = Database::open(data() / "togglecast.db", {}).value();
    return database.query_integer("SELECT count(*) FROM asset_content").value();
  }
};

TEST_F(AssetCollectionTest, OneGoesWhenTheLastRowThatNamesItHasGone) {
  const auto store = with_rows(0);
  const auto web = platform(1, "web");
  put(*store, create(with_asset(web, "old")), "old");                            // revision 1
  put(*store, update(with_asset(web, "old"), with_asset(web, "new")), "new");    // 2 names both
  put(*store, update(with_asset(web, "new"), with_asset(web, "last")), "last");  // 3

  prune(2);
  EXPECT_EQ(store->collect_assets("production", 10).value(), 0U);
  EXPECT_TRUE(keeps(*store, "old")) << "an undo of revision 2 needs it";
  prune(3);
  EXPECT_EQ(store->collect_assets("production", 10).value(), 1U);

  EXPECT_FALSE(keeps(*store, "old"));
  EXPECT_TRUE(keeps(*store, "new"));
  EXPECT_TRUE(keeps(*store, "last"));
  EXPECT_EQ(stored(), 2);
}

TEST_F(AssetCollectionTest, OneThatAnEntityHasStaysHoweverOldItIs) {
  const auto store = with_rows(0);
  put(*store, create(with_asset(platform(1, "web"), "bytes")), "bytes");
  for (int id = 2; id < 10; ++id) put(*store, create(platform(id, "p" + std::to_string(id))), "unused");

  prune(9);

  EXPECT_EQ(store->collect_assets("production", 10).value(), 0U);
  EXPECT_TRUE(keeps(*store, "bytes"));
  prune(100);
  EXPECT_EQ(store->collect_assets("production", 10).value(), 0U) << "not one row is left";
  EXPECT_TRUE(keeps(*store, "bytes"));
}

TEST_F(AssetCollectionTest, TheBytesStayWhileAnotherEnvironmentHasThem) {
  const auto store = with_rows(0);
  ASSERT_TRUE(store->create_environment("staging", sha256("other"), {1'700'000'000'000}).has_value());
  const auto web = platform(1, "web");
  for (const char* environment : {"production", "staging"})
    put(*store, create(with_asset(web, "bytes")), "bytes", environment);
  put(*store, update(with_asset(web, "bytes"), web), "unused");
  put(*store, update(web, platform(1, "web", false)), "unused");

  prune(3);
  EXPECT_EQ(store->collect_assets("production", 10).value(), 1U);

  EXPECT_FALSE(keeps(*store, "bytes"));
  EXPECT_TRUE(keeps(*store, "bytes", "staging"));
}

TEST_F(AssetCollectionTest, ManyGoInSmallTransactions) {
  const auto store = with_rows(0);
  const auto web = platform(1, "web");
  put(*store, create(with_asset(web, "0")), "0");
  for (int i = 1; i <= 10; ++i)
    put(*store, update(with_asset(web, std::to_string(i - 1)), with_asset(web, std::to_string(i))),
        std::to_string(i));
  prune(100);

  std::vector<std::size_t> removed;
  do removed.push_back(store->collect_assets("production", 4).value());
  while (removed.back() == 4);

  EXPECT_EQ(removed, (std::vector<std::size_t>{4, 4, 2}));
  EXPECT_EQ(stored(), 1);
  EXPECT_EQ(store->collect_assets("production", 4).value(), 0U);
}

TEST_F(AssetCollectionTest, BytesComeBackWithAnUpload) {
  const auto store = with_rows(0);
  const auto web = platform(1, "web");
  put(*store, create(with_asset(web, "bytes")), "bytes");
  put(*store, update(with_asset(web, "bytes"), web), "unused");
  prune(100);
  ASSERT_EQ(store->collect_assets("production", 10).value(), 1U);

  put(*store, update(web, with_asset(web, "bytes")), "bytes");

  EXPECT_TRUE(keeps(*store, "bytes"));
  EXPECT_EQ(store->collect_assets("production", 10).value(), 0U);
}

TEST_F(AssetCollectionTest, NothingIsWrittenWhenNothingIsToGo) {
  const auto store = with_rows(3);
  const auto reader = store->open_reader().value();
  const auto version = reader->version().value();

  EXPECT_EQ(store->collect_assets("production", 10).value(), 0U);

  EXPECT_EQ(reader->version().value(), version);
  EXPECT_EQ(store->collect_assets("nowhere", 10).error().code, Errc::not_found);
}

}  // namespace
}  // namespace togglecast::storage::sqlite
