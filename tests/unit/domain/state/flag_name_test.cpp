#include "domain/state/flag_name.hpp"

#include <gtest/gtest.h>

#include "unit/domain/builders.hpp"

namespace togglecast::domain {
namespace {

using namespace testing;

TEST(FlagName, ASlashSeparatesTheSubFeature) {
  EXPECT_EQ(parse_flat_name("chat").feature, "chat");
  EXPECT_FALSE(parse_flat_name("chat").sub_feature.has_value());
  EXPECT_EQ(parse_flat_name("chat/history").feature, "chat");
  EXPECT_EQ(parse_flat_name("chat/history").sub_feature, "history");
  EXPECT_EQ(parse_flat_name("a/b/c").sub_feature, "b/c") << "no sub-feature has such a key";
  EXPECT_EQ(parse_flat_name("/").feature, "");
}

TEST(FlagName, FindsAFeatureByKeyFlatNameAndId) {
  const auto state =
      step(empty_snapshot(), {create(feature(7, "chat", R"({"sub_features":[{"key":"x","name":"X"}]})"))});

  EXPECT_EQ(find_flag(*state, "chat").feature->id, 7);
  EXPECT_EQ(find_flag(*state, 7.0).feature->id, 7);
  const auto named = find_flag(*state, "chat/x");
  EXPECT_EQ(named.feature->id, 7);
  EXPECT_EQ(named.sub_feature, "x");
  for (const json::value& unknown :
       {json::value("Chat"), json::value(8), json::value("7"), json::value(nullptr)})
    EXPECT_EQ(find_flag(*state, unknown).feature, nullptr) << json::serialize(unknown);
}

}  // namespace
}  // namespace togglecast::domain
