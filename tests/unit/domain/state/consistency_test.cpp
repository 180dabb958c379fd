#include "domain/state/consistency.hpp"

#include <gtest/gtest.h>

#include <map>

#include "unit/domain/builders.hpp"

namespace togglecast::domain {
namespace {

using namespace testing;

using Issues = std::map<std::string, std::string>;

// What is wrong with a step from `from`.
Issues issues(const Snapshot& from, const std::vector<Op>& ops) {
  const auto to = testing::step(from, ops);
  return testing::issues(check_consistent(from, *to, {from.revision(), ops}));
}

TEST(Consistency, WhatAFeatureNamesMustExist) {
  const auto found = issues(empty_snapshot(), {create(feature(1, "chat", R"({"platforms":[3,4],"requires":[9],
    "targeting":{"if":[{"$ref":"nobody"},"on","off"]},"sub_features":[{"key":"a","targeting":{"$ref":"none"}}]})"))});

  EXPECT_EQ(found.at("/platforms/0"), "there is no platform 3");
  EXPECT_EQ(found.at("/platforms/1"), "there is no platform 4");
  EXPECT_EQ(found.at("/requires/0"), "there is no feature 9");
  EXPECT_EQ(found.count("/targeting/if/0"), 1U);
  EXPECT_EQ(found.size(), 5U);
}

TEST(Consistency, RequirementsMustNotGoInCircles) {
  const auto state = testing::step(empty_snapshot(),
                                   {create(feature(1, "a")), create(feature(2, "b", R"({"requires":[1]})")),
                                    create(feature(3, "c", R"({"requires":[2]})"))});

  const auto found = issues(*state, {update(feature(1, "a"), feature(1, "a", R"({"requires":[3]})"))});

  EXPECT_NE(found.at("/requires").find("goes in a circle: "), std::string::npos);
  EXPECT_TRUE(
      issues(*state, {update(feature(3, "c", R"({"requires":[2]})"), feature(3, "c", R"({"requires":[1]})"))})
          .empty());
}

TEST(Consistency, AChainTooLongIsRefusedWhereverItGrows) {
  std::vector<Op> ops{create(feature(1, "f1"))};
  for (Id id = 2; id <= 33; ++id)
    ops.push_back(
        create(feature(id, "f" + std::to_string(id), R"({"requires":[)" + std::to_string(id - 1) + "]}")));
  const auto state = testing::step(empty_snapshot(), ops);
  const auto more = create(feature(50, "below"));
  const auto longer = update(feature(1, "f1"), feature(1, "f1", R"({"requires":[50]})"));

  EXPECT_NE(issues(*state, {more, longer}).at("/requires").find("too long"), std::string::npos);
}

TEST(Consistency, WhatAPackageNamesMustExist) {
  const auto state =
      testing::step(empty_snapshot(), {create(feature(1, "chat", R"({"sub_features":[{"key":"emoji"}]})"))});

  const auto found = issues(
      *state,
      {create(package(5, "pro", R"([{"feature_id":1,"sub_features":["emoji","voice"]},{"feature_id":2}])",
                      "[7]"))});

  EXPECT_EQ(found.at("/features/0/sub_features"), "feature 'chat' has no sub-feature 'voice'");
  EXPECT_EQ(found.at("/features/1/feature_id"), "there is no feature 2");
  EXPECT_EQ(found.at("/platforms/0"), "there is no platform 7");
}

TEST(Consistency, ASubFeatureThatAPackageChoseMustStay) {
  const auto chat = feature(1, "chat", R"({"sub_features":[{"key":"emoji"},{"key":"voice"}]})");
  const auto state = testing::step(
      empty_snapshot(),
      {create(chat), create(package(5, "pro", R"([{"feature_id":1,"sub_features":["emoji"]}])")),
       create(package(6, "all", R"([{"feature_id":1}])"))});

  EXPECT_EQ(issues(*state, {update(chat, feature(1, "chat"))}).at("/sub_features"),
            "'emoji' is chosen by package 'pro'");
  EXPECT_TRUE(
      issues(*state, {update(chat, feature(1, "chat", R"({"sub_features":[{"key":"emoji"}]})"))}).empty());
}

TEST(Consistency, AnOverrideIsOfItsFeaturesType) {
  const auto state = testing::step(
      empty_snapshot(),
      {create(feature(1, "chat")), create(feature(2, "colour", R"({"variants":{"r":"red"}})"))});
  auto acme = testing::client(8, "acme");
  acme.overrides = {{1, false, "yes", "", {}}, {2, false, "green", "", {}}, {3, true, nullptr, "", {}}};
  acme.package_id = 4;

  const auto found = issues(*state, {create(acme)});

  EXPECT_EQ(found.at("/overrides/0/value"), "must be of type boolean, as the variants of feature 'chat'");
  EXPECT_EQ(found.at("/overrides/2/feature_id"), "there is no feature 3");
  EXPECT_EQ(found.at("/package_id"), "there is no package 4");
  EXPECT_EQ(found.size(), 3U);
}

TEST(Consistency, ASegmentMustNotReferToItself) {
  const auto a = segment(1, "a", R"({"$ref":"b"})");
  const auto b = segment(2, "b", "true");
  const auto state = testing::step(empty_snapshot(), {create(b), create(a)});

  EXPECT_EQ(issues(*state, {update(b, segment(2, "b", R"({"!":{"$ref":"a"}})"))}).at("/rule"),
            "refers to itself, directly or through other segments");
  EXPECT_EQ(issues(empty_snapshot(), {create(segment(3, "c", R"({"$ref":"c"})"))}).count("/rule"), 1U);
  EXPECT_EQ(issues(*state, {update(b, segment(2, "b", R"({"frobnicate":1})"))}).size(), 1U);
}

TEST(Consistency, ASegmentMustNotBreakWhatRefersToIt) {
  const auto shallow = segment(1, "s", "true");
  std::string deep = "true";
  for (int i = 0; i < 31; ++i) deep = R"({"!":)" + deep + "}";
  const auto user = feature(1, "chat", R"({"targeting":{"if":[{"!":{"$ref":"s"}},"on","off"]}})");
  const auto state = testing::step(empty_snapshot(), {create(shallow), create(user)});

  const auto found = issues(*state, {update(shallow, segment(1, "s", deep))});

  EXPECT_EQ(found.at("/rule"),
            "feature 'chat', which refers to it, would be wrong: /targeting/if/0/! with this shared rule, "
            "the rule is nested "
            "deeper than 32 levels");
}

TEST(Consistency, ASegmentThatBreaksALimitOfItsUsersSaysWhich) {
  const auto times = [](int first, int count) {
    std::string rule = R"({"or":[)";
    for (int i = 0; i < count; ++i)
      rule += (i == 0 ? "" : ",") + std::string(R"({">":[{"var":"$flagd.timestamp"},)") +
              std::to_string(first + i) + "]}";
    return rule + "]}";
  };
  const auto few = segment(1, "s", times(1, 1));
  const auto user = feature(
      1, "chat", R"({"targeting":{"if":[{"and":[{"$ref":"s"},)" + times(1'000, 40) + R"(]},"on","off"]}})");
  const auto state = testing::step(empty_snapshot(), {create(few), create(user)});

  const auto found = issues(*state, {update(few, segment(1, "s", times(1, 60)))});

  EXPECT_NE(found.at("/rule").find(
                "feature 'chat', which refers to it, would be wrong: /targeting must not compare "
                "$flagd.timestamp"),
            std::string::npos)
      << found.at("/rule");
}

TEST(Consistency, ARuleMayKeepAMissingSegmentAndChangeElsewhere) {
  const auto chat = feature(1, "chat", R"({"targeting":{"if":[{"$ref":"s"},"on","off"]}})");
  const auto state = testing::step(empty_snapshot(), {create(segment(1, "s", "true")), create(chat)});
  const auto gone = testing::step(*state, {erase(segment(1, "s", "true"))});
  const auto turned = feature(1, "chat", R"({"targeting":{"if":[{"$ref":"s"},"off","on"]}})");
  const auto more = feature(1, "chat", R"({"targeting":{"if":[{"$ref":"s"},"off",{"$ref":"t"}]}})");

  EXPECT_TRUE(issues(*gone, {update(chat, turned)}).empty());
  EXPECT_EQ(issues(*gone, {update(chat, more)}).size(), 1U);
}

TEST(Consistency, WhatWasDanglingMayStayButNotCome) {
  const auto chat = feature(1, "chat", R"({"platforms":[1],"targeting":{"if":[{"$ref":"s"},"on","off"]}})");
  const auto state = testing::step(
      empty_snapshot(), {create(platform(1, "web")), create(segment(1, "s", "true")), create(chat)});
  const auto gone = testing::step(*state, {erase(platform(1, "web")), erase(segment(1, "s", "true"))});
  Feature off = chat;
  off.flag.enabled = false;
  Feature other = chat;
  other.platforms = {1, 2};

  EXPECT_TRUE(issues(*gone, {update(chat, off)}).empty());
  EXPECT_EQ(issues(*gone, {update(chat, other)}).count("/platforms/1"), 1U);
}

TEST(Consistency, OfManyChangesTheMessageNamesTheEntity) {
  const auto to = testing::step(
      empty_snapshot(), {create(feature(1, "good")), create(feature(2, "bad", R"({"requires":[9]})"))});
  const auto checked =
      check_consistent(empty_snapshot(), *to,
                       {0, {create(feature(1, "good")), create(feature(2, "bad", R"({"requires":[9]})"))}});

  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().message.find("feature 'bad': "), 0U) << checked.error().message;
}

TEST(UsersOf, AreAllWhoNameTheEntity) {
  auto acme = client_on(8, "acme", 5);
  acme.overrides = {{1, false, true, "", {}}};
  const auto state = testing::step(
      empty_snapshot(),
      {create(platform(1, "web")), create(segment(1, "s", "true")),
       create(feature(1, "base", R"({"platforms":[1]})")),
       create(feature(2, "top", R"({"requires":[1],"targeting":{"if":[{"$ref":"s"},"on","off"]}})")),
       create(package(5, "pro", R"([{"feature_id":1}])", "[1]")), create(acme)});
  const auto names = [&](Kind kind, Id id) {
    std::string text;
    for (const auto& user : users_of(*state, kind, id))
      text += std::string(to_string(user.kind)) + " " + user.key + "; ";
    return text;
  };

  EXPECT_EQ(names(Kind::platform, 1), "feature base; package pro; ");
  EXPECT_EQ(names(Kind::feature, 1), "feature top; package pro; client acme; ");
  EXPECT_EQ(names(Kind::segment, 1), "feature top; ");
  EXPECT_EQ(names(Kind::package, 5), "client acme; ");
  EXPECT_EQ(names(Kind::client, 8), "");
}

}  // namespace
}  // namespace togglecast::domain
