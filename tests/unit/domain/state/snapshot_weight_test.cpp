// The weight of a snapshot is the memory that is free when it goes and its neighbour stays.
#include <gtest/gtest.h>
#include <malloc.h>

#include <string>

#include "unit/domain/builders.hpp"

namespace togglecast::domain {
namespace {

using namespace testing;

// A condition with many nodes and many constants.
json::value large_rule(std::size_t parts, const std::string& word) {
  json::array any;
  any.push_back(json::object{{"$ref", "beta"}});
  for (std::size_t i = 0; i < parts; ++i) {
    const json::value path(json::string("client." + word + std::to_string(i % 100)));
    any.push_back(json::object{
        {"==", json::array{json::object{{"var", path}}, json::string(word + std::to_string(i))}}});
  }
  return json::object{{"if", json::array{json::object{{"or", std::move(any)}}, "on", "off"}}};
}

Feature large_feature(Id id, std::size_t parts = 400) {
  Feature out = feature(id, "f" + std::to_string(id));
  out.flag.targeting = large_rule(parts, "value");
  out.sub_features.push_back({"part", "Part", "", out.flag});
  return out;
}

Segment beta(int day) {
  return segment(1, "beta",
                 R"({"in": [{"var": "client.email"}, ["a@b.c", ")" + std::to_string(day) + R"("]]})");
}

std::vector<Op> catalogue(Id features) {
  std::vector<Op> ops{create(beta(0))};
  for (Id id = 1; id <= features; ++id) ops.push_back(create(large_feature(id)));
  for (Id id = 1; id <= 200; ++id) ops.push_back(create(client(id, "client-" + std::to_string(id))));
  return ops;
}

std::size_t in_use() { return ::mallinfo2().uordblks; }

// What is free without `older`, and what it is said to weigh beside its successor. The allocator still counts
// some small blocks as used.
constexpr double kSmallBlocks = 6'000;

void expect_true_weight(SnapshotPtr older, std::vector<Op> ops, const char* what) {
  const SnapshotPtr newer = step(*older, std::move(ops));
  const std::size_t weight = older->weight_beside(*newer);
  const std::size_t before = in_use();
  if (before == 0) GTEST_SKIP() << "another allocator";

  older.reset();

  const auto freed = static_cast<double>(before - in_use());
  EXPECT_GT(static_cast<double>(weight), freed * 0.75 - kSmallBlocks) << what;
  EXPECT_LT(static_cast<double>(weight), freed * 1.3 + kSmallBlocks) << what;
}

TEST(SnapshotWeight, IsTheMemoryThatItAlonePins) {
  const auto begin = [] { return step(empty_snapshot(), catalogue(10)); };
  const auto renamed = [](Id id) {
    Feature after = large_feature(id);
    after.name = "Renamed";
    return update(large_feature(id), after);
  };
  const Client plain = client(7, "client-7");
  Client moved = plain;
  moved.attributes =
      parse(R"({"plan": "gold", "seats": [1, 2, 3], "region": {"code": "eu-central"}})").as_object();

  expect_true_weight(begin(), {renamed(3)}, "a large feature");
  expect_true_weight(begin(), {erase(large_feature(3))}, "a large feature that is gone");
  expect_true_weight(begin(), {update(beta(0), beta(1))}, "a segment of ten large features");
  expect_true_weight(begin(), {update(plain, moved)}, "a client");
  expect_true_weight(begin(), {create(client(500, "new"))}, "a new client");
  expect_true_weight(begin(), {}, "nothing but time");
  std::vector<Op> all;
  for (Id id = 1; id <= 10; ++id) all.push_back(renamed(id));
  expect_true_weight(begin(), std::move(all), "all features");
}

TEST(SnapshotWeight, AChangedSegmentCostsItsFeaturesAlmostNothing) {
  const auto before = step(empty_snapshot(), catalogue(40));
  const auto features = empty_snapshot().weight_beside(*before);

  const auto after = step(*before, {update(beta(0), beta(1))});

  const auto* was = before->feature(1);
  const auto* is = after->feature(1);
  EXPECT_NE(was->flag.program(), is->flag.program());
  EXPECT_EQ(was->flag.program()->code(), is->flag.program()->code());
  EXPECT_EQ(&was->flag.definition(), &is->flag.definition());
  EXPECT_EQ(&was->flag.program()->reads(), &is->flag.program()->reads());
  EXPECT_EQ(was->sub_features[0].program()->code(), is->sub_features[0].program()->code());
  EXPECT_LT(before->weight_beside(*after), 100'000U);
  EXPECT_GT(after->weight_beside(empty_snapshot()), 40U * 200'000U);
  EXPECT_LT(features, 1'000U);
}

TEST(SnapshotWeight, ALinkedFeatureAnswersByTheNewSegment) {
  const auto before = step(empty_snapshot(), catalogue(1));
  const auto after = step(*before, {update(beta(0), beta(1))});
  const json::object attributes{{"email", "1"}};
  const auto variant = [&](const SnapshotPtr& state) {
    evaluation::Root root;
    root.client = &attributes;
    return state->feature(1)->flag.evaluate(root).variant->name;
  };

  EXPECT_EQ(variant(before), "off");
  EXPECT_EQ(variant(after), "on");
}

TEST(SnapshotWeight, ATimeBoundaryPinsNoBody) {
  const auto before = step(empty_snapshot(), catalogue(10));
  const json::value named = {{"id", 3}, {"key", "f3"}, {"name", "Feature f3"}};

  const auto after = step(*before, {{Kind::feature, 3, named, named}});

  EXPECT_EQ(before->find<Feature>(3), after->find<Feature>(3));
  EXPECT_EQ(before->feature(3), after->feature(3));
  EXPECT_LT(before->weight_beside(*after), 2'000U);
}

TEST(SnapshotWeight, ATimeBoundaryOfAnUnknownFeatureIsAConflict) {
  const auto state = empty_snapshot();
  const json::value named = {{"id", 3}, {"key", "f3"}, {"name", "Feature f3"}};
  Head next = state.head();
  ++next.revision;

  EXPECT_EQ(apply(state, {0, {{Kind::feature, 3, named, named}}}, next).error().code, Errc::conflict);
}

}  // namespace
}  // namespace togglecast::domain
