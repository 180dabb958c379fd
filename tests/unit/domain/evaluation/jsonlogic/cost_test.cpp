// No rule takes long or much memory: each operator charges for the bytes and elements that it touches, and
// the allowance ends before an evaluation takes a millisecond (bench/evaluation has the times).
#include <gmock/gmock.h>

#include <set>
#include <string>

#include "domain/evaluation/jsonlogic/operations.hpp"
#include "unit/domain/evaluation/hostile_rules.hpp"
#include "unit/wire/allocation_meter.hpp"

namespace togglecast::domain::evaluation {
namespace {

using testing::hostile_attributes;
using testing::repeated;
using testing::repeated_by_list;
using testing::with_constants;

struct Cost {
  std::size_t steps = 0;
  std::size_t bytes = 0;  ///< of memory
  Failure failure = Failure::none;
};

Cost cost_of(const json::value& rule, const json::object& attributes, Strictness strictness) {
  Issues issues;
  const ProgramPtr program = compile(rule, "", {}, {strictness}, issues);
  if (program == nullptr) {  // constants may make a rule too large
    EXPECT_EQ(strictness, Strictness::as_evaluator) << issues.front().reason;
    return {};
  }
  Root root;
  root.client = &attributes;
  root.targeting_key = "client";
  root.flag_key = "flag";
  const test::AllocationMeter memory;
  Interpreter run(Bucketing::v2);
  (void)run.evaluate(*program, Value(root));
  return {run.meter().spent(), memory.bytes(), run.failure()};
}

const json::array& cases() {
  static const json::value kFile = testing::vectors("hostile.json");
  return kFile.at("cases").as_array();
}

TEST(Cost, EveryOperatorHasAHostileRule) {
  std::set<std::string_view> covered;
  for (const json::value& entry : cases()) covered.insert(json::string_or_empty(entry, "operator"));

  for (const Operator& known : operators()) EXPECT_TRUE(covered.contains(known.name)) << known.name;
}

TEST(Cost, EachOperatorChargesForWhatItTouches) {
  constexpr std::size_t kSmall = 1'000;
  constexpr std::size_t kLarge = 8'000;
  for (const json::value& entry : cases()) {
    const json::value& rule = entry.at("rule");
    const Cost small = cost_of(rule, hostile_attributes(kSmall), Strictness::as_schema);
    const Cost large = cost_of(rule, hostile_attributes(kLarge), Strictness::as_schema);

    if (json::find(entry, "constant") != nullptr) {
      EXPECT_EQ(large.steps, small.steps) << json::serialize(rule);
      continue;
    }
    // A list of texts is looked at in larger pieces.
    const bool in_texts = json::serialize(rule).find("texts") != std::string::npos;
    EXPECT_GE(large.steps, small.steps + (kLarge - kSmall) / (in_texts ? 512 : kBytesPerStep))
        << json::serialize(rule);
  }
}

TEST(Cost, NoRuleTakesMoreThanItsAllowanceAndFourMebibytes) {
  constexpr std::size_t kMemory = 4 * 1'024 * 1'024;
  const json::object attributes = hostile_attributes(1'500);  // together about as large as accepted
  const json::object huge = hostile_attributes(200'000);      // in the rule itself
  for (const json::value& entry : cases()) {
    const json::value& rule = entry.at("rule");
    const Cost costs[] = {
        cost_of(repeated(rule), attributes, Strictness::as_schema),
        cost_of(with_constants(rule, huge), attributes, Strictness::as_evaluator),
        cost_of(repeated_by_list(with_constants(rule, hostile_attributes(15'000))), attributes,
                Strictness::as_evaluator),
    };
    for (const Cost& cost : costs) {
      EXPECT_LE(cost.bytes, kMemory) << json::serialize(rule);
      EXPECT_LE(cost.steps, kMaxSteps) << json::serialize(rule);
      EXPECT_THAT(cost.failure, ::testing::AnyOf(Failure::none, Failure::too_many_steps, Failure::too_deep))
          << json::serialize(rule);
    }
  }
}

TEST(Cost, AFailureHasAReason) {
  const json::object attributes = hostile_attributes(7'000);
  const json::value rule =
      repeated(*json::parse(R"({"sem_ver": [{"var": "client.version"}, "=", "1.0.0"]})"));
  Issues issues;
  const ProgramPtr program = compile(rule, "", {}, {}, issues);
  ASSERT_NE(program, nullptr);
  Root root;
  root.client = &attributes;
  Interpreter run(Bucketing::v2);

  EXPECT_TRUE(run.evaluate(*program, Value(root)).is_undefined());

  EXPECT_EQ(run.failure(), Failure::too_many_steps);
  EXPECT_THAT(run.message(), ::testing::HasSubstr("too many steps"));
}

TEST(Cost, OrdinaryRulesAreFarFromTheAllowance) {
  json::array users;
  for (int i = 0; i < 20'000; ++i)
    users.push_back(json::value("user-" + std::to_string(100'000 + i) + "@example.com"));
  const json::value rule =
      json::object{{"in", json::array{json::object{{"var", "client.email"}}, std::move(users)}}};
  const json::object attributes{{"email", "user-119999@example.com"}};

  const Cost cost = cost_of(rule, attributes, Strictness::as_schema);

  EXPECT_EQ(cost.failure, Failure::none);
  EXPECT_LT(cost.steps, kMaxSteps / 4);
}

TEST(Cost, ASharedRuleThatIsUsedAThousandTimesIsNotedOnce) {
  json::array paths;
  for (int i = 0; i < 5'000; ++i)
    paths.push_back(json::value("a.path.that.is.rather.long." + std::to_string(i)));
  json::array arguments;  // braces around one array are a copy of it to some compilers
  arguments.emplace_back(std::move(paths));
  Issues issues;
  const ProgramPtr shared = compile(json::object{{"missing", std::move(arguments)}}, "", {}, {}, issues);
  ASSERT_NE(shared, nullptr);
  const json::value rule = json::object{{"and", json::array(1'000, json::object{{"$ref", "shared"}})}};

  const test::AllocationMeter memory;
  const ProgramPtr program = compile(
      rule, "", [&](std::string_view) { return shared; }, {}, issues);
  const std::size_t taken = memory.bytes();

  ASSERT_NE(program, nullptr);
  EXPECT_EQ(program->reads().paths.size(), 5'000U);
  EXPECT_LE(taken, 4U * 1'024 * 1'024);
}

TEST(Cost, ASearchIsLinear) {
  Meter meter(kMaxSteps);
  std::pmr::monotonic_buffer_resource memory;
  const Workspace work{memory, meter};
  const std::string text(4'000, 'a');

  EXPECT_TRUE(contains_text(text, std::string(2'000, 'a'), work));
  EXPECT_FALSE(contains_text(text, std::string(2'000, 'a') + "b", work));
  EXPECT_LT(meter.spent(), 1'100U);

  EXPECT_TRUE(contains_text("abababac", "abac", work));
  EXPECT_TRUE(contains_text("aabaaabaaac", "aabaaac", work));
  EXPECT_FALSE(contains_text("aabaaabaaa", "aabaaac", work));
  EXPECT_TRUE(contains_text("abc", "", work));
  EXPECT_FALSE(contains_text("", "a", work));
}

TEST(Cost, ATraceHasOneBudgetOfBytes) {
  const json::value rule = repeated(*json::parse(R"({"var": "client.text"})"));
  const json::object attributes = hostile_attributes(6'000);
  Issues issues;
  const ProgramPtr program = compile(rule, "/targeting", {}, {}, issues);
  ASSERT_NE(program, nullptr);
  Root root;
  root.client = &attributes;
  Interpreter run(Bucketing::v2);
  Trace trace;

  const test::AllocationMeter memory;
  (void)run.evaluate(*program, Value(root), &trace);
  const std::size_t taken = memory.bytes();

  EXPECT_TRUE(trace.is_cut());
  EXPECT_GT(trace.steps().size(), 30U);
  std::size_t bytes = 0;
  for (const Step& step : trace.steps())
    bytes += step.pointer.size() + step.operation.size() + json::serialize(step.result).size();
  EXPECT_LE(bytes, kMaxTraceBytes);
  EXPECT_LE(taken, 4U * 1'024 * 1'024);
}

TEST(Cost, ATraceCountsTextsAsTheyAreWritten) {
  Trace trace;
  const std::string text(20'000, '\x01');  // six bytes each in JSON
  trace.add({"", "var", "", 0, {}}, Value(std::string_view(text)));
  trace.add({"", "var", "", 0, {}}, Value(std::string_view(text)));
  trace.add({"", "var", "", 0, {}}, Value(std::string_view(text)));
  trace.add({"", "var", "", 0, {}}, Value(true));

  EXPECT_TRUE(trace.is_cut());
  EXPECT_EQ(trace.steps().size(), 2U) << "nothing follows a step that is left out";
}

}  // namespace
}  // namespace togglecast::domain::evaluation
