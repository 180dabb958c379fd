#include "service/decisions/effective.hpp"

#include "unit/service/catalogue_fixture.hpp"

namespace togglecast::service {
namespace {

using testing::at;

class EffectiveTest : public testing::CatalogueTest {
 protected:
  [[nodiscard]] json::value effective(domain::Id client, const EffectiveQuery& query = {}) const {
    const auto state = current();
    return effective_of(*state, *state->find<domain::Client>(client), query);
  }
  // Of one feature.
  [[nodiscard]] json::value of(domain::Id client, domain::Id feature) const {
    const json::value all = effective(client);
    return at(all, "items/" + std::to_string(feature - 1));
  }
};

TEST_F(EffectiveTest, TellsForEachFeatureWhatThePackageGivesAndWhatTheClientGets) {
  const json::value all = effective(2);

  EXPECT_EQ(at(all, "total"), json::value(4));
  EXPECT_EQ(at(all, "package/key"), json::value("pro"));
  EXPECT_EQ(at(all, "revision"), json::value(current()->revision()));
  EXPECT_EQ(at(all, "items/1/key"), json::value("reports"));
  EXPECT_EQ(at(all, "items/1/plan/rule"), json::value("targeting"));
  EXPECT_EQ(at(all, "items/1/effective/enabled"), json::value(true));
  EXPECT_EQ(at(all, "items/1/sub_features/daily/effective/enabled"), json::value(true));
  EXPECT_TRUE(at(all, "items/1/override").is_null());
  EXPECT_EQ(at(all, "items/3/effective/value"), json::value("r"));
}

TEST_F(EffectiveTest, AnOverrideStandsBetweenPlanAndEffect) {
  override_feature(1, 2, R"({"value":true,"reason":"A trial."})");
  override_feature(2, 1, R"({"removed":true})");

  EXPECT_EQ(at(of(1, 2), "plan/rule"), json::value("not_in_package"));
  EXPECT_EQ(at(of(1, 2), "override/reason"), json::value("A trial."));
  EXPECT_EQ(at(of(1, 2), "override/holds"), json::value(true));
  EXPECT_EQ(at(of(1, 2), "effective/rule"), json::value("override"));
  EXPECT_EQ(at(of(1, 2), "effective/enabled"), json::value(true));
  EXPECT_EQ(at(of(2, 1), "plan/enabled"), json::value(true));
  EXPECT_EQ(at(of(2, 1), "effective/enabled"), json::value(false));
}

TEST_F(EffectiveTest, SaysWhyAFeatureIsNotVisible) {
  EXPECT_EQ(at(of(1, 2), "visible"), json::value(false));
  EXPECT_EQ(
      at(of(1, 2), "hidden_because"),
      json::value("the package 'free' does not include the feature, and the client has no override of it"));
  EXPECT_FALSE(of(2, 2).as_object().contains("hidden_because"));
}

TEST_F(EffectiveTest, OneFeatureOrOneSubFeatureCanBeSelected) {
  const auto state = current();
  const auto whole = domain::find_flag(*state, "reports");
  const auto part = domain::find_flag(*state, "reports/daily");

  const json::value feature = effective(2, {.flag = &whole});
  const json::value sub = effective(2, {.flag = &part});

  EXPECT_EQ(at(feature, "total"), json::value(1));
  EXPECT_EQ(at(feature, "items/0/key"), json::value("reports"));
  EXPECT_GE(at(feature, "items/0/sub_features").as_object().size(), 1U);
  EXPECT_EQ(at(sub, "items/0/sub_features").as_object().size(), 1U);
  EXPECT_EQ(at(sub, "items/0/sub_features/daily/effective/enabled"), json::value(true));
}

TEST_F(EffectiveTest, NamesWhatIsInTheWay) {
  toggle_platform(1);

  EXPECT_EQ(at(of(2, 2), "effective/rule"), json::value("platform_off"));
  EXPECT_EQ(at(of(2, 2), "effective/because_of/entity_type"), json::value("platform"));
  EXPECT_EQ(at(of(2, 2), "effective/because_of/key"), json::value("web"));
  EXPECT_EQ(at(of(2, 3), "effective/because_of/entity_type"), json::value("feature"));
  EXPECT_EQ(at(of(2, 3), "effective/because_of/key"), json::value("reports"));
}

TEST_F(EffectiveTest, AnErrorComesWithItsMessage) {
  make(application_->features(),
       R"({"key":"broken","name":"Broken","targeting":{"if":[true,{"cat":["no","where"]}]}})");
  override_feature(3, 5, R"({"value":true})");
  make(application_->packages(), R"({"key":"odd","name":"Odd","features":[{"feature_id":5}]})");
  make(application_->clients(), R"({"key":"odd","name":"Odd","package_id":3})");

  const json::value answer = of(4, 5);
  EXPECT_EQ(at(answer, "effective/reason"), json::value("ERROR"));
  EXPECT_EQ(at(answer, "effective/error/code"), json::value("GENERAL"));
  EXPECT_NE(json::serialize(at(answer, "effective/error/message")).find("nowhere"), std::string::npos);
}

TEST_F(EffectiveTest, VisibleOnesAreThoseOfPackageAndOverrides) {
  override_feature(1, 4, R"({"value":"b"})");

  const json::value visible = effective(1, {.visible_only = true, .context = nullptr});

  EXPECT_EQ(at(visible, "total"), json::value(2));
  EXPECT_EQ(at(visible, "items/0/key"), json::value("basic"));
  EXPECT_EQ(at(visible, "items/0/effective/limit"), json::value(3));
  EXPECT_EQ(at(visible, "items/1/key"), json::value("text"));
  EXPECT_EQ(at(visible, "items/1/effective/variant"), json::value("blue"));
  EXPECT_EQ(at(effective(3, {.visible_only = true, .context = nullptr}), "total"), json::value(0));
}

TEST_F(EffectiveTest, AContextIsWhatAConnectionSays) {
  make(application_->features(),
       R"({"key":"new","name":"New","targeting":{"if":[{"var":"beta"},"on","off"]}})");
  override_feature(3, 1, R"({"value":true})");
  make(application_->packages(), R"({"key":"beta","name":"Beta","features":[{"feature_id":5}]})");
  make(application_->clients(), R"({"key":"tester","name":"Tester","package_id":3})");
  const json::object context{{"beta", true}};

  EXPECT_EQ(at(of(4, 5), "effective/enabled"), json::value(false));
  EXPECT_EQ(at(effective(4, {.visible_only = true, .context = &context}), "items/0/effective/enabled"),
            json::value(true));
}

}  // namespace
}  // namespace togglecast::service
