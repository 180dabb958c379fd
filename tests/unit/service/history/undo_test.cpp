#include "service/history/undo.hpp"

#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using testing::parse;
using testing::wait_for;

std::string turned(std::string_view before, std::string_view after, std::string_view present) {
  const auto body = reverted(parse(before), parse(after), parse(present));
  return body ? json::canonical(*body) : "in the way";
}

TEST(TurnedAround, GivesBackTheMembersThatChangedAndKeepsTheOthers) {
  EXPECT_EQ(turned(R"({"a":1,"b":1})", R"({"a":2,"b":1})", R"({"a":2,"b":7})"), R"({"a":1,"b":7})");
  EXPECT_EQ(turned(R"({"a":1})", R"({"a":2})", R"({"a":3})"), "in the way");
  EXPECT_EQ(turned("null", R"({"a":1})", R"({"a":1})"), "null");
  EXPECT_EQ(turned("null", R"({"a":1})", R"({"a":2})"), "in the way");
  EXPECT_EQ(turned(R"({"a":1})", "null", "null"), R"({"a":1})");
  EXPECT_EQ(turned(R"({"a":1})", "null", R"({"a":1})"), "in the way");
  EXPECT_EQ(turned(R"({"a":1})", R"({"a":2})", "null"), "in the way");
  EXPECT_EQ(turned(R"({"a":1,"b":1})", R"({"a":2,"b":2})", R"({"a":1,"b":2})"), R"({"a":1,"b":1})")
      << "a was changed back";
  EXPECT_EQ(turned("null", R"({"a":1,"revision":1})", R"({"a":1,"revision":3})"), "null")
      << "changed, and changed back";
}

TEST(TurnedAround, LooksIntoListsOfNamedElements) {
  constexpr const char* kNone = R"({"overrides":[]})";
  constexpr const char* kFirst = R"({"overrides":[{"feature_id":3,"value":1}]})";
  constexpr const char* kBoth = R"({"overrides":[{"feature_id":2,"value":1},{"feature_id":3,"value":1}]})";
  constexpr const char* kOther = R"({"overrides":[{"feature_id":2,"value":1}]})";
  constexpr const char* kChanged = R"({"overrides":[{"feature_id":3,"value":9}]})";

  EXPECT_EQ(turned(kNone, kFirst, kBoth), kOther);
  EXPECT_EQ(turned(kFirst, kNone, kOther), kBoth) << "in order of the features";
  EXPECT_EQ(turned(kFirst, kChanged, kChanged), kFirst);
  EXPECT_EQ(turned(kNone, kFirst, kChanged), "in the way");
  EXPECT_EQ(turned(kNone, kFirst, kOther), kOther) << "it is gone already";
  EXPECT_EQ(turned(R"({"platforms":[1]})", R"({"platforms":[1,2]})", R"({"platforms":[1,2,3]})"),
            "in the way");
}

class UndoTest : public testing::ApplicationTest {
 protected:
  UndoTest() { open(); }

  Result<Undone> undo(domain::Revision revision, const WriteOptions& options = {},
                      const Principal& who = admin()) {
    return wait_for<Undone>([&](UndoDone done) {
      application_->activity().undo(who, {current()->head().epoch, revision}, options, done);
    });
  }
  void create_feature(const std::string& body) {
    const auto made = wait_for<changes::Written>(
        [&](changes::Done done) { application_->features().create(admin(), parse(body), {}, done); });
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
  void update_feature(domain::Id id, const std::string& body) {
    const auto made = wait_for<changes::Written>(
        [&](changes::Done done) { application_->features().update(admin(), id, parse(body), {}, done); });
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
  json::value platform() const { return current()->body(domain::Kind::platform, 1); }
};

TEST_F(UndoTest, MakesANewChangeThatSaysWhatItTakesBack) {
  create_platform(R"({"key":"web","name":"Web"})");
  toggle_platform(1);
  clock_.advance(std::chrono::seconds(5));

  const auto undone = undo(2);

  ASSERT_TRUE(undone.has_value()) << undone.error().message;
  EXPECT_EQ(undone->revision, 3);
  EXPECT_EQ(undone->entry.at("summary"), "owner undid revision 2: switched platform Web on");
  EXPECT_EQ(undone->entry.at("undoes"), json::value(2));
  EXPECT_EQ(platform().at("enabled"), json::value(true));
  EXPECT_EQ(platform().at("revision"), json::value(3));
  EXPECT_EQ(platform().at("updated_at"), json::value(to_iso8601(clock_.wall_now())));
}

TEST_F(UndoTest, AnUndoCanBeUndone) {
  create_platform(R"({"key":"web","name":"Web"})");
  toggle_platform(1);
  ASSERT_TRUE(undo(2).has_value());

  const auto again = undo(3);

  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(platform().at("enabled"), json::value(false));
}

TEST_F(UndoTest, WhatIsDeletedComesBackWithItsId) {
  create_platform(R"({"key":"web","name":"Web","config":{"a":1}})");
  const json::value before = platform();
  remove_platform(1);

  ASSERT_TRUE(undo(2).has_value());

  EXPECT_EQ(platform().at("config"), before.at("config"));
  EXPECT_EQ(platform().at("created_at"), before.at("created_at"));
  EXPECT_EQ(create_platform(R"({"key":"tv","name":"TV"})")->id, 2);
}

TEST_F(UndoTest, ACreationIsUndoneByADeletion) {
  create_platform(R"({"key":"web","name":"Web"})");

  ASSERT_TRUE(undo(1).has_value());

  EXPECT_TRUE(platform().is_null());
}

TEST_F(UndoTest, WhatOthersChangedElsewhereStays) {
  create_platform(R"({"key":"web","name":"Web"})");
  toggle_platform(1);
  update_platform(1, R"({"name":"Shop"})");

  ASSERT_TRUE(undo(2).has_value());

  EXPECT_EQ(platform().at("enabled"), json::value(true));
  EXPECT_EQ(platform().at("name"), "Shop");
}

TEST_F(UndoTest, WhatChangedSinceIsNamedWithItsRevision) {
  create_platform(R"({"key":"web","name":"Web"})");
  update_platform(1, R"({"name":"Shop"})");
  update_platform(1, R"({"name":"Store"})");

  const auto refused = undo(2);
  remove_platform(1);
  const auto gone = undo(3);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  ASSERT_EQ(refused.error().details.size(), 1U);
  EXPECT_EQ(refused.error().details[0].pointer, "/changes/0");
  EXPECT_EQ(refused.error().details[0].reason, "platform 1 (Shop) was changed by revision 3");
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().details[0].reason, "platform 1 (Store) was deleted by revision 4");
  EXPECT_EQ(undo(1).error().code, Errc::conflict) << "there is nothing left of what it made";
}

TEST_F(UndoTest, WhatItWouldBringBackMustBePossible) {
  create_platform(R"({"key":"web","name":"Web"})");
  create_feature(R"({"key":"chat","name":"Chat","platforms":[1]})");
  create_feature(R"({"key":"mail","name":"Mail","variants":{"a":"a","b":"b"},"defaultVariant":"a"})");
  create_client(R"({"key":"acme","name":"Acme","overrides":[{"feature_id":2,"value":"b"}]})");
  update_feature(1, R"({"platforms":[]})");
  wait_for<changes::Written>(
      [&](changes::Done done) { application_->clients().remove_override(admin(), 1, 2, {}, done); });
  remove_platform(1);
  update_feature(2, R"({"variants":{"on":true,"off":false},"defaultVariant":"on"})");

  const auto platform_is_gone = undo(5);
  const auto type_is_another = undo(6);

  ASSERT_FALSE(platform_is_gone.has_value());
  EXPECT_EQ(platform_is_gone.error().code, Errc::conflict);
  ASSERT_EQ(platform_is_gone.error().details.size(), 1U);
  EXPECT_EQ(platform_is_gone.error().details[0].pointer, "/changes/0");
  EXPECT_EQ(platform_is_gone.error().details[0].reason,
            "feature 1 (Chat) cannot be restored: /platforms/0 there is no platform 1 (Web), which revision "
            "7 deleted");
  ASSERT_FALSE(type_is_another.has_value());
  EXPECT_EQ(type_is_another.error().code, Errc::conflict);
  EXPECT_EQ(type_is_another.error().message,
            "this cannot be undone: client 1 (Acme) cannot be restored: /overrides/0/value must be of type "
            "boolean, as the variants of feature 'mail'");
}

TEST_F(UndoTest, ADropOfSubFeaturesByForceIsUndoneInThePackagesToo) {
  create_feature(R"({"key":"chat","name":"Chat","sub_features":[{"key":"emoji"}]})");
  const auto made = wait_for<changes::Written>([&](changes::Done done) {
    application_->packages().create(
        admin(), parse(R"({"key":"p","name":"P","features":[{"feature_id":1,"sub_features":["emoji"]}]})"),
        {}, done);
  });
  WriteOptions by_force;
  by_force.force = true;
  const auto drop = [&](const WriteOptions& options) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->features().update(admin(), 1, parse(R"({"sub_features":[]})"), options, done);
    });
  };
  EXPECT_EQ(drop({}).error().code, Errc::conflict);
  ASSERT_TRUE(drop(by_force).has_value());

  ASSERT_TRUE(undo(3).has_value());
  EXPECT_EQ(current()->body(domain::Kind::package, 1).at("features"), made->body.at("features"));
  ASSERT_TRUE(undo(4).has_value());

  update_feature(1, R"({"sub_features":[{"key":"emoji"}]})");
  wait_for<changes::Written>([&](changes::Done done) {
    application_->packages().update(
        admin(), 1, parse(R"({"features":[{"feature_id":1,"sub_features":["emoji"]}]})"), {}, done);
  });
  const auto chosen_since = undo(6);
  ASSERT_FALSE(chosen_since.has_value());
  EXPECT_EQ(chosen_since.error().message,
            "this cannot be undone: feature 1 (Chat) cannot be restored: /sub_features 'emoji' is chosen by "
            "package 'p'");
}

TEST_F(UndoTest, WhatManyAreInTheWayOfIsToldInShort) {
  create_platform(R"({"key":"web","name":"Web"})");
  for (int i = 0; i < 7; ++i)
    create_feature(R"({"name":"F","platforms":[1],"key":"f)" + std::to_string(i) + "\"}");

  const auto refused = undo(1);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().details.size(), 7U);
  EXPECT_TRUE(refused.error().message.ends_with("feature 5 (F) of revision 6; and 2 more"))
      << refused.error().message;
}

TEST_F(UndoTest, AnUndoneDeletionByForceCanBeMadeAgain) {
  create_platform(R"({"key":"web","name":"Web"})");
  create_feature(R"({"key":"chat","name":"Chat","platforms":[1]})");
  WriteOptions by_force;
  by_force.force = true;
  wait_for<changes::Written>(
      [&](changes::Done done) { application_->platforms().remove(admin(), 1, by_force, done); });
  ASSERT_TRUE(undo(3).has_value());

  const auto again = undo(4);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE(platform().is_null());

  ASSERT_TRUE(undo(5).has_value());
  create_feature(R"({"key":"mail","name":"Mail","platforms":[1]})");
  const auto used_since = undo(6);
  ASSERT_FALSE(used_since.has_value());
  ASSERT_EQ(used_since.error().details.size(), 1U) << "an earlier user does not block the undo";
  EXPECT_EQ(used_since.error().details[0].reason,
            "platform 1 (Web) is used by feature 2 (Mail) of revision 7");
}

class AfterForcedDeletion : public UndoTest {
 protected:
  AfterForcedDeletion() { by_force_.force = true; }

  template <typename Service>
  domain::Revision created(Service& service, const char* body) {
    return wait_for<changes::Written>(
               [&](changes::Done done) { service.create(admin(), parse(body), {}, done); })
        .value()
        .revision;
  }
  template <typename Service>
  domain::Revision updated(Service& service, const char* body) {
    return wait_for<changes::Written>(
               [&](changes::Done done) { service.update(admin(), 1, parse(body), {}, done); })
        .value()
        .revision;
  }
  template <typename Service>
  void remove(Service& service, domain::Id id) {
    ASSERT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
                  service.remove(admin(), id, by_force_, done);
                }).has_value());
  }
  json::value body(domain::Kind kind, std::string_view member) const {
    return current()->body(kind, 1).at(member);
  }

  service::PackageService& packages_ = application_->packages();
  service::ClientService& clients_ = application_->clients();
  service::FeatureService& features_ = application_->features();
  WriteOptions by_force_;
};

TEST_F(AfterForcedDeletion, OlderChangesOfAPackageAreUndoneWithoutTheFeature) {
  created(features_, R"({"key":"chat","name":"Chat"})");
  created(features_, R"({"key":"mail","name":"Mail"})");
  const auto made = created(packages_, R"({"key":"p","name":"P","features":[{"feature_id":1}]})");
  const auto added = updated(packages_, R"({"features":[{"feature_id":1},{"feature_id":2}]})");
  const auto limited =
      updated(packages_, R"({"name":"Q","features":[{"feature_id":1,"limit":5},{"feature_id":2}]})");
  remove(features_, 1);

  const auto names_the_feature = undo(limited);
  const auto without = undo(added);

  ASSERT_FALSE(names_the_feature.has_value());
  EXPECT_EQ(names_the_feature.error().details.at(0).reason,
            "package 1 (P) cannot be restored: /features/0/feature_id there is no feature 1 (Chat), which "
            "revision 6 "
            "deleted");
  ASSERT_TRUE(without.has_value()) << without.error().message;
  EXPECT_EQ(body(domain::Kind::package, "features"), json::value(json::array{}));
  updated(packages_, R"({"name":"P"})");
  ASSERT_TRUE(undo(made).has_value()) << "nobody changed the package, but for the deletion";
  EXPECT_TRUE(current()->body(domain::Kind::package, 1).is_null());
}

TEST_F(AfterForcedDeletion, OlderChangesOfAClientAreUndone) {
  created(features_, R"({"key":"chat","name":"Chat"})");
  created(packages_, R"({"key":"a","name":"A"})");
  created(packages_, R"({"key":"b","name":"B"})");
  created(clients_, R"({"key":"acme","name":"Acme","package_id":1})");
  const auto both =
      updated(clients_, R"({"attributes":{"tier":"gold"},"overrides":[{"feature_id":1,"value":false}]})");
  const auto moved = updated(clients_, R"({"package_id":2})");
  remove(features_, 1);
  remove(packages_, 2);

  ASSERT_TRUE(undo(both).has_value());
  EXPECT_EQ(body(domain::Kind::client, "attributes"), json::value(json::object{}))
      << "the override is gone already";
  ASSERT_TRUE(undo(moved).has_value());
  EXPECT_EQ(body(domain::Kind::client, "package_id"), json::value(1));
  const auto back = updated(clients_, R"({"package_id":null})");
  remove(packages_, 1);
  const auto refused = undo(back);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("/package_id there is no package 1 (A), which revision"),
            std::string::npos)
      << refused.error().message;
}

TEST_F(AfterForcedDeletion, OlderChangesOfARuleAreUndoneThoughItsSegmentIsMissing) {
  created(application_->segments(), R"({"key":"s","name":"S","rule":true})");
  created(features_, R"({"key":"chat","name":"Chat","targeting":{"if":[{"$ref":"s"},"on","off"]}})");
  const auto turned = updated(features_, R"({"targeting":{"if":[{"$ref":"s"},"off","on"]}})");
  const auto without = updated(features_, R"({"targeting":{"if":[true,"off","on"]}})");
  ASSERT_TRUE(undo(without).has_value());
  remove(application_->segments(), 1);

  EXPECT_TRUE(undo(turned).has_value()) << "it lacks the segment before and after";
  ASSERT_TRUE(undo(without + 1).error().code == Errc::conflict) << "a later change of the same";
  updated(features_, R"({"targeting":{}})");
  const auto refused = undo(current()->revision());
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("\"s\""), std::string::npos) << refused.error().message;
}

TEST_F(UndoTest, AKeyThatSomebodyElseTookIsAConflict) {
  create_platform(R"({"key":"web","name":"Web"})");
  remove_platform(1);
  create_platform(R"({"key":"web","name":"Another"})");

  EXPECT_EQ(undo(2).error().code, Errc::already_exists);
}

TEST_F(UndoTest, TokensDoNotComeBack) {
  create_client(R"({"key":"acme","name":"Acme"})");
  issue_token(1);

  const auto refused = undo(2);
  const auto removed = wait_for<changes::Written>(
      [&](changes::Done done) { application_->clients().remove(admin(), 1, {}, done); });
  const auto restored = undo(removed->revision);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_NE(refused.error().message.find("tokens"), std::string::npos);
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_NE(current()->find<domain::Client>(1), nullptr);
  EXPECT_TRUE(current()->table<domain::TokenRecord>().by_id.empty());
}

TEST_F(UndoTest, TakesTheRightsOfTheChangeItself) {
  create_platform(R"({"key":"web","name":"Web"})");
  create_client(R"({"key":"acme","name":"Acme"})");
  issue_token(1);

  EXPECT_EQ(undo(1, {}, admin(domain::Role::viewer)).error().code, Errc::forbidden);
  EXPECT_EQ(undo(3, {}, admin(domain::Role::editor)).error().code, Errc::not_found)
      << "of tokens it knows nothing";
  EXPECT_TRUE(undo(1, {}, admin(domain::Role::editor)).has_value());
}

TEST_F(UndoTest, ARevisionThatIsNotThereIsNotFound) {
  create_platform(R"({"key":"web","name":"Web"})");

  EXPECT_EQ(undo(2).error().code, Errc::not_found);
  EXPECT_EQ(undo(0).error().code, Errc::not_found);
}

TEST_F(UndoTest, ARepeatedRequestIsDoneOnce) {
  create_platform(R"({"key":"web","name":"Web"})");
  toggle_platform(1);
  WriteOptions options;
  options.idempotency_key = "k";

  const auto first = undo(2, options);
  const auto second = undo(2, options);

  EXPECT_FALSE(first->replayed);
  EXPECT_TRUE(second->replayed);
  EXPECT_EQ(second->revision, first->revision);
  EXPECT_EQ(second->entry, first->entry);
  EXPECT_EQ(current()->revision(), 3);
}

}  // namespace
}  // namespace togglecast::service
