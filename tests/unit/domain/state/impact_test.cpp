#include "domain/state/impact.hpp"

#include <gtest/gtest.h>

#include "unit/domain/builders.hpp"

namespace togglecast::domain {
namespace {

using namespace testing;

using Ids = std::vector<Id>;

// The impact of a step, which takes `seconds`.
Impact impact(const Snapshot& from, std::vector<Op> ops, int seconds = 1) {
  const Change change{from.revision(), std::move(ops)};
  const auto row =
      make_row(from.environment(), from.head(), {from.as_of().value + seconds * 1'000}, {{"id", 1}}, change);
  const auto to = apply(from, row->change, row->head).value();
  return impact_of(from, *to, row->change);
}

// base ← middle ← top by requirement; middle needs the platform; other stands apart; all on one package.
class Impacts : public ::testing::Test {
 protected:
  Platform web_ = platform(1, "web");
  Feature base_ = feature(1, "base");
  Feature middle_ = feature(2, "middle", R"({"requires":[1],"platforms":[1]})");
  Feature top_ = feature(3, "top", R"({"requires":[2]})");
  Feature other_ = feature(4, "other", R"({"targeting":{"if":[{"$ref":"outer"},"on","off"]}})");
  Segment outer_ = segment(1, "outer", R"({"!":{"$ref":"inner"}})");
  Segment inner_ = segment(2, "inner", "true");
  Package pro_ = package(1, "pro", R"([{"feature_id":1},{"feature_id":2},{"feature_id":4}])");
  Client acme_ = client_on(1, "acme", 1);
  SnapshotPtr state_ = testing::step(
      empty_snapshot(), {create(web_), create(base_), create(middle_), create(top_), create(inner_),
                         create(outer_), create(other_), create(pro_), create(acme_)});
};

TEST_F(Impacts, AFeatureTakesAlongWhateverRequiresIt) {
  Feature off = base_;
  off.flag.enabled = false;

  EXPECT_EQ(impact(*state_, {update(base_, off)}).features, (Ids{1, 2, 3}));
  EXPECT_EQ(impact(*state_, {update(top_,
                                    [&] {
                                      Feature renamed = top_;
                                      renamed.name = "Renamed";
                                      return renamed;
                                    }())})
                .features,
            (Ids{3}));
  EXPECT_EQ(impact(*state_, {erase(base_)}).features, (Ids{1, 2, 3}));
}

TEST_F(Impacts, APlatformTakesAlongWhatNeedsItWhenItIsSwitched) {
  Platform off = web_;
  off.enabled = false;
  Platform themed = web_;
  themed.config = {{"theme", "dark"}};

  const auto switched = impact(*state_, {update(web_, off)});
  EXPECT_EQ(switched.platforms, (Ids{1}));
  EXPECT_EQ(switched.features, (Ids{2, 3}));
  EXPECT_EQ(impact(*state_, {update(web_, themed)}).features, Ids{});
}

TEST_F(Impacts, ASegmentIsFollowedThroughSegments) {
  Segment changed = inner_;
  changed.rule = false;

  EXPECT_EQ(impact(*state_, {update(inner_, changed)}).features, (Ids{4}));
}

TEST_F(Impacts, APackageNamesTheFeaturesThatItGainsLosesOrLimits) {
  const auto changed = package(1, "pro", R"([{"feature_id":1},{"feature_id":3},{"feature_id":4,"limit":5}])");

  const auto found = impact(*state_, {update(pro_, changed)});

  ASSERT_EQ(found.packages.size(), 1U);
  EXPECT_EQ(found.packages[0].package, 1);
  EXPECT_EQ(found.packages[0].features, (Ids{2, 3, 4}));
  EXPECT_EQ(found.features, Ids{}) << "nobody else is concerned";
}

TEST_F(Impacts, APackageThatOpensOtherPlatformsMayChangeAllItIncludes) {
  const auto changed = package(1, "pro", R"([{"feature_id":1},{"feature_id":2},{"feature_id":4}])", "[1]");

  EXPECT_EQ(impact(*state_, {update(pro_, changed)}).packages[0].features, (Ids{1, 2, 3, 4}));
}

TEST_F(Impacts, AClientIsNamedAndATokenConcernsNobody) {
  Client renamed = acme_;
  renamed.name = "Acme Ltd";

  EXPECT_EQ(impact(*state_, {update(acme_, renamed)}).clients, (Ids{1}));
  EXPECT_FALSE(impact(*state_, {create(token(1, 1))}).concerns_clients());
}

TEST_F(Impacts, TimeConcernsWhatTurnsInTheMeantime) {
  // 1,700,000,001 is when the state below begins.
  const auto timed = feature(
      5, "timed", R"({"targeting":{"if":[{">=":[{"var":"$flagd.timestamp"},1700000010]},"on","off"]}})");
  const auto odd =
      feature(6, "odd", R"({"targeting":{"if":[{"%":[{"var":"$flagd.timestamp"},2]},"on","off"]}})");
  const auto with = testing::step(*state_, {create(timed), create(odd)});

  EXPECT_EQ(impact(*with, {}, 1).features, (Ids{6}));
  EXPECT_EQ(impact(*with, {}, 60).features, (Ids{5, 6}));
}

TEST_F(Impacts, AnOverrideThatEndedConcernsItsClient) {
  Client trial = acme_;
  trial.overrides = {{1, false, true, "", UnixMillis{1'700'000'010'000}}};
  const auto with = testing::step(*state_, {update(acme_, trial)});

  EXPECT_EQ(impact(*with, {}, 1).clients, Ids{});
  EXPECT_EQ(impact(*with, {}, 60).clients, (Ids{1}));
}

TEST_F(Impacts, OneAfterTheOtherIsBothTogether) {
  Impact first{{1}, {2, 3}, {{1, {2}}, {4, {1}}}, {7}};
  const Impact second{{2}, {3, 5}, {{1, {1, 2}}, {2, {9}}}, {}};

  merge(first, second);

  EXPECT_EQ(first.platforms, (Ids{1, 2}));
  EXPECT_EQ(first.features, (Ids{2, 3, 5}));
  ASSERT_EQ(first.packages.size(), 3U);
  EXPECT_EQ(first.packages[0].features, (Ids{1, 2}));
  EXPECT_EQ(first.packages[1].package, 2);
  EXPECT_EQ(first.packages[2].features, (Ids{1}));
  EXPECT_EQ(first.clients, (Ids{7}));
}

}  // namespace
}  // namespace togglecast::domain
