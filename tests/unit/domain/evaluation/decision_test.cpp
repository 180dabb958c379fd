// May this client use this feature now?
#include "domain/evaluation/decision.hpp"

#include <gmock/gmock.h>

#include <deque>
#include <map>

#include "domain/evaluation/requirements.hpp"
#include "unit/domain/evaluation/vectors.hpp"
#include "unit/wire/allocation_meter.hpp"

namespace togglecast::domain::evaluation {
namespace {

using testing::member;

class TestCatalogue final : public Catalogue {
 public:
  [[nodiscard]] const FeatureRules* feature(Id id) const noexcept override {
    ++lookups;
    const auto found = features.find(id);
    return found == features.end() ? nullptr : &found->second;
  }
  [[nodiscard]] bool platform_is_on(Id id) const noexcept override {
    const auto found = platforms.find(id);
    return found != platforms.end() && found->second;
  }

  std::map<Id, FeatureRules> features;
  std::map<Id, bool> platforms;
  mutable int lookups = 0;
};

Flag flag(const std::string& key, const json::value& definition) {
  Issues issues;
  auto read = read_flag(definition, "", Strictness::as_evaluator, issues);
  EXPECT_TRUE(read) << key;
  return Flag(key, std::move(*read), {});
}

Flag boolean_flag(const std::string& key) {
  return flag(
      key,
      json::parse(R"({"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"})")
          .value());
}

std::vector<Id> ids(const json::value& list) {
  std::vector<Id> out;
  if (list.is_null()) return out;
  for (const json::value& id : list.as_array()) out.push_back(id.as_int64());
  return out;
}

TestCatalogue catalogue_of(const json::value& file) {
  TestCatalogue catalogue;
  for (const auto& platform : file.at("platforms").as_object()) {
    catalogue.platforms[std::stoll(std::string(platform.key()))] = platform.value().as_bool();
  }
  for (const json::value& feature : file.at("features").as_array()) {
    const std::string name(feature.at("flag").as_string());
    FeatureRules rules{feature.at("id").as_int64(),
                       flag(name, file.at("flags").at(name)),
                       ids(member(feature, "platforms")),
                       ids(member(feature, "required")),
                       {}};
    if (const json::value* subs = json::find(feature, "sub_features")) {
      for (const json::value& sub : subs->as_array()) {
        rules.sub_features.push_back(
            flag(std::string(sub.as_string()), file.at("flags").at(sub.as_string())));
      }
    }
    const Id id = rules.id;
    catalogue.features.emplace(id, std::move(rules));
  }
  return catalogue;
}

Plan plan_of(const json::value& plan) {
  Plan out;
  out.platforms = ids(member(plan, "platforms"));
  for (const json::value& feature : plan.at("features").as_array()) {
    Assignment assignment;
    assignment.feature = feature.at("feature").as_int64();
    if (const json::value* limit = json::find(feature, "limit")) assignment.limit = limit->as_int64();
    if (const json::value* subs = json::find(feature, "sub_features")) {
      assignment.sub_features.emplace();
      for (const json::value& sub : subs->as_array()) assignment.sub_features->emplace_back(sub.as_string());
    }
    out.features.push_back(std::move(assignment));
  }
  return out;
}

std::vector<Override> overrides_of(const json::value& vector) {
  std::vector<Override> out;
  const json::value* overrides = json::find(vector, "overrides");
  if (overrides == nullptr) return out;
  for (const json::value& entry : overrides->as_array()) {
    Override made;
    made.feature = entry.at("feature").as_int64();
    made.removed = json::find(entry, "removed") != nullptr;
    made.value = member(entry, "value");
    if (const json::value* time = json::find(entry, "expires_at")) {
      made.expires_at = parse_iso8601(std::string_view(time->as_string())).value();
    }
    out.push_back(std::move(made));
  }
  return out;
}

TEST(Decision, FollowsTheOrderOfRules) {
  const json::value file = testing::vectors("decisions.json");
  const TestCatalogue catalogue = catalogue_of(file);
  DecisionMemo memo;

  for (const json::value& vector : file.at("cases").as_array()) {
    const json::value attributes = member(vector, "attributes");
    const json::value context = member(vector, "context");
    const std::vector<Override> overrides = overrides_of(vector);
    std::optional<Plan> plan;
    if (const json::value* name = json::find(vector, "plan")) {
      plan = plan_of(file.at("plans").at(name->as_string()));
    }
    Subject subject;
    subject.active = json::find(vector, "active") == nullptr;
    subject.key = "acme";
    subject.attributes = attributes.if_object();
    subject.context = context.if_object();
    subject.plan = plan ? &*plan : nullptr;
    subject.overrides = overrides;
    subject.now = parse_iso8601(std::string_view(file.at("now").as_string())).value();
    const FeatureRules& feature = catalogue.features.at(vector.at("feature").as_int64());
    Decider decider(catalogue, subject, memo);

    const json::value* sub_feature = json::find(vector, "sub_feature");
    const Decision decision = sub_feature == nullptr
                                  ? decider.decide(feature)
                                  : decider.decide(feature, *feature.sub_feature(sub_feature->as_string()));

    json::value expected = vector.at("answer");
    expected.as_object()["key"] = decision.flag->key();
    EXPECT_EQ(json::canonical(to_json(decision)), json::canonical(expected)) << vector.at("name");
    const json::value because_of = member(vector, "because_of");
    EXPECT_EQ(decision.because_of ? json::value(*decision.because_of) : json::value(nullptr), because_of)
        << vector.at("name");
    EXPECT_EQ(decision.error != ErrorCode::none, decision.reason == Reason::error) << vector.at("name");
  }
}

Plan plan_with(const TestCatalogue& catalogue) {
  Plan plan;
  for (const auto& [id, rules] : catalogue.features) plan.features.push_back({id, {}, {}});
  return plan;
}

TEST(Decision, ARequiredFeatureIsDecidedOncePerClient) {
  TestCatalogue catalogue;
  for (Id id = 1; id <= 30; ++id) {  // each requires the two below it: 2^30 ways down
    FeatureRules rules{id, boolean_flag("f" + std::to_string(id)), {}, {}, {}};
    if (id > 1) rules.required.push_back(id - 1);
    if (id > 2) rules.required.push_back(id - 2);
    catalogue.features.emplace(id, std::move(rules));
  }
  const Plan plan = plan_with(catalogue);
  Subject subject;
  subject.plan = &plan;
  DecisionMemo memo;
  Decider decider(catalogue, subject, memo);

  EXPECT_TRUE(decider.decide(catalogue.features.at(30)).enabled);
  EXPECT_LE(catalogue.lookups, 30);
}

TEST(Decision, ACircleThatCameToBeIsOff) {
  TestCatalogue catalogue;
  catalogue.features.emplace(1, FeatureRules{1, boolean_flag("a"), {}, {2}, {}});
  catalogue.features.emplace(2, FeatureRules{2, boolean_flag("b"), {}, {1}, {}});
  const Plan plan = plan_with(catalogue);
  Subject subject;
  subject.plan = &plan;
  DecisionMemo memo;
  Decider decider(catalogue, subject, memo);

  EXPECT_EQ(decider.decide(catalogue.features.at(1)).rule, Rule::required_feature_off);
  EXPECT_EQ(decider.decide(catalogue.features.at(2)).rule, Rule::required_feature_off);
}

TEST(Decision, TimeIsCountedInWholeSecondsOfTheSnapshot) {
  TestCatalogue catalogue;
  catalogue.features.emplace(
      1, FeatureRules{1,
                      flag("t", json::parse(R"({"state": "ENABLED", "variants": {"on": true, "off": false},
                         "defaultVariant": "off", "targeting": {"if": [{">=": [{"var": "$flagd.timestamp"}, 100]}, "on"]}})")
                                    .value()),
                      {},
                      {},
                      {}});
  const Plan plan = plan_with(catalogue);
  Subject subject;
  subject.plan = &plan;
  DecisionMemo memo;

  subject.now = {99'999};
  EXPECT_FALSE(Decider(catalogue, subject, memo).decide(catalogue.features.at(1)).enabled);
  subject.now = *catalogue.features.at(1).time().next_boundary(subject.now);
  EXPECT_TRUE(Decider(catalogue, subject, memo).decide(catalogue.features.at(1)).enabled);
}

TEST(Decision, ABooleanOneTakesNoMemory) {
  TestCatalogue catalogue;
  const json::value definition =
      json::parse(R"({"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
          "targeting": {"if": [{"and": [{"==": [{"var": "client.tier"}, "gold"]}, {">": [{"var": "age"}, 17]},
                                        {"in": [{"var": "region"}, ["de", "fr"]]}]}, "on"]}})")
          .value();
  catalogue.features.emplace(1, FeatureRules{1, flag("a", definition), {1}, {2}, {}});
  catalogue.features.emplace(2, FeatureRules{2, flag("b", definition), {1}, {}, {}});
  catalogue.platforms[1] = true;
  const Plan plan = plan_with(catalogue);
  const json::value context = json::parse(R"({"age": 30, "region": "fr"})").value();
  const json::value attributes = json::parse(R"({"tier": "gold"})").value();
  Subject subject;
  subject.key = "client-with-a-rather-long-key-0001";
  subject.context = &context.get_object();
  subject.attributes = &attributes.get_object();
  subject.plan = &plan;
  DecisionMemo memo;
  (void)Decider(catalogue, subject, memo).decide(catalogue.features.at(1));  // the memo has grown

  const test::AllocationMeter allocations;
  const Decision decision = Decider(catalogue, subject, memo).decide(catalogue.features.at(1));
  const std::size_t count = allocations.count();

  EXPECT_TRUE(decision.enabled);
  EXPECT_EQ(count, 0U);
}

std::optional<RequirementProblem> problem_in(const std::map<Id, std::vector<Id>>& graph) {
  std::vector<Id> features;
  for (const auto& [id, required] : graph) features.push_back(id);
  return find_requirement_problem(features, [&](Id id) -> std::span<const Id> {
    const auto found = graph.find(id);
    return found == graph.end() ? std::span<const Id>{} : std::span<const Id>(found->second);
  });
}

TEST(Requirements, MayShareButNotGoInCircles) {
  EXPECT_EQ(problem_in({{1, {2, 3}}, {2, {4}}, {3, {4}}, {4, {}}}), std::nullopt);

  const auto circle = problem_in({{1, {2}}, {2, {3}}, {3, {4}}, {4, {2}}});
  ASSERT_TRUE(circle);
  EXPECT_TRUE(circle->is_circle);
  EXPECT_EQ(circle->text(), "2 requires 3 requires 4 requires 2");

  const auto alone = problem_in({{1, {1}}});
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->text(), "1 requires 1");
}

TEST(Requirements, MustNotFormLongChains) {
  std::map<Id, std::vector<Id>> graph;
  for (Id id = 1; id <= static_cast<Id>(kMaxRequirementDepth); ++id) graph[id] = {id + 1};
  EXPECT_EQ(problem_in(graph), std::nullopt);

  graph[kMaxRequirementDepth + 1] = {kMaxRequirementDepth + 2};
  const auto from_the_top = problem_in(graph);
  ASSERT_TRUE(from_the_top);
  EXPECT_FALSE(from_the_top->is_circle);
  EXPECT_EQ(from_the_top->chain.size(), kMaxRequirementDepth + 2);

  std::map<Id, std::vector<Id>> falling;  // visited from the bottom up
  for (Id id = 2; id <= static_cast<Id>(kMaxRequirementDepth) + 2; ++id) falling[id] = {id - 1};
  const auto from_the_bottom = problem_in(falling);
  ASSERT_TRUE(from_the_bottom);
  EXPECT_EQ(from_the_bottom->chain.size(), kMaxRequirementDepth + 2);
}

}  // namespace
}  // namespace togglecast::domain::evaluation
