#include "service/assets/asset_service.hpp"

#include <gmock/gmock.h>

#include "service/history/undo.hpp"
#include "support/eventually.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service::testing {
namespace {

using domain::Kind;
using ::testing::HasSubstr;

class AssetServiceTest : public ApplicationTest {
 protected:
  AssetServiceTest() {
    options_.assets.size = 1'000;
    options_.assets.storage = 4 * storage::kLeastAsset;
  }
  void SetUp() override {
    open();
    platform_ = create_platform(R"({"key":"web","name":"Web"})")->id;
  }

  Result<changes::Written> put(const std::string& name, const std::string& bytes,
                               const WriteOptions& options = {}, const Principal& who = admin()) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->assets().put(who, Kind::platform, platform_, {name, "image/png", bytes}, options, done);
    });
  }
  Result<changes::Written> remove(const std::string& name) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->assets().remove(admin(), Kind::platform, platform_, name, {}, done);
    });
  }
  // The bytes, or the code of the refusal.
  std::string read(const std::string& bytes, const Principal& who = admin()) {
    const auto state = current(who.environment);
    const auto found = application_->assets().find(who, *state, domain::hex(sha256(bytes)));
    if (!found) return std::string(to_string(found.error().code));
    const auto loaded = wait_for<LoadedAsset>(
        [&](AssetDone done) { application_->assets().load(who.environment, *found, std::move(done)); });
    return loaded ? std::string(loaded->bytes.view()) : std::string(to_string(loaded.error().code));
  }
  static Principal client(domain::Id id) {
    Principal who;
    who.kind = Principal::Kind::client;
    who.id = id;
    who.environment = "production";
    return who;
  }
  bool shows(const std::string& line) {
    return test::eventually([&] { return metrics_.exposition().find(line + "\n") != std::string::npos; });
  }

  domain::Id platform_ = 0;
};

TEST_F(AssetServiceTest, AnAssetIsAChangeOfItsEntity) {
  const auto before = current();

  const auto written = put("logo", "bytes");

  ASSERT_TRUE(written.has_value()) << written.error().message;
  EXPECT_EQ(written->revision, before->revision() + 1);
  EXPECT_EQ(written->body.at("assets").at("logo").at("sha256"), json::value(domain::hex(sha256("bytes"))));
  EXPECT_EQ(read("bytes"), "bytes");
  EXPECT_FALSE(put("logo", "bytes")->changed) << "the same again changes nothing";
  EXPECT_EQ(remove("logo")->body.as_object().contains("assets"), false);
  EXPECT_EQ(remove("logo").error().code, Errc::not_found);
}

TEST_F(AssetServiceTest, SurvivesAStart) {
  ASSERT_TRUE(put("logo", "bytes").has_value());

  reopen();

  EXPECT_EQ(read("bytes"), "bytes");
  EXPECT_TRUE(shows("togglecast_assets{environment=\"production\"} 1"));
}

TEST_F(AssetServiceTest, ALimitSaysItsNumbers) {
  const auto large = put("logo", std::string(1'001, 'x'));
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, Errc::payload_too_large);
  EXPECT_THAT(large.error().message, HasSubstr("1001 bytes; the limit is 1000 bytes (--asset-size)"));

  for (const char* bytes : {"1", "2", "3", "4"})
    ASSERT_TRUE(put("asset-" + std::string(bytes), bytes).has_value());
  const auto full = put("asset-5", "5");
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().code, Errc::conflict);
  EXPECT_THAT(full.error().message,
              HasSubstr("take 16384 of 16384 bytes (--asset-storage), and this one needs 4096 more"));
  EXPECT_TRUE(put("asset-6", "4").has_value()) << "bytes that are there cost nothing";
  EXPECT_EQ(put("asset-7", "").error().code, Errc::invalid_argument);
  EXPECT_EQ(put("a b", "x").error().code, Errc::invalid_argument);
  EXPECT_TRUE(shows("togglecast_asset_bytes{environment=\"production\"} 16384"));
}

TEST_F(AssetServiceTest, AnEntityHasAtMostSixteen) {
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(put("asset-" + std::to_string(i), "same").has_value());

  EXPECT_THAT(put("one-more", "same").error().message, HasSubstr("has 16 assets, as many as it may"));
  EXPECT_TRUE(put("asset-3", "other").has_value());
}

TEST_F(AssetServiceTest, NeedsTheRightsOfAnEditorAndTheRightVersion) {
  EXPECT_EQ(put("logo", "bytes", {}, admin(domain::Role::viewer)).error().code, Errc::forbidden);
  WriteOptions stale;
  stale.if_match = domain::IfMatch({domain::Version{1, 77}});
  EXPECT_EQ(put("logo", "bytes", stale).error().code, Errc::conflict);
}

TEST_F(AssetServiceTest, ARepeatedRequestIsAnsweredAgain) {
  WriteOptions options;
  options.idempotency_key = "once";

  const auto first = put("logo", "bytes", options);
  const auto again = put("logo", "bytes", options);

  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->revision, first->revision);
  EXPECT_EQ(put("logo", "others", options).error().code, Errc::conflict);
  EXPECT_EQ(read("others"), "not_found");
}

TEST_F(AssetServiceTest, AClientReadsWhatItsViewRefersTo) {
  ASSERT_TRUE(put("logo", "bytes").has_value());
  const auto acme = create_client(R"({"key":"acme","name":"Acme"})")->id;

  EXPECT_EQ(read("bytes", client(acme)), "bytes") << "without a package, a client sees all platforms";
  EXPECT_EQ(read("bytes", client(acme + 1)), "not_found");
  EXPECT_EQ(read("others", client(acme)), "not_found");
  ASSERT_TRUE(remove("logo").has_value());
  EXPECT_EQ(read("bytes", client(acme)), "not_found");
  EXPECT_EQ(read("bytes"), "bytes") << "an admin may read what the log names";
}

TEST_F(AssetServiceTest, OtherEnvironmentsDoNotHaveIt) {
  ASSERT_TRUE(add_environment("staging").has_value());
  ASSERT_TRUE(put("logo", "bytes").has_value());

  EXPECT_EQ(read("bytes", admin(domain::Role::owner, "staging")), "not_found");
}

TEST_F(AssetServiceTest, AnUndoLeavesOtherAssetsAsTheyAre) {
  ASSERT_TRUE(put("logo", "old").has_value());
  const auto changed = put("logo", "new");
  ASSERT_TRUE(put("style", "css").has_value());

  const auto undone = wait_for<Undone>([&](UndoDone done) {
    application_->activity().undo(admin(), {1, changed->revision}, {}, std::move(done));
  });

  ASSERT_TRUE(undone.has_value()) << undone.error().message;
  const auto& assets = current()->peek<domain::Platform>(platform_)->assets;
  ASSERT_EQ(assets.size(), 2U);
  EXPECT_EQ(assets[0].sha256, domain::hex(sha256("old")));
  EXPECT_EQ(assets[1].name, "style");
}

TEST_F(AssetServiceTest, AnUndoOfTheFirstLeavesNoMemberBehind) {
  const auto first = put("logo", "old");
  const std::string before = domain::canonical_text(*current());
  ASSERT_FALSE(before.empty());

  const auto undone = wait_for<Undone>([&](UndoDone done) {
    application_->activity().undo(admin(), {1, first->revision}, {}, std::move(done));
  });

  ASSERT_TRUE(undone.has_value()) << undone.error().message;
  EXPECT_FALSE(current()->body(Kind::platform, platform_).as_object().contains("assets"));
  reopen();
  EXPECT_FALSE(current()->body(Kind::platform, platform_).as_object().contains("assets"));
}

TEST_F(AssetServiceTest, ManyThatReadAtOnceCostOneReadOfTheStore) {
  ASSERT_TRUE(put("logo", "bytes").has_value());
  const auto found = application_->assets().find(admin(), *current(), domain::hex(sha256("bytes")));
  ASSERT_TRUE(found.has_value());
  std::atomic<int> answered{0};

  for (int i = 0; i < 1'000; ++i)
    application_->assets().load("production", *found, [&](const Result<LoadedAsset>& asset) {
      answered += asset.has_value() ? 1 : 0;
    });

  EXPECT_TRUE(test::eventually([&] { return answered == 1'000; }));
  EXPECT_TRUE(shows("togglecast_asset_cache_misses_total 1"));
  EXPECT_TRUE(shows("togglecast_asset_reads_total 1000"));
}

}  // namespace
}  // namespace togglecast::service::testing
