// Features, segments and packages: how bodies are read, and what snapshots make of them.
#include <gtest/gtest.h>

#include "domain/state/client_view.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::domain {
namespace {

using namespace testing;

std::string answer(const SnapshotPtr& state, Id client, Id of, const json::object* context = nullptr) {
  const auto found = state->find<Client>(client);
  ClientView view(*state, *found, context);
  if (!view.sees_feature(of)) return "unseen";
  const auto decision = view.answer(of).decision;
  return std::string(decision.enabled ? "on by " : "off by ") +
         std::string(evaluation::to_string(decision.rule));
}

TEST(Feature, ANewOneIsABooleanFlagThatIsOn) {
  const auto made = Feature::read_new(parse(R"({"key":"chat","name":"Chat"})")).value();

  EXPECT_TRUE(made.flag.enabled);
  EXPECT_EQ(made.flag.type, evaluation::FlagType::boolean);
  EXPECT_EQ(made.flag.default_variant, "on");
}

TEST(Feature, ReadsBackWhatItWrites) {
  const auto made = feature(7, "chat", R"({
    "variants": {"red": "#f00", "blue": "#00f"}, "defaultVariant": "red",
    "targeting": {"if": [{"in": ["a", {"var": "b"}]}, "blue", null]}, "metadata": {"group": "ui"},
    "sub_features": [{"key": "emoji"}, {"key": "voice", "enabled": false, "bucketing": "v1"}],
    "platforms": [3, 1], "requires": [2]})");

  const auto text = json::canonical(to_json(made));

  EXPECT_EQ(json::canonical(to_json(Feature::from_json(parse(text)).value())), text);
  EXPECT_EQ(made.platforms, (std::vector<Id>{1, 3}));
  EXPECT_FALSE(made.sub_feature("voice")->flag.enabled);
}

TEST(Feature, EveryRejectedPlaceIsNamed) {
  const auto found = issues(Feature::read_new(parse(R"({
    "key": "Chat!", "name": "", "variants": {"a": 1, "b": "x"}, "state": "ON", "colour": 1,
    "platforms": [1, 1, "x"], "sub_features": [{"key": "ok"}, {"name": "No key", "variants": {}}, {"key": "ok"}]
  })")));

  EXPECT_EQ(found.count("/key"), 1U);
  EXPECT_EQ(found.at("/name"), "must not be empty");
  EXPECT_EQ(found.at("/variants/b"), "must be a number as the variants before it");
  EXPECT_EQ(found.at("/state"), "must be ENABLED or DISABLED");
  EXPECT_EQ(found.at("/colour"), "is not known here");
  EXPECT_EQ(found.at("/platforms/1"), "is named twice");
  EXPECT_EQ(found.at("/platforms/2"), "must be an id, a positive integer");
  EXPECT_EQ(found.at("/sub_features/1/key"), "is required");
  EXPECT_EQ(found.at("/sub_features/1/variants"), "must be an object with at least one variant");
  EXPECT_EQ(found.at("/sub_features/2/key"), "is named twice");
}

TEST(Feature, EnabledAndStateMustNotContradict) {
  EXPECT_EQ(issues(Feature::read_new(parse(R"({"key":"a","name":"A","enabled":true,"state":"DISABLED"})")))
                .at("/enabled"),
            "contradicts state");
}

TEST(FeaturePatch, ANewSubFeatureDiffersFromTheOthersInMoreThanCaseWhereverItStands) {
  const auto before = feature(7, "chat", R"({"sub_features":[{"key":"daily"}]})");

  for (const std::string keys :
       {R"([{"key":"Daily"},{"key":"daily"}])", R"([{"key":"daily"},{"key":"Daily"}])"}) {
    const auto found = issues(patched(before, parse(R"({"sub_features":)" + keys + "}")));
    EXPECT_EQ(found.count("/sub_features/1/key"), 1U) << keys;
  }
}

TEST(FeaturePatch, ChangesWhatItNamesAndNothingElse) {
  const auto before =
      feature(7, "chat", R"({"variants":{"a":1,"b":2},"defaultVariant":"a","platforms":[1]})");

  const auto after = patched(before, parse(R"({"enabled":false,"defaultVariant":"b"})")).value();

  EXPECT_FALSE(after.flag.enabled);
  EXPECT_EQ(after.flag.default_variant, "b");
  EXPECT_EQ(after.flag.variants.size(), 2U);
  EXPECT_EQ(after.platforms, before.platforms);
  EXPECT_EQ(issues(patched(before, parse(R"({"key":"x"})"))).at("/key"), "cannot be changed");
  EXPECT_EQ(issues(patched(before, parse(R"({"variants":{"c":3}})"))).at("/defaultVariant"),
            "is not a variant");
}

TEST(FeaturePatch, TheGenerationOfBucketingStaysUnlessItIsNamed) {
  const auto before =
      feature(7, "chat", R"({"bucketing":"v1","sub_features":[{"key":"emoji","bucketing":"v1"}]})");

  const auto after =
      patched(before,
              parse(R"({"targeting":{"fractional":[["on",1],["off",1]]},"sub_features":[{"key":"emoji"}]})"))
          .value();

  EXPECT_EQ(after.flag.bucketing, evaluation::Bucketing::v1);
  EXPECT_EQ(after.sub_features[0].flag.bucketing, evaluation::Bucketing::v1);
}

TEST(Package, ReadsBackWhatItWrites) {
  const auto made =
      package(4, "pro", R"([{"feature_id":9},{"feature_id":2,"limit":5,"sub_features":["b","a"]}])", "[3,1]");

  const auto text = json::canonical(to_json(made));

  EXPECT_EQ(json::canonical(to_json(Package::from_json(parse(text)).value())), text);
  EXPECT_EQ(made.plan.features[0].feature, 2);
  EXPECT_EQ(made.plan.assignment(2)->limit, 5);
}

TEST(Package, EveryRejectedPlaceIsNamed) {
  const auto found = issues(Package::read_new(parse(R"({
    "key": "pro", "name": "Pro", "price": {"amount": 1.5, "currency": "euro"}, "billing_period": "each month",
    "features": [{"feature_id": 1}, {"feature_id": 1}, {"limit": -1}], "available": 1})")));

  EXPECT_EQ(found.count("/price/amount"), 1U);
  EXPECT_EQ(found.at("/price/currency"), "must be three capital letters of ISO 4217, such as EUR");
  EXPECT_EQ(found.count("/billing_period"), 1U);
  EXPECT_EQ(found.at("/features"), "names feature 1 twice");
  EXPECT_EQ(found.at("/features/2/feature_id"), "is required");
  EXPECT_EQ(found.count("/features/2/limit"), 1U);
  EXPECT_EQ(found.at("/available"), "must be true or false");
}

TEST(SnapshotRules, AClientGetsWhatItsPackageIncludes) {
  const auto state = step(empty_snapshot(), {create(feature(1, "chat")), create(feature(2, "video")),
                                             create(package(5, "pro", R"([{"feature_id":1}])")),
                                             create(client_on(8, "acme", 5))});

  EXPECT_EQ(answer(state, 8, 1), "on by default_variant");
  EXPECT_EQ(answer(state, 8, 2), "unseen");
}

TEST(SnapshotRules, AreCompiledAgainWhenASegmentTheyReferToChanges) {
  const auto rule = R"({"targeting":{"if":[{"$ref":"outer"},"on","off"]}})";
  const auto pro = package(5, "pro", R"([{"feature_id":1}])");
  const auto one = step(empty_snapshot(), {create(feature(1, "chat", rule)), create(pro),
                                           create(segment(2, "outer", R"({"$ref":"inner"})")),
                                           create(client_on(8, "acme", 5))});
  EXPECT_EQ(answer(one, 8, 1), "off by targeting");  // what it refers to refers to nothing

  const auto two = step(*one, {create(segment(3, "inner", R"({"==":[{"var":"client.x"},null]})"))});
  EXPECT_EQ(answer(two, 8, 1), "on by targeting");

  const auto three = step(*two, {update(segment(3, "inner", R"({"==":[{"var":"client.x"},null]})"),
                                        segment(3, "inner", R"({"==":[{"var":"client.x"},1]})"))});
  EXPECT_EQ(answer(three, 8, 1), "off by targeting");
  EXPECT_EQ(answer(two, 8, 1), "on by targeting") << "an earlier state stays what it was";

  const auto four = step(*three, {erase(segment(2, "outer", R"({"$ref":"inner"})"))});
  EXPECT_FALSE(four->feature(1)->flag.is_whole());
}

TEST(SnapshotRules, ReadTheSameWhateverTheOrderTheyCameIn) {
  const auto chat = feature(1, "chat", R"({"targeting":{"if":[{"$ref":"all"},"on","off"]},"requires":[2]})");
  const auto all = segment(3, "all", "true");
  const auto video = feature(2, "video");
  const auto pro = package(5, "pro", R"([{"feature_id":1},{"feature_id":2}])");
  const auto acme = client_on(8, "acme", 5);

  const auto together = assemble("production", Head{},
                                 {{Kind::client, 8, to_json(acme)},
                                  {Kind::feature, 1, to_json(chat)},
                                  {Kind::feature, 2, to_json(video)},
                                  {Kind::package, 5, to_json(pro)},
                                  {Kind::segment, 3, to_json(all)}});

  ASSERT_TRUE(together);
  EXPECT_EQ(answer(*together, 8, 1), "on by targeting");
}

TEST(Snapshot, ABodyOfAnOlderVersionReadsTheSame) {
  // As clients were before they had overrides.
  json::value old = to_json(testing::client(8, "acme"));
  old.as_object().erase("overrides");
  const auto one = step(empty_snapshot(), {{Kind::client, 8, nullptr, old}});
  auto renamed = testing::client(8, "acme");
  renamed.name = "Acme Ltd";

  const auto two = step(*one, {{Kind::client, 8, old, to_json(renamed)}});
  const auto back = apply(*two, {2, {{Kind::client, 8, to_json(renamed), old}}}, Head{});

  ASSERT_TRUE(back);
  EXPECT_EQ((*back)->find<Client>(8)->name, "Client acme");
}

TEST(ClientFeatures, AreThoseOfPackageAndOverridesWhateverTheirValue) {
  auto acme = client_on(8, "acme", 5);
  acme.overrides = {{2, false, true, "", {}}, {3, true, nullptr, "", {}}, {77, false, true, "", {}}};
  const auto state = step(
      empty_snapshot(), {create(feature(1, "a", R"({"enabled":false})")), create(feature(2, "b")),
                         create(feature(3, "c")), create(feature(4, "d")),
                         create(package(5, "pro", R"([{"feature_id":1},{"feature_id":3}])")), create(acme)});
  ClientView view(*state, acme, nullptr);

  EXPECT_EQ(view.visible_features(), (std::vector<Id>{1, 2, 3}));
  EXPECT_EQ(answer(state, 8, 1), "off by feature_disabled");
  EXPECT_EQ(answer(state, 8, 2), "on by override");
  EXPECT_EQ(answer(state, 8, 3), "off by override");
}

TEST(ClientFeatures, CarrySubFeaturesByKeyAndNoRule) {
  const auto chat = feature(1, "chat", R"({"description":"secret","metadata":{"x":"secret"},
    "targeting":{"if":[{"==":[{"var":"secret"},1]},"on","on"]},
    "sub_features":[{"key":"emoji","description":"secret"},{"key":"voice"}]})");
  const auto state = step(
      empty_snapshot(),
      {create(chat), create(package(5, "pro", R"([{"feature_id":1,"limit":9,"sub_features":["emoji"]}])")),
       create(client_on(8, "acme", 5))});
  ClientView view(*state, *state->find<Client>(8), nullptr);

  EXPECT_EQ(
      json::canonical(view.feature(1)),
      R"({"enabled":true,"id":1,"key":"chat","limit":9,"name":"Feature chat","reason":"TARGETING_MATCH","rule":"targeting",)"
      R"("sub_features":{"emoji":{"enabled":true,"key":"emoji","reason":"STATIC","rule":"default_variant","value":true,"variant":"on"},)"
      R"("voice":{"enabled":false,"key":"voice","reason":"DISABLED","rule":"not_in_package","value":false,"variant":null}},)"
      R"("value":true,"variant":"on"})");
}

TEST(ClientPlatforms, AreThoseThatThePackageOpens) {
  const auto state =
      step(empty_snapshot(), {create(platform(1, "web")), create(platform(2, "ios")),
                              create(package(5, "free", "[]", "[2]")), create(client_on(8, "acme", 5))});
  ClientView view(*state, *state->find<Client>(8), nullptr);

  EXPECT_TRUE(view.platform(1).is_null());
  EXPECT_FALSE(view.platform(2).is_null());
}

}  // namespace
}  // namespace togglecast::domain
