#include "domain/entities/asset.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "domain/state/client_view.hpp"
#include "domain/state/impact.hpp"
#include "domain/state/indexed_row.hpp"
#include "domain/state/view.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::domain {
namespace {

using testing::feature;
using testing::parse;
using testing::platform;

std::string hash_of(std::string_view bytes) { return hex(sha256(bytes)); }

Asset asset(std::string name, std::string_view bytes, std::string type = "image/png") {
  return {std::move(name), hash_of(bytes), static_cast<std::int64_t>(bytes.size()), std::move(type)};
}

TEST(Asset, ItsHashIsHexInLowerCase) {
  EXPECT_EQ(hash_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_TRUE(is_sha256(hash_of("x")));
  EXPECT_FALSE(is_sha256(hash_of("x").substr(1)));
  EXPECT_FALSE(is_sha256(std::string(64, 'A')));
  EXPECT_FALSE(is_sha256(std::string(64, 'g')));
}

TEST(Asset, AnEntityKeepsItsAssetsThroughJson) {
  Platform before = platform(1, "web");
  put_asset(before.assets, asset("style", "css", "text/css; charset=utf-8"));
  put_asset(before.assets, asset("logo", "png"));

  const json::value body(to_json(before));
  const Platform after = Platform::from_json(body).value();

  EXPECT_EQ(after.assets, before.assets);
  ASSERT_EQ(after.assets.size(), 2U);
  EXPECT_EQ(after.assets.front().name, "logo") << "by name";
  EXPECT_EQ(json::canonical(body.at("assets").at("logo")),
            R"({"asset":true,"sha256":")" + hash_of("png") + R"(","size":3,"type":"image/png"})");
  EXPECT_EQ(json::canonical(json::value(to_json(Platform::from_json(json::value(to_json(after))).value()))),
            json::canonical(body));
}

TEST(Asset, AnEntityWithoutAnyHasNoSuchMember) {
  EXPECT_FALSE(to_json(platform(1, "web")).contains("assets"))
      << "so that old rows of the log stay as they are";
  EXPECT_FALSE(to_json(feature(1, "checkout")).contains("assets"));
}

TEST(Asset, OneOfTheSameNameTakesItsPlace) {
  Assets assets;
  put_asset(assets, asset("logo", "old"));
  put_asset(assets, asset("logo", "new"));

  ASSERT_EQ(assets.size(), 1U);
  EXPECT_EQ(find_asset(assets, "logo")->sha256, hash_of("new"));
  EXPECT_EQ(find_asset(assets, "other"), nullptr);
  EXPECT_EQ(asset_of_bytes(assets, hash_of("old")), nullptr);
}

TEST(Asset, RequestsSetNoneInTheBodyOfAnEntity) {
  const auto made = Platform::read_new(parse(R"({"key":"a","name":"A","assets":{}})"));
  const auto patch = patched(feature(1, "checkout"), parse(R"({"assets":{}})"));

  ASSERT_FALSE(made.has_value() || patch.has_value());
  EXPECT_NE(testing::issues(made)["/assets"].find("PUT and DELETE"), std::string::npos);
  EXPECT_NE(testing::issues(patch)["/assets"].find("PUT and DELETE"), std::string::npos);
}

TEST(Asset, ADamagedReferenceIsNamed) {
  json::object body = to_json(platform(1, "web"));
  body["assets"] = parse(R"({"logo":{"asset":true,"sha256":"abc","size":3,"type":"image/png"}})");

  const auto read = Platform::from_json(json::value(body));

  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message.find("/assets/logo/sha256"), std::string::npos) << read.error().message;
}

// A client on a package with one feature, and another client on a package with nothing; all have an asset.
class AssetView : public ::testing::Test {
 protected:
  AssetView() {
    Feature seen = feature(1, "seen");
    put_asset(seen.assets, asset("logo", "of the feature"));
    Feature other = feature(2, "other");
    put_asset(other.assets, asset("logo", "of another feature"));
    put_asset(other.assets, asset("shared", "of both"));
    put_asset(seen.assets, asset("shared", "of both", "image/gif"));
    Platform web = platform(1, "web");
    put_asset(web.assets, asset("style", "of the platform", "text/css"));
    state_ = testing::step(testing::empty_snapshot(),
                           {testing::create(web), testing::create(seen), testing::create(other),
                            testing::create(testing::package(1, "plan", R"([{"feature_id":1}])")),
                            testing::create(testing::client_on(1, "acme", 1))});
  }
  const Asset* seen_by_acme(std::string_view bytes) const {
    return ClientView(*state_, *state_->peek<Client>(1), nullptr).asset(hash_of(bytes));
  }

  SnapshotPtr state_;
};

TEST_F(AssetView, AClientReadsAssetsOfWhatItSeesAlone) {
  ASSERT_NE(seen_by_acme("of the feature"), nullptr);
  EXPECT_EQ(seen_by_acme("of the feature")->type, "image/png");
  EXPECT_NE(seen_by_acme("of the platform"), nullptr);
  EXPECT_EQ(seen_by_acme("of another feature"), nullptr);
  EXPECT_EQ(seen_by_acme("of nobody"), nullptr);
  ASSERT_NE(seen_by_acme("of both"), nullptr);
  EXPECT_EQ(seen_by_acme("of both")->type, "image/gif") << "as the feature that it sees has it";
}

TEST_F(AssetView, AnAdminReadsAll) {
  for (const std::string_view bytes : {"of the feature", "of another feature", "of the platform", "of both"})
    EXPECT_NE(find_asset(*state_, hash_of(bytes)), nullptr) << bytes;
  EXPECT_EQ(find_asset(*state_, hash_of("of nobody")), nullptr);
}

TEST_F(AssetView, ReferencesStandInTheViewOfTheClient) {
  const json::value view(client_view(*state_, *state_->peek<Client>(1), nullptr));

  EXPECT_EQ(view.at("features").at(0).at("assets").as_object().size(), 2U);
  EXPECT_EQ(view.at("platforms").at(0).at("assets").at("style").at("sha256"),
            json::value(hash_of("of the platform")));
}

TEST_F(AssetView, AChangeOfAnAssetConcernsItsEntityAlone) {
  const auto before = state_->peek<Feature>(1);
  Feature after = *before;
  put_asset(after.assets, asset("logo", "another one"));
  const Change change{1, {testing::update(*before, after)}};
  const auto next = testing::step(*state_, change.ops);

  const Impact impact = impact_of(*state_, *next, change);

  EXPECT_EQ(impact.features, std::vector<Id>{1});
  EXPECT_TRUE(impact.platforms.empty() && impact.packages.empty() && impact.clients.empty());
  EXPECT_EQ(find_asset(*next, hash_of("of the feature")), nullptr);
  EXPECT_NE(find_asset(*next, hash_of("another one")), nullptr);
  EXPECT_EQ(canonical_text(*testing::step(*next, invert(change).ops)), canonical_text(*state_));
}

TEST_F(AssetView, ARowOfTheLogNamesTheAssetsOfBothSides) {
  const auto before = state_->peek<Feature>(1);
  Feature after = *before;
  put_asset(after.assets, asset("logo", "another one", "image/webp"));
  LogRow row;
  row.actor_text = "{}";
  row.change = {1, {testing::update(*before, after)}};

  const auto indexed = index_row(row);

  ASSERT_EQ(indexed.ops.size(), 1U);
  std::map<std::string, std::string> named;
  for (const NamedAsset& one : indexed.ops[0].assets)
    named[one.sha256] = one.type + (one.now ? " now" : " before");
  EXPECT_EQ(named, (std::map<std::string, std::string>{{hash_of("another one"), "image/webp now"},
                                                       {hash_of("of both"), "image/gif now"},
                                                       {hash_of("of the feature"), "image/png before"}}));
}

}  // namespace
}  // namespace togglecast::domain
