// Reading rules: what is refused, and what a program tells about itself.
#include "domain/evaluation/jsonlogic/compiler.hpp"

#include <gmock/gmock.h>

#include "domain/evaluation/evaluators.hpp"
#include "domain/evaluation/flag.hpp"
#include "unit/domain/evaluation/vectors.hpp"

namespace togglecast::domain::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ProgramPtr compiled(std::string_view rule, Issues& issues, const CompileOptions& options = {},
                    const FindEvaluator& find = {}) {
  return compile(json::parse(rule, {1'000}).value(), "", find, options, issues);
}

ProgramPtr compiled(std::string_view rule, const FindEvaluator& find = {}) {
  Issues issues;
  const ProgramPtr program = compiled(rule, issues, {}, find);
  EXPECT_NE(program, nullptr) << (issues.empty() ? "" : issues.front().reason);
  return program;
}

std::string nested(std::size_t levels) {
  std::string rule;
  for (std::size_t i = 0; i < levels; ++i) rule += R"({"!":)";
  return rule + "1" + std::string(levels, '}');
}

TEST(Compiler, RefusesRulesNestedTooDeeplyAndSaysWhere) {
  Issues issues;

  EXPECT_NE(compiled(nested(31), issues), nullptr);
  EXPECT_THAT(issues, IsEmpty());
  EXPECT_EQ(compiled(nested(32), issues), nullptr);
  ASSERT_EQ(issues.size(), 1U);
  std::string expected;
  for (int i = 0; i < 32; ++i) expected += "/!";
  EXPECT_EQ(issues[0].pointer, expected);
}

TEST(Compiler, RefusesRulesWithTooManyParts) {
  std::string rule = R"({"or": [)";
  for (int i = 0; i < 4'100; ++i) rule += R"({"var":"a"},)";
  rule += "1]}";
  Issues issues;

  EXPECT_EQ(compiled(rule, issues), nullptr);
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_THAT(issues[0].reason, ::testing::HasSubstr("4096"));
}

TEST(Compiler, ALongListOfConstantsIsOnePart) {
  std::string rule = R"({"in": [{"var": "id"}, [0)";
  for (int i = 1; i < 20'000; ++i) rule += "," + std::to_string(i);
  rule += "]]}";

  EXPECT_LE(compiled(rule)->size(), 4U);
}

TEST(Compiler, CollectsABoundedNumberOfIssues) {
  std::string rule = R"({"or": [)";
  for (int i = 0; i < 1'000; ++i) rule += R"({"bad":1},)";
  rule += "1]}";
  Issues issues;

  EXPECT_EQ(compiled(rule, issues), nullptr);
  EXPECT_EQ(issues.size(), CompileOptions{}.max_issues);
}

TEST(Compiler, LetsPassWhatTheEvaluatorOfFlagdLetsPass) {
  const CompileOptions lenient{Strictness::as_evaluator};
  Issues issues;

  for (const std::string_view rule :
       {R"({"fractional": [["a", -50], ["b", 1.5]]})", R"({"sem_ver": ["x", "?"]})", R"({"==": [1]})",
        R"({"var": "$flagd.other"})", R"({"if": [{"a": 1, "b": 2}]})", R"("text")"}) {
    EXPECT_NE(compiled(rule, issues, lenient), nullptr) << rule;
  }
  EXPECT_EQ(compiled(R"({"bad": 1})", issues, lenient), nullptr);
}

TEST(SharedRules, AreCompiledInWhateverOrderTheyStand) {
  Issues issues;
  const auto shared = compile_evaluators(
      json::parse(R"({"a": {"!": [{"$ref": "b"}]}, "b": {"!": [{"$ref": "c"}]}, "c": {"var": "x"}})")
          .value()
          .as_object(),
      "/$evaluators", {}, issues);

  EXPECT_THAT(issues, IsEmpty());
  EXPECT_EQ(shared.size(), 3U);
  ASSERT_EQ(shared.at("a")->code()->references.size(), 1U);
  EXPECT_EQ(shared.at("a")->code()->references.front().name, "b");
  EXPECT_THAT(shared.at("a")->reads().paths, ElementsAre("x"));
}

TEST(SharedRules, MustNotReferToThemselves) {
  Issues issues;
  const auto shared = compile_evaluators(
      json::parse(R"({"a": {"!": [{"$ref": "b"}]}, "b": {"!": [{"$ref": "a"}]}, "c": true})")
          .value()
          .as_object(),
      "/$evaluators", {}, issues);

  EXPECT_EQ(shared.size(), 1U);
  ASSERT_FALSE(issues.empty());
  EXPECT_EQ(issues[0].pointer, "/$evaluators/a");
  EXPECT_THAT(issues[0].reason, ::testing::HasSubstr("refers to itself"));
}

TEST(SharedRules, OneThatIsGoneIsRefusedInNewRulesAndKeptInStoredOnes) {
  Issues issues;
  EXPECT_EQ(compiled(R"({"if": [{"$ref": "gone"}, "a"]})", issues), nullptr);
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].pointer, "/if/0");

  issues.clear();
  const auto stored = compiled(R"({"if": [{"$ref": "gone"}, "a"]})", issues, {Strictness::as_evaluator});
  ASSERT_NE(stored, nullptr);
  EXPECT_FALSE(stored->is_whole());
  const auto user = compiled(R"({"!": {"$ref": "stored"}})", issues, {Strictness::as_evaluator},
                             [&](std::string_view) { return stored; });
  EXPECT_FALSE(user->is_whole());
  EXPECT_TRUE(compiled(R"({"!": 1})")->is_whole());
}

TEST(SharedRules, CountForDepthAndSizeOfWhatRefersToThem) {
  Issues issues;
  json::object rules;
  rules["r0"] = json::parse(nested(10)).value();
  for (int i = 1; i < 40; ++i) {
    rules["r" + std::to_string(i)] = json::parse(R"({"or": [{"$ref": "r)" + std::to_string(i - 1) +
                                                 R"("}, {"$ref": "r)" + std::to_string(i - 1) + R"("}]})")
                                         .value();
  }

  const auto shared = compile_evaluators(rules, "/$evaluators", {}, issues);

  EXPECT_LT(shared.size(), 12U);  // 2^n calls, or 2n levels, whichever ends first
  EXPECT_FALSE(issues.empty());
}

TEST(Dependencies, NameThePathsThatAreRead) {
  const auto program = compiled(R"({"and": [{"var": "client.region"}, {"var": ["b", {"var": "a"}]},
      {"missing": ["m", "client.region"]}, {"var": "$flagd.flagKey"},
      {"some": [{"var": "list"}, {"var": "of_element"}]}]})");

  EXPECT_THAT(program->reads().paths, ElementsAre("a", "b", "client.region", "list", "m"));
  EXPECT_FALSE(program->reads().everything);
  EXPECT_FALSE(program->time().any());
}

TEST(Dependencies, FractionalReadsTheTargetingKey) {
  EXPECT_THAT(compiled(R"({"fractional": [["a", 1], ["b", 1]]})")->reads().paths,
              ElementsAre("targetingKey"));
}

TEST(Dependencies, AComputedPathReadsEverything) {
  EXPECT_TRUE(compiled(R"({"var": {"cat": ["a", "b"]}})")->reads().everything);
  EXPECT_TRUE(compiled(R"({"var": ""})")->reads().everything);
  EXPECT_TRUE(compiled(R"({"missing": [{"var": "which"}]})")->reads().everything);
}

std::vector<std::int64_t> boundaries(std::string_view rule) { return compiled(rule)->time().boundaries; }

TEST(TimeDependence, ComparisonsWithConstantsTurnAtThem) {
  EXPECT_THAT(boundaries(R"({">": [{"var": "$flagd.timestamp"}, 100]})"), ElementsAre(101));
  EXPECT_THAT(boundaries(R"({">=": [{"var": "$flagd.timestamp"}, 100]})"), ElementsAre(100));
  EXPECT_THAT(boundaries(R"({">=": [100, {"var": "$flagd.timestamp"}]})"), ElementsAre(101));
  EXPECT_THAT(boundaries(R"({"==": [{"var": "$flagd.timestamp"}, 100]})"), ElementsAre(100, 101))
      << "true for a second";
  EXPECT_THAT(boundaries(R"({"<": [100.5, {"var": "$flagd.timestamp"}]})"), ElementsAre(101));
  EXPECT_THAT(boundaries(R"({"<=": [100, {"var": "$flagd.timestamp"}, "200"]})"), ElementsAre(100, 201));
  EXPECT_THAT(boundaries(R"({"<": [{"var": "$flagd.timestamp"}, 100, 200]})"), ElementsAre(100))
      << "200 is not compared with the time";
  EXPECT_FALSE(compiled(R"({">": [{"var": ["$flagd.timestamp", 0]}, 100]})")->time().otherwise);
}

TEST(TimeDependence, OtherReadingsMayChangeAtAnyTime) {
  for (const std::string_view rule :
       {R"({"-": [{"var": "$flagd.timestamp"}, 100]})",
        R"({">": [{"var": "$flagd.timestamp"}, {"var": "start"}]})", R"({"var": "$flagd.timestamp"})",
        R"({"var": "$flagd"})", R"({"var": {"cat": ["$flagd.", "timestamp"]}})",
        R"({"map": [{"var": "$flagd.timestamp"}, 1]})"}) {
    EXPECT_TRUE(compiled(rule)->time().otherwise) << rule;
  }
}

TEST(TimeDependence, ElementsOfAListDoNotSeeTheTime) {
  EXPECT_FALSE(
      compiled(R"({"all": [{"var": "list"}, {">": [{"var": "$flagd.timestamp"}, 5]}]})")->time().any());
}

TEST(TimeDependence, ComesWithSharedRules) {
  Issues issues;
  const auto shared = compile_evaluators(
      json::parse(R"({"after": {">=": [{"var": "$flagd.timestamp"}, 1750000000]}})").value().as_object(), "",
      {}, issues);

  const auto program = compiled(R"({"if": [{"$ref": "after"}, "a"]})", finder(shared));

  EXPECT_THAT(program->time().boundaries, ElementsAre(1'750'000'000));
}

std::string comparisons(std::size_t count, std::string_view op = ">=") {
  std::string rule = R"({"or": [false)";
  for (std::size_t i = 0; i < count; ++i) {
    rule += ", {\"" + std::string(op) + R"(": [{"var": "$flagd.timestamp"}, )" +
            std::to_string(1'700'000'000 + 10 * i) + "]}";
  }
  return rule + "]}";
}

TEST(TimeDependence, ARuleTurnsAtABoundedNumberOfTimes) {
  Issues issues;

  EXPECT_NE(compiled(comparisons(kMaxTimeBoundaries), issues), nullptr);
  EXPECT_EQ(compiled(comparisons(kMaxTimeBoundaries + 1), issues), nullptr);

  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].pointer, "");
  EXPECT_THAT(issues[0].reason, ::testing::HasSubstr("64"));
  EXPECT_THAT(issues[0].reason, ::testing::HasSubstr("65"));
  EXPECT_EQ(compiled(comparisons(kMaxTimeBoundaries / 2 + 1, "=="), issues), nullptr) << "two times each";
  EXPECT_NE(compiled(comparisons(1'000), issues, {Strictness::as_evaluator}), nullptr) << "a stored one";
}

TEST(TimeDependence, TimesOfSharedRulesCountOnce) {
  Issues issues;
  const auto shared = compiled(comparisons(kMaxTimeBoundaries));
  const auto find = [&](std::string_view) { return shared; };

  EXPECT_NE(compiled(R"({"and": [{"$ref": "s"}, {"$ref": "s"}]})", issues, {}, find), nullptr);
  EXPECT_EQ(
      compiled(R"({"and": [{"$ref": "s"}, {"<": [{"var": "$flagd.timestamp"}, 5]}]})", issues, {}, find),
      nullptr);
}

TEST(TimeDependence, TellsTheNextMoment) {
  const TimeUse time = compiled(R"({"<": [100, {"var": "$flagd.timestamp"}, 200]})")->time();

  EXPECT_EQ(time.next_boundary({0})->value, 101'000);
  EXPECT_EQ(time.next_boundary({100'999})->value, 101'000);
  EXPECT_EQ(time.next_boundary({101'000})->value, 200'000);
  EXPECT_EQ(time.next_boundary({200'000}), std::nullopt);
}

// Whatever the comparison, the answer is the same between two neighbouring boundaries; an order has only one.
TEST(TimeDependence, AnswersChangeOnlyAtBoundaries) {
  for (const std::string_view op : {"==", "!=", "===", "!==", "<", "<=", ">", ">="}) {
    for (const std::string_view constant : {"10", "10.5", "\"10\""}) {
      for (const bool time_first : {true, false}) {
        const std::string time = R"({"var": "$flagd.timestamp"})";
        const std::string left = time_first ? time : std::string(constant);
        const std::string right = time_first ? std::string(constant) : time;
        const auto program = compiled("{\"" + std::string(op) + "\": [" + left + "," + right + "]}");
        const auto answer_at = [&](std::int64_t second) {
          Root root;
          root.timestamp = second;
          Interpreter run(Bucketing::v2);
          return run.evaluate(*program, Value(root)).boolean();
        };

        std::vector<std::int64_t> turns;
        for (std::int64_t second = 1; second < 20; ++second)
          if (answer_at(second) != answer_at(second - 1)) turns.push_back(second);

        EXPECT_THAT(program->time().boundaries, ::testing::IsSupersetOf(turns)) << op << constant;
        if (op.front() == '<' || op.front() == '>') {
          EXPECT_THAT(program->time().boundaries, ::testing::ElementsAreArray(turns)) << op << constant;
        }
      }
    }
  }
}

}  // namespace
}  // namespace togglecast::domain::evaluation
