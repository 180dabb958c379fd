// What every store must keep to with assets; part of the suite in store_contract.hpp.
#pragma once

#include "domain/entities/asset.hpp"
#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

inline std::string hash_of(std::string_view bytes) { return domain::hex(sha256(bytes)); }

/// A platform with one asset of these bytes.
inline domain::Platform with_asset(domain::Platform platform, std::string_view bytes,
                                   const std::string& name = "logo", const std::string& type = "image/png") {
  domain::put_asset(platform.assets, {name, hash_of(bytes), static_cast<std::int64_t>(bytes.size()), type});
  return platform;
}

class AssetContract : public StoreContract {
 protected:
  Result<domain::LogRow> put(std::vector<domain::Op> ops, const std::vector<std::string>& bytes,
                             const std::string& environment = "production") {
    std::vector<AssetWrite> assets;
    for (const std::string& one : bytes) assets.push_back({hash_of(one), SharedBytes(one)});
    auto transaction = store_->begin(environment).value();
    auto row = row_on(transaction->head(), std::move(ops), environment);
    const auto indexed = domain::index_row(row);
    const auto done = transaction->commit(
        {.row = &indexed, .secrets = {}, .assets = assets, .idempotency = {}, .outcome = {}, .at = {}});
    if (!done) return tl::unexpected(done.error());
    return row;
  }
  // `type: bytes`; empty when there are none.
  std::string kept(std::string_view bytes, const std::string& environment = "production") {
    const auto found = store_->open_reader().value()->asset(environment, hash_of(bytes)).value();
    return found ? found->type + ": " + std::string(found->bytes.view()) : "";
  }
  AssetUsage usage(const std::string& environment = "production") {
    return store_->open_reader().value()->asset_usage(environment).value();
  }
};

TEST_P(AssetContract, BytesAreThereWithTheRowThatNamesThem) {
  ASSERT_TRUE(put({create(with_asset(platform(1, "web"), "bytes"))}, {"bytes"}).has_value());

  reopen();

  EXPECT_EQ(kept("bytes"), "image/png: bytes");
  EXPECT_EQ(kept("others"), "");
  EXPECT_EQ(load("production", 10).snapshot->find<domain::Platform>(1)->assets.at(0).sha256,
            hash_of("bytes"));
}

TEST_P(AssetContract, ARowWithoutItsBytesIsRefusedAndChangesNothing) {
  write({create(platform(1, "web"))});
  const std::string before = state();

  const auto refused = put({update(platform(1, "web"), with_asset(platform(1, "web"), "bytes"))}, {"others"});

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(state(), before);
  EXPECT_EQ(kept("others"), "") << "what was given with a refused row is not kept either";
}

TEST_P(AssetContract, ATransactionThatIsDroppedKeepsNoBytes) {
  { auto transaction = store_->begin("production").value(); }

  EXPECT_EQ(usage().assets, 0);
}

TEST_P(AssetContract, EnvironmentsShareBytesAndNothingElse) {
  ASSERT_TRUE(store_->create_environment("staging", sha256("other"), {1'700'000'000'000}).has_value());
  ASSERT_TRUE(put({create(with_asset(platform(1, "web"), "bytes"))}, {"bytes"}).has_value());
  EXPECT_EQ(kept("bytes", "staging"), "");

  {
    auto transaction = store_->begin("staging").value();
    EXPECT_FALSE(transaction->has_asset(hash_of("bytes")).value());
    EXPECT_TRUE(transaction->has_bytes(hash_of("bytes")).value());
  }
  // A copy names them without bringing them.
  ASSERT_TRUE(
      put({create(with_asset(platform(1, "web"), "bytes", "logo", "image/gif"))}, {}, "staging").has_value());

  EXPECT_EQ(kept("bytes", "staging"), "image/gif: bytes");
  EXPECT_EQ(kept("bytes"), "image/png: bytes");
}

TEST_P(AssetContract, UsageCountsEachAssetOnceAndASmallOneAsABlock) {
  const std::string large(10'000, 'x');
  auto web = with_asset(with_asset(platform(1, "web"), "small"), large, "film");
  ASSERT_TRUE(put({create(web)}, {"small", large}).has_value());
  ASSERT_TRUE(put({create(with_asset(platform(2, "ios"), large))}, {large}).has_value());

  EXPECT_EQ(usage().assets, 2);
  EXPECT_EQ(usage().bytes, kLeastAsset + 10'000);
  EXPECT_EQ(store_->begin("production").value()->asset_usage().value().bytes, kLeastAsset + 10'000);
}

TEST_P(AssetContract, NothingIsCollectedWhileARowNamesIt) {
  const auto web = platform(1, "web");
  ASSERT_TRUE(put({create(with_asset(web, "old"))}, {"old"}).has_value());
  ASSERT_TRUE(put({update(with_asset(web, "old"), with_asset(web, "new"))}, {"new"}).has_value());
  write({erase(with_asset(web, "new"))});

  EXPECT_EQ(store_->collect_assets("production", 100).value(), 0U);

  EXPECT_EQ(kept("old"), "image/png: old");
  EXPECT_EQ(kept("new"), "image/png: new");
}

}  // namespace togglecast::storage::testing
