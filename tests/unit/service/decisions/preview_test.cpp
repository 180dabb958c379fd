#include "service/decisions/preview.hpp"

#include "service/decisions/preview_effect.hpp"
#include "unit/service/catalogue_fixture.hpp"

namespace togglecast::service {
namespace {

using testing::at;

class PreviewTest : public testing::CatalogueTest {
 protected:
  [[nodiscard]] tl::expected<json::object, PreviewError> ask(const std::string& changes) const {
    return preview(*current(), clock_.wall_now(), testing::parse(R"({"changes":[)" + changes + "]}"));
  }
  [[nodiscard]] json::value effect(const std::string& changes) const {
    auto answer = ask(changes);
    EXPECT_TRUE(answer.has_value()) << answer.error().message;
    return answer ? json::value(*answer) : json::value(nullptr);
  }
  [[nodiscard]] std::string pointer(const std::string& changes) const {
    const auto answer = ask(changes);
    EXPECT_FALSE(answer.has_value()) << changes;
    if (answer) return {};
    return answer.error().details.empty() ? answer.error().message : answer.error().details[0].pointer;
  }
};

// `gaining losing changing`
std::string clients(const json::value& answer) {
  return json::serialize(at(answer, "clients/gaining")) + ' ' +
         json::serialize(at(answer, "clients/losing")) + ' ' +
         json::serialize(at(answer, "clients/changing"));
}

TEST_F(PreviewTest, SwitchingAFeatureOffTakesItFromThoseWhoHaveItAndWhatRequiresIt) {
  const json::value answer = effect(R"({"entity_type":"feature","entity_id":2,"action":"toggle"})");

  EXPECT_EQ(clients(answer), "0 1 0");
  EXPECT_EQ(at(answer, "affected_clients/0/key"), json::value("big"));
  EXPECT_EQ(at(answer, "affected_clients/0/losses"), json::value(2))
      << "reports, and extra, which requires it";
  EXPECT_EQ(at(answer, "affected_clients/0/features/0/effect"), json::value("loss"));
  EXPECT_EQ(at(answer, "affected_clients/0/features/0/before/enabled"), json::value(true));
  EXPECT_EQ(at(answer, "affected_clients/0/features/0/after/rule"), json::value("feature_disabled"));
  EXPECT_EQ(at(answer, "affected_features/1/key"), json::value("extra"));
  EXPECT_EQ(at(answer, "affected_features_total"), json::value(2));
  EXPECT_EQ(at(answer, "changes/0/key"), json::value("reports"));
  EXPECT_EQ(at(answer, "changes/0/touches"), json::value(1));
  EXPECT_EQ(at(answer, "is_whole"), json::value(true));
}

TEST_F(PreviewTest, NothingIsWritten) {
  const auto before = current();

  std::ignore = effect(R"({"entity_type":"feature","entity_id":2,"action":"delete","force":true})");

  EXPECT_EQ(current(), before);
  EXPECT_NE(current()->feature(2), nullptr);
}

TEST_F(PreviewTest, APackageThatGivesMoreReachesItsClientsAlone) {
  const json::value answer =
      effect(R"({"entity_type":"package","entity_id":1,"action":"update","data":{"features":[)"
             R"({"feature_id":1,"limit":5},{"feature_id":4}]}})");

  EXPECT_EQ(clients(answer), "1 0 1");
  EXPECT_EQ(at(answer, "clients/affected"), json::value(1));
  EXPECT_EQ(at(answer, "affected_clients/0/key"), json::value("small"));
  EXPECT_EQ(at(answer, "affected_clients/0/features/0/effect"), json::value("change")) << "its limit";
  EXPECT_EQ(at(answer, "affected_clients/0/features/1/effect"), json::value("gain"));
  EXPECT_TRUE(at(answer, "affected_clients/0/features/1/before").is_null());
  EXPECT_EQ(at(answer, "affected_clients/0/features/1/after/value"), json::value("r"));
}

TEST_F(PreviewTest, MovingAClientToAnotherPackageIsGainsAndLosses) {
  const json::value answer =
      effect(R"({"entity_type":"client","entity_id":2,"action":"update","data":{"package_id":null}})");

  EXPECT_EQ(clients(answer), "0 1 0");
  EXPECT_EQ(at(answer, "affected_clients/0/losses"), json::value(4));
  EXPECT_EQ(at(effect(R"({"entity_type":"client","entity_id":2,"action":"delete"})"), "clients/losing"),
            json::value(1));
  EXPECT_EQ(clients(effect(R"({"entity_type":"client","action":"create","data":)"
                           R"({"key":"new","name":"New","package_id":2}})")),
            "1 0 0");
}

TEST_F(PreviewTest, ADeletionThatOthersStandInTheWayOfNeedsForce) {
  const auto refused = ask(R"({"entity_type":"package","entity_id":2,"action":"delete"})");
  const json::value forced =
      effect(R"({"entity_type":"package","entity_id":2,"action":"delete","force":true})");

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  ASSERT_EQ(refused.error().users.size(), 1U);
  EXPECT_EQ(refused.error().users[0].key, "big");
  EXPECT_EQ(at(forced, "changes/0/touches"), json::value(2)) << "the package and its client";
  EXPECT_EQ(at(forced, "affected_clients/0/losses"), json::value(4));
}

TEST_F(PreviewTest, WhoStandsInTheWayIsLookedForAfterTheChangesBefore) {
  const std::string choose =
      R"({"entity_type":"package","entity_id":1,"action":"update","data":{"features":[)"
      R"({"feature_id":2,"sub_features":["daily"]}]}},)";
  const std::string drop =
      R"({"entity_type":"feature","entity_id":2,"action":"update","data":{"sub_features":[]})";

  EXPECT_TRUE(ask(drop + "}").has_value());
  const auto refused = ask(choose + drop + "}");

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(refused.error().details.at(0).pointer, "/changes/1");
  ASSERT_EQ(refused.error().users.size(), 1U);
  EXPECT_EQ(refused.error().users[0].key, "free");
  EXPECT_EQ(at(effect(choose + drop + R"(,"force":true})"), "changes/1/touches"), json::value(2));
}

TEST_F(PreviewTest, LaterChangesSeeWhatEarlierOnesMade) {
  const json::value answer = effect(
      R"({"entity_type":"feature","action":"create","data":{"key":"one","name":"One"}},)"
      R"({"entity_type":"feature","action":"create","data":)"
      R"({"key":"two","name":"Two","requires":[9007199254740001]}},)"
      R"({"entity_type":"package","entity_id":1,"action":"update","data":{"features":[)"
      R"({"feature_id":1,"limit":3},{"feature_id":9007199254740001},{"feature_id":9007199254740002}]}})");

  EXPECT_EQ(at(answer, "changes/1/entity_id"), json::value(kFirstPreviewedId + 1));
  EXPECT_EQ(at(answer, "changes/1/action"), json::value("create"));
  EXPECT_EQ(at(answer, "affected_clients/0/gains"), json::value(2));
  EXPECT_EQ(at(answer, "clients/affected"), json::value(1));
}

TEST_F(PreviewTest, WhatIsAsAskedAlreadyHasNoEffect) {
  const json::value answer =
      effect(R"({"entity_type":"feature","entity_id":1,"action":"toggle","data":{"enabled":true}})");

  EXPECT_EQ(at(answer, "changes/0/touches"), json::value(0));
  EXPECT_EQ(clients(answer), "0 0 0");
  EXPECT_EQ(clients(effect(R"({"entity_type":"package","entity_id":1,"action":"toggle"})")), "0 0 0")
      << "who is on it keeps it";
}

TEST_F(PreviewTest, WhatIsWrongIsNamedAtItsPlace) {
  EXPECT_EQ(pointer(""), "/changes");
  EXPECT_EQ(pointer(R"({"action":"create"})"), "/changes/0/entity_type");
  EXPECT_EQ(pointer(R"({"entity_type":"token","action":"delete","entity_id":1})"), "/changes/0/entity_type");
  EXPECT_EQ(pointer(R"({"entity_type":"client","action":"paint","entity_id":1})"), "/changes/0/action");
  EXPECT_EQ(pointer(R"({"entity_type":"client","action":"update","data":{}})"), "/changes/0/entity_id");
  EXPECT_EQ(pointer(R"({"entity_type":"client","action":"create"})"), "/changes/0/data");
  EXPECT_EQ(pointer(R"({"entity_type":"client","action":"create","entity_id":1,"data":{}})"),
            "/changes/0/entity_id");
  EXPECT_EQ(pointer(R"({"entity_type":"client","action":"toggle","entity_id":1,"data":{"enabled":true}})"),
            "/changes/0/data/enabled");
  EXPECT_EQ(pointer(R"({"entity_type":"platform","entity_id":1,"action":"toggle"},)"
                    R"({"entity_type":"feature","entity_id":2,"action":"update","data":{"requires":[3]}})"),
            "/changes/1/data/requires");
  EXPECT_EQ(pointer(R"({"entity_type":"segment","action":"toggle","entity_id":1})"), "/changes/0/action");
  EXPECT_EQ(pointer(R"({"entity_type":"package","action":"update","entity_id":1,"data":{},"force":true})"),
            "/changes/0/force");
  const auto unknown = ask(R"({"entity_type":"feature","entity_id":99,"action":"toggle"})");
  EXPECT_EQ(unknown.error().code, Errc::not_found);
  EXPECT_EQ(unknown.error().details.at(0).pointer, "/changes/0");
  EXPECT_EQ(
      ask(R"({"entity_type":"feature","action":"create","data":{"key":"basic","name":"B"}})").error().code,
      Errc::already_exists);
}

TEST_F(PreviewTest, TimeByItselfMakesNoDifference) {
  override_feature(1, 4, R"({"value":"b","expires_at":"2023-11-14T23:00:00Z"})");
  clock_.advance(std::chrono::hours(2));

  EXPECT_EQ(
      clients(effect(R"({"entity_type":"client","entity_id":1,"action":"update","data":{"name":"S"}})")),
      "0 0 0");
}

TEST_F(PreviewTest, TooMuchToLookAtIsSaid) {
  const auto before = current();
  const auto feature = before->find<domain::Feature>(1);
  domain::Feature off = *feature;
  off.flag.enabled = false;
  const domain::Change change{before->revision(),
                              {{domain::Kind::feature, 1, to_json(*feature), to_json(off)}}};
  const auto after = domain::apply(*before, change, before->head()).value();

  EXPECT_EQ(at(effect_of(*before, *after, change), "clients/losing"), json::value(2));
  const json::value cut = effect_of(*before, *after, change, 1);
  EXPECT_EQ(at(cut, "is_whole"), json::value(false));
  EXPECT_EQ(at(cut, "clients/looked_at"), json::value(1));
  EXPECT_EQ(at(cut, "clients/losing"), json::value(1));
}

}  // namespace
}  // namespace togglecast::service
