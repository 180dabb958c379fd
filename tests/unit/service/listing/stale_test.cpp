// Which features may have done their work.
#include "service/listing/stale.hpp"

#include <gtest/gtest.h>

#include "service/listing/listing.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::service {
namespace {

using domain::Feature;
using domain::SnapshotPtr;
using domain::testing::client;
using domain::testing::create;
using domain::testing::empty_snapshot;
using domain::testing::feature;
using domain::testing::step;

constexpr std::int64_t kChangedAt = 1'700'000'000'000;
constexpr std::int64_t kDay = 24 * 3'600'000LL;

UnixMillis days_later(std::int64_t days) { return {kChangedAt + days * kDay}; }

bool stale(const SnapshotPtr& state, domain::Id id, std::int64_t days) {
  return is_stale(*state, *state->find<Feature>(id), days_later(days));
}

TEST(StaleFeatures, AreUnchangedForThirtyDays) {
  const auto state = step(empty_snapshot(), {create(feature(1, "plain"))});
  EXPECT_FALSE(stale(state, 1, 30));
  EXPECT_TRUE(stale(state, 1, 31));
}

TEST(StaleFeatures, GiveEveryClientTheSame) {
  domain::Client overriding = client(7, "shop");
  overriding.overrides.push_back({3, false, false, {}, {}});
  const auto state = step(
      empty_snapshot(),
      {create(feature(1, "targeted", R"({"targeting":{"if":[{"var":"a"},"on","off"]}})")),
       create(feature(2, "parent",
                      R"({"sub_features":[{"key":"s","name":"S","targeting":{"if":[true,"on","off"]}}]})")),
       create(feature(3, "overridden")), create(feature(4, "off", R"({"enabled":false})")),
       create(overriding)});
  EXPECT_FALSE(stale(state, 1, 99));
  EXPECT_FALSE(stale(state, 2, 99));
  EXPECT_FALSE(stale(state, 3, 99));
  EXPECT_TRUE(stale(state, 4, 99)) << "off for everybody";
}

TEST(StaleFeatures, AreAFilterOfTheList) {
  const auto state = step(empty_snapshot(), {create(feature(1, "plain")),
                                             create(feature(2, "targeted", R"({"targeting":{"var":"a"}})"))});
  PageQuery query;
  query.now = days_later(40);
  query.filters = {{"stale", "true"}};
  const auto found = page_of<Feature>(state, query);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->total, 1U);
  EXPECT_EQ(found->items[0]->key, "plain");
  query.filters = {{"stale", "false"}};
  EXPECT_EQ(page_of<Feature>(state, query)->items.at(0)->key, "targeted");
  query.filters = {{"stale", "old"}};
  EXPECT_EQ(page_of<Feature>(state, query).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace togglecast::service
