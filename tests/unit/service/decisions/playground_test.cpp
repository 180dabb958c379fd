#include "service/decisions/playground.hpp"

#include <algorithm>

#include "unit/service/catalogue_fixture.hpp"

namespace togglecast::service {
namespace {

using testing::at;

class PlaygroundTest : public testing::CatalogueTest {
 protected:
  [[nodiscard]] json::value ask(std::string_view body) const {
    auto answer = try_out(*current(), testing::parse(body));
    EXPECT_TRUE(answer.has_value()) << answer.error().message;
    return answer ? json::value(*answer) : json::value(nullptr);
  }
  [[nodiscard]] Error refusal(std::string_view body) const {
    const auto answer = try_out(*current(), testing::parse(body));
    EXPECT_FALSE(answer.has_value()) << body;
    return answer ? Error{} : answer.error();
  }
  [[nodiscard]] std::string pointer(std::string_view body) const {
    const Error error = refusal(body);
    return error.details.empty() ? error.message : error.details[0].pointer;
  }
};

// `outcome` of each rule, in their order.
std::vector<std::string> outcomes(const json::value& answer) {
  std::vector<std::string> out;
  for (const auto& step : answer.at("steps").as_array())
    out.push_back(std::string(json::string_or_empty(step, "rule")) + ' ' +
                  std::string(json::string_or_empty(step, "outcome")));
  return out;
}

TEST_F(PlaygroundTest, ExplainsEachRuleOnTheWay) {
  const json::value answer = ask(R"({"client":"big","feature":"reports"})");

  EXPECT_EQ(at(answer, "decision/enabled"), json::value(true));
  EXPECT_EQ(at(answer, "client/id"), json::value(2));
  const std::vector<std::string> expected{"client_inactive passed",      "feature_disabled passed",
                                          "platform_off passed",         "parent_off passed",
                                          "required_feature_off passed", "override passed",
                                          "not_in_package passed",       "platform_not_in_package passed",
                                          "targeting decided",           "default_variant not_reached"};
  EXPECT_EQ(outcomes(answer), expected);
  EXPECT_EQ(at(answer, "steps/2/found/platforms/0/key"), json::value("web"));
  EXPECT_EQ(at(answer, "trace_is_whole"), json::value(true));
  bool compared = false;
  for (const auto& step : answer.at("trace").as_array())
    compared = compared || (step.at("operation") == "==" && step.at("result") == true);
  EXPECT_TRUE(compared) << json::serialize(answer.at("trace"));
}

TEST_F(PlaygroundTest, ADenialNamesItsRuleAndTheRestIsNotReached) {
  const json::value answer = ask(R"({"client":1,"feature":2})");

  EXPECT_EQ(at(answer, "decision/rule"), json::value("not_in_package"));
  EXPECT_EQ(outcomes(answer).at(6), "not_in_package decided");
  EXPECT_EQ(outcomes(answer).at(7), "platform_not_in_package not_reached");
}

TEST_F(PlaygroundTest, WithoutAClientAPackageHasEverything) {
  EXPECT_EQ(at(ask(R"({"feature":"basic"})"), "decision/enabled"), json::value(true));
  EXPECT_EQ(at(ask(R"({"feature":"reports"})"), "decision/enabled"), json::value(false));
  EXPECT_EQ(at(ask(R"({"feature":"reports","client":{"attributes":{"tier":"gold"}}})"), "decision/enabled"),
            json::value(true));
  EXPECT_EQ(at(ask(R"({"feature":"basic","client":{"package_id":null}})"), "decision/rule"),
            json::value("not_in_package"));
  EXPECT_EQ(at(ask(R"({"feature":"basic","client":{"package_id":1}})"), "decision/limit"), json::value(3));
}

TEST_F(PlaygroundTest, ASubFeatureIsExplainedToo) {
  const json::value answer = ask(R"({"client":"big","feature":"reports","sub_feature":"daily"})");

  EXPECT_EQ(at(answer, "feature/sub_feature"), json::value("daily"));
  EXPECT_EQ(at(answer, "decision/enabled"), json::value(true));
  EXPECT_EQ(outcomes(answer).size(), 10U);
  EXPECT_EQ(outcomes(answer).at(2), "platform_off passed");
  EXPECT_EQ(at(answer, "steps/2/found/platforms/0/key"), json::value("web"));
  EXPECT_EQ(outcomes(answer).at(3), "parent_off passed");
  EXPECT_EQ(refusal(R"({"feature":"reports","sub_feature":"weekly"})").code, Errc::not_found);
}

TEST_F(PlaygroundTest, UnsavedDefinitionsAndSegmentsAreTriedAndNotSaved) {
  const auto revision = current()->revision();
  const json::value changed =
      ask(R"({"client":"big","feature":"text","definition":{"targeting":{"if":[{"$ref":"golden"},"blue"]}},)"
          R"("segments":{"golden":{"==":[{"var":"client.tier"},"gold"]}}})");
  const json::value made =
      ask(R"({"feature":"brand-new","definition":{"variants":{"a":1,"b":2},"defaultVariant":"b"}})");

  EXPECT_EQ(at(changed, "decision/variant"), json::value("blue"));
  EXPECT_EQ(at(made, "decision/value"), json::value(2));
  EXPECT_TRUE(at(made, "feature/id").is_null());
  EXPECT_EQ(current()->revision(), revision);
  EXPECT_EQ(at(ask(R"({"client":"big","feature":"text"})"), "decision/variant"), json::value("red"));
  EXPECT_EQ(refusal(R"({"feature":"brand-new"})").code, Errc::not_found);
}

TEST_F(PlaygroundTest, ATraceNamesTheSegmentOfEachStep) {
  const json::value answer =
      ask(R"({"client":"big","feature":"text","definition":{"targeting":{"if":[{"$ref":"golden"},"blue"]}},)"
          R"("segments":{"golden":{"==":[{"var":"client.tier"},"gold"]}}})");

  EXPECT_EQ(at(answer, "trace/0/segment"), json::value("golden"));
  EXPECT_EQ(at(answer, "trace/0/pointer"), json::value("/rule/==/0"));
  EXPECT_EQ(at(answer, "trace/2/operation"), json::value("$ref"));
  EXPECT_TRUE(at(answer, "trace/2/segment").is_null());
}

TEST_F(PlaygroundTest, ALargeTraceIsCut) {
  std::string rule = R"({"and":[true)";
  for (int i = 0; i < 900; ++i) rule += R"(,{"var":"client.note"})";
  rule += ",true]}";
  const json::value answer =
      ask(R"({"feature":"basic","client":{"attributes":{"note":")" + std::string(15'000, 'x') +
          R"("}},"definition":{"targeting":)" + rule + "}}");

  EXPECT_EQ(at(answer, "trace_is_whole"), json::value(false));
  EXPECT_FALSE(answer.at("trace").as_array().empty());
  EXPECT_LT(json::serialize(answer).size(), 300U * 1'024);
}

TEST_F(PlaygroundTest, TheTimeCanBeChosen) {
  const char* const kDefinition =
      R"("definition":{"targeting":{"if":[{">=":[{"var":"$flagd.timestamp"},4000000000]},"on","off"]}}})";

  EXPECT_EQ(at(ask(std::string(R"({"feature":"basic",)") + kDefinition), "decision/enabled"),
            json::value(false));
  EXPECT_EQ(at(ask(std::string(R"({"feature":"basic","at":"2999-01-01T00:00:00Z",)") + kDefinition),
               "decision/enabled"),
            json::value(true));
}

TEST_F(PlaygroundTest, ADraftIsMadeFirstAndNothingIsKept) {
  const auto try_draft = [this](std::string_view body) {
    return try_out_draft(*current(), testing::parse(body));
  };
  const auto revision = current()->revision();
  const auto drafted = try_draft(
      R"({"client":"big","feature":"reports","draft":[{"entity_type":"feature","entity_id":2,"action":"toggle"}]})");
  ASSERT_TRUE(drafted.has_value()) << drafted.error().message;
  EXPECT_EQ(at(*drafted, "decision/enabled"), json::value(false));
  EXPECT_EQ(at(*drafted, "decision/rule"), json::value("feature_disabled"));
  EXPECT_EQ(at(*drafted, "draft/0/action"), json::value("toggle"));
  EXPECT_EQ(at(*drafted, "revision"), json::value(revision)) << "that of the stored state";
  EXPECT_EQ(current()->revision(), revision);

  const auto plain = try_draft(R"({"client":"big","feature":"reports"})");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(at(*plain, "decision/enabled"), json::value(true));
  EXPECT_FALSE(plain->contains("draft"));
  const auto wrong = try_draft(
      R"({"feature":"reports","draft":[{"entity_type":"feature","entity_id":2,"action":"update","data":{"name":7}}]})");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().details.at(0).pointer, "/draft/0/data/name");
}

TEST_F(PlaygroundTest, WhatIsWrongIsNamedAtItsPlace) {
  EXPECT_EQ(pointer(R"({"client":"big"})"), "/feature");
  EXPECT_EQ(pointer(R"({"feature":true})"), "/feature");
  EXPECT_EQ(pointer(R"({"feature":"basic","colour":"red"})"), "/colour");
  EXPECT_EQ(pointer(R"({"feature":"basic","client":{"active":"yes"}})"), "/client/active");
  EXPECT_EQ(pointer(R"({"feature":"basic","client":{"package_id":99}})"), "/client/package_id");
  EXPECT_EQ(pointer(R"({"feature":"basic","definition":{"state":"ON"}})"), "/definition/state");
  EXPECT_EQ(pointer(R"({"feature":"basic","definition":{"key":"other"}})"), "/definition/key");
  EXPECT_TRUE(pointer(R"({"feature":"basic","definition":{"targeting":{"if":[{"colour":[]},"on"]}}})")
                  .starts_with("/definition/targeting"));
  EXPECT_TRUE(
      pointer(R"({"feature":"basic","segments":{"one":{"colour":[]}}})").starts_with("/segments/one"));
  EXPECT_EQ(pointer(R"({"feature":"basic","segments":{"No key":true}})"), "/segments/No key");
  EXPECT_EQ(pointer(R"({"feature":"basic","context":")" + std::string(10, 'x') + "\"}"), "/context");
  EXPECT_EQ(pointer(R"({"feature":"basic","context":{"a":")" + std::string(5'000, 'x') + "\"}}"), "/context");
  EXPECT_EQ(refusal(R"({"feature":"basic","client":"nobody"})").code, Errc::not_found);
}

}  // namespace
}  // namespace togglecast::service
