// What rules compute: JsonLogic, as its reference does.
#include <gmock/gmock.h>

#include "domain/evaluation/evaluators.hpp"
#include "domain/evaluation/jsonlogic/compiler.hpp"
#include "domain/evaluation/jsonlogic/interpreter.hpp"
#include "unit/domain/evaluation/vectors.hpp"

namespace togglecast::domain::evaluation {
namespace {

using testing::member;

ProgramPtr compiled(const json::value& rule) {
  Issues issues;
  const ProgramPtr program = compile(rule, "", {}, {Strictness::as_evaluator}, issues);
  EXPECT_NE(program, nullptr) << (issues.empty() ? ""
                                                 : issues.front().pointer + ": " + issues.front().reason);
  return program;
}

json::value answer(std::string_view rule, std::string_view data = "null") {
  const ProgramPtr program = compiled(json::parse(rule).value());
  const json::value input = json::parse(data).value();
  Interpreter run(Bucketing::v2);
  const Value result = run.evaluate(*program, Value::of(input));
  EXPECT_EQ(run.failure(), Failure::none);
  return to_json(result, run.meter());
}

Failure failure(std::string_view rule, std::string_view data = "null") {
  const ProgramPtr program = compiled(json::parse(rule).value());
  const json::value input = json::parse(data).value();
  Interpreter run(Bucketing::v2);
  EXPECT_TRUE(run.evaluate(*program, Value::of(input)).is_undefined());
  return run.failure();
}

TEST(Logic, AnswersAsTheReferenceDoes) {
  const json::value file = testing::vectors("logic.json");

  for (const json::value& vector : file.at("cases").as_array()) {
    const json::value* own_data = json::find(vector, "data");
    const json::value& data = own_data == nullptr ? file.at("data") : *own_data;
    Interpreter run(Bucketing::v2);
    const ProgramPtr program = compiled(vector.at("rule"));
    const Value result = run.evaluate(*program, Value::of(data));

    EXPECT_EQ(json::canonical(to_json(result, run.meter())), json::canonical(vector.at("result")))
        << json::serialize(vector.at("rule"));
    EXPECT_EQ(run.failure(), Failure::none);
  }
}

TEST(Logic, NumbersThatAreNoneBecomeNull) {
  EXPECT_EQ(answer(R"({"+": ["a", 1]})"), nullptr);
  EXPECT_EQ(answer(R"({"cat": [{"+": ["a", 1]}, {"/": [1, 0]}, {"/": [-1, 0]}]})"), "NaNInfinity-Infinity");
}

TEST(Logic, DataAreNeverRunAsRules) {
  EXPECT_EQ(answer(R"({"var": "a"})", R"({"a": {"var": "b"}, "b": 1})"),
            json::parse(R"({"var": "b"})").value());
  EXPECT_EQ(answer(R"({"missing": [{"var": "keys"}]})", R"({"keys": [{"var": "b"}], "b": "x"})"),
            json::parse(R"([{"var": "b"}])").value());
}

TEST(Logic, KnowsNothingOfJavaScriptsPrototypes) {
  EXPECT_EQ(answer(R"({"var": ["constructor", "none"]})", "{}"), "none");
  EXPECT_EQ(answer(R"({"var": ["a.toString", "none"]})", R"({"a": "x"})"), "none");
}

TEST(Logic, DoesNotRunTheBranchThatIsNotTaken) {
  const std::string_view undefined_there = R"({"missing_some": [1, null]})";

  EXPECT_EQ(answer(R"({"if": [false, )" + std::string(undefined_there) + R"(, "other"]})"), "other");
  EXPECT_EQ(answer(R"({"or": ["first", )" + std::string(undefined_there) + "]}"), "first");
  EXPECT_EQ(answer(R"({"and": [0, )" + std::string(undefined_there) + "]}"), 0);
}

TEST(Logic, FailsWhereTheReferenceThrows) {
  EXPECT_EQ(failure(R"({"*": []})"), Failure::not_defined);
  EXPECT_EQ(failure(R"({"missing_some": [1, null]})"), Failure::not_defined);
}

TEST(Logic, HalfOfASurrogatePairIsALoneSurrogate) {
  EXPECT_EQ(json::serialize(answer(R"({"substr": ["😀x", 1, 1]})")), R"("\ude00")");
  EXPECT_EQ(json::serialize(answer(R"({"substr": ["😀x", 0, 1]})")), R"("\ud83d")");
  EXPECT_EQ(json::serialize(answer(R"({"var": "0"})", R"("😀")")), R"("\ud83d")");
  EXPECT_EQ(answer(R"({"substr": ["a😀x", 1, 2]})"), "😀");
}

TEST(Logic, StopsARuleThatTakesTooManySteps) {
  const std::string many = "[" + std::string(R"(1,)") + std::string(R"(1)") + "]";
  std::string list = "[0";
  for (int i = 0; i < 200; ++i) list += ",0";
  list += "]";

  EXPECT_EQ(failure(R"({"map": [{"var": ""}, {"map": [)" + list + R"(, {"+": [{"var": ""}, 1]}]}]})", list),
            Failure::too_many_steps);
  EXPECT_EQ(answer(R"({"map": [{"var": ""}, {"+": [{"var": ""}, 1]}]})", many), json::parse("[2,2]").value());
}

TEST(Logic, StopsATextThatDoublesWithEachElement) {
  std::string list = "[0";
  for (int i = 0; i < 60; ++i) list += ",0";
  list += "]";

  EXPECT_EQ(failure(R"({"reduce": [{"var": ""}, {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]},
                                   "0123456789"]})",
                    list),
            Failure::too_many_steps);
}

TEST(Logic, StopsAListThatDoublesWithEachElement) {
  std::string list = "[0";
  for (int i = 0; i < 60; ++i) list += ",0";
  list += "]";

  EXPECT_EQ(failure(R"({"reduce": [{"var": ""}, {"merge": [{"var": "accumulator"}, {"var": "accumulator"}]},
                                   [1, 2]]})",
                    list),
            Failure::too_many_steps);
}

TEST(Logic, DoesNotWalkValuesNestedWithoutBound) {
  std::string list = "[0";
  for (int i = 0; i < 500; ++i) list += ",0";
  list += "]";
  const std::string nested = R"({"reduce": [{"var": ""}, [{"var": "accumulator"}], 0]})";

  EXPECT_EQ(failure(R"({"cat": [)" + nested + "]}", list), Failure::too_deep);

  const ProgramPtr program = compiled(json::parse(nested).value());
  const json::value input = json::parse(list).value();
  Interpreter run(Bucketing::v2);
  const Value result = run.evaluate(*program, Value::of(input));
  EXPECT_EQ(run.failure(), Failure::none);
  (void)to_json(result, run.meter());
  EXPECT_EQ(run.failure(), Failure::too_deep);
}

TEST(Logic, TellsEachStepWhenAsked) {
  const json::value rule = json::parse(R"({"if": [{"==": [{"var": "a"}, 1]}, "yes", {"!": true}]})").value();
  const json::value data = json::parse(R"({"a": 1})").value();
  Issues issues;
  const ProgramPtr program = compile(rule, "/targeting", {}, {}, issues);
  Interpreter run(Bucketing::v2);
  Trace trace;

  EXPECT_EQ(run.evaluate(*program, Value::of(data), &trace).text(), "yes");

  const auto& steps = trace.steps();
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_FALSE(trace.is_cut());
  EXPECT_EQ(steps[0].pointer, "/targeting/if/0/==/0");
  EXPECT_EQ(steps[0].operation, "var");
  EXPECT_EQ(steps[0].depth, 2U);
  EXPECT_EQ(steps[0].result, 1);
  EXPECT_EQ(steps[1].pointer, "/targeting/if/0");
  EXPECT_EQ(steps[1].operation, "==");
  EXPECT_EQ(steps[1].result, true);
  EXPECT_EQ(steps[2].pointer, "/targeting");
  EXPECT_EQ(steps[2].operation, "if");
  EXPECT_EQ(steps[2].depth, 0U);
  EXPECT_EQ(steps[2].result, "yes");
}

TEST(Logic, ATraceLeadsIntoSharedRules) {
  Issues issues;
  const Evaluators shared =
      compile_evaluators(json::parse(R"({"eu": {"in": [{"var": "r"}, ["de"]]}})").value().as_object(),
                         "/$evaluators", {}, issues);
  const ProgramPtr program =
      compile(json::parse(R"({"!": [{"$ref": "eu"}]})").value(), "/targeting", finder(shared), {}, issues);
  ASSERT_NE(program, nullptr);
  Interpreter run(Bucketing::v2);
  Trace trace;
  const json::value data = json::parse(R"({"r": "de"})").value();

  EXPECT_FALSE(run.evaluate(*program, Value::of(data), &trace).boolean());

  const auto& steps = trace.steps();
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[0].pointer, "/$evaluators/eu/in/0");
  EXPECT_EQ(steps[0].shared_rule, "eu");
  EXPECT_EQ(steps[1].pointer, "/$evaluators/eu");
  EXPECT_EQ(steps[1].shared_rule, "eu");
  EXPECT_EQ(steps[2].operation, "$ref");
  EXPECT_EQ(steps[2].pointer, "/targeting/!/0");
  EXPECT_EQ(steps[2].shared_rule, "");
}

}  // namespace
}  // namespace togglecast::domain::evaluation
