// Flags: what is refused, what is answered, and that answering takes no memory.
#include "domain/evaluation/flag.hpp"

#include <gmock/gmock.h>

#include "domain/evaluation/flag_file.hpp"
#include "unit/domain/evaluation/vectors.hpp"
#include "unit/wire/allocation_meter.hpp"

namespace togglecast::domain::evaluation {
namespace {

using ::testing::ElementsAreArray;
using testing::member;

std::vector<std::string> pointers(const Issues& issues) {
  std::vector<std::string> out;
  for (const FieldIssue& issue : issues) out.push_back(issue.pointer);
  return out;
}

TEST(FlagDefinitions, EveryRejectedPlaceIsNamed) {
  const json::value file = testing::vectors("rejected.json");
  for (const json::value& vector : file.as_array()) {
    json::value flag = member(vector, "flag");
    if (const json::value* targeting = json::find(vector, "targeting")) {
      flag = {{"state", "ENABLED"}, {"variants", {{"a", 1}}}, {"targeting", *targeting}};
    }
    Issues issues;

    auto definition = read_flag(flag, "", Strictness::as_schema, issues);
    if (definition) Flag("key", std::move(*definition), {}, {}, "", &issues);

    std::vector<std::string> expected;
    for (const json::value& pointer : vector.at("issues").as_array())
      expected.emplace_back(pointer.as_string());
    EXPECT_THAT(pointers(issues), ElementsAreArray(expected)) << vector.at("name");
  }
}

TEST(FlagDefinitions, ComeBackAsTheyWereWritten) {
  const json::value written = json::parse(R"({"state": "DISABLED", "variants": {"a": {"x": [1]}, "b": {}},
      "defaultVariant": "b", "targeting": {"var": "a"}, "metadata": {"owner": "web"}, "bucketing": "v1"})")
                                  .value();
  Issues issues;
  const auto definition = read_flag(written, "", Strictness::as_schema, issues);
  ASSERT_TRUE(definition);
  json::object again;
  write_flag(again, *definition);

  EXPECT_EQ(json::canonical(again), json::canonical(written));
}

TEST(FlagDefinitions, NewFlagsGetTheNewestBucketing) {
  Issues issues;
  const auto definition = read_flag(json::parse(R"({"state": "ENABLED", "variants": {"a": 1}})").value(), "",
                                    Strictness::as_schema, issues);

  EXPECT_EQ(definition->bucketing, Bucketing::v2);
  EXPECT_EQ(definition->default_variant, std::nullopt);
}

TEST(Flags, AnswerAsFlagdDoes) {
  const json::value file = testing::vectors("flags.json");
  const auto flags = read_flag_file(file.at("document"), Strictness::as_evaluator);
  ASSERT_TRUE(flags);

  for (const json::value& vector : file.at("cases").as_array()) {
    const Flag* flag = flags->find(vector.at("flag").as_string());
    ASSERT_NE(flag, nullptr) << vector;
    const json::value context = member(vector, "context");
    const json::value client = member(vector, "client");
    const json::value now = member(vector, "now");
    const json::value key = member(vector, "targeting_key");
    Root root;
    root.context = context.if_object();
    root.client = client.if_object();
    root.targeting_key = key.is_string() ? std::string_view(key.get_string()) : std::string_view{};
    root.timestamp = (now.is_null() ? file.at("now") : now).as_int64();

    const Resolution resolution = flag->evaluate(root);

    EXPECT_EQ(to_string(resolution.reason), std::string_view(vector.at("reason").as_string())) << vector;
    EXPECT_EQ(resolution.variant == nullptr ? json::value(nullptr) : json::value(resolution.variant->name),
              vector.at("variant"))
        << vector;
    if (resolution.value() != nullptr) {
      EXPECT_EQ(*resolution.value(), vector.at("value")) << vector;
    }
    EXPECT_EQ(to_string(resolution.error), json::string_or_empty(vector, "error")) << vector;
    EXPECT_EQ(resolution.message.empty(), resolution.error == ErrorCode::none) << vector;
  }
}

Flag stored(std::string_view targeting) {
  json::value definition =
      json::parse(R"({"state": "ENABLED", "variants": {"a": "x", "b": "y"}, "defaultVariant": "a"})").value();
  definition.as_object()["targeting"] = json::parse(targeting).value();
  Issues issues;
  return Flag("f", *read_flag(definition, "", Strictness::as_evaluator, issues), {});
}

TEST(Flags, ASharedRuleThatIsGoneMakesOnlyWhatReadsItAnError) {
  const Flag flag = stored(R"({"if": [{"var": "beta"}, "b", {"$ref": "gone"}, "b"]})");
  const json::value beta = json::parse(R"({"beta": true})").value();
  Root root;
  root.context = &beta.get_object();

  EXPECT_FALSE(flag.is_whole());
  EXPECT_EQ(flag.evaluate(root).reason, Reason::targeting_match);
  const Resolution failed = flag.evaluate({});
  EXPECT_EQ(failed.error, ErrorCode::parse_error);
  EXPECT_EQ(failed.message, R"(there is no valid shared rule "gone")");
}

TEST(Flags, AMessageShowsALongAnswerByItsKind) {
  const json::value beta = {{"text", std::string(3'000, 'x')}, {"list", json::array(500)}};
  Root root;
  root.context = &beta.get_object();

  EXPECT_EQ(stored(R"({"var": "text"})").evaluate(root).message,
            "targeting answered a text of 3000 bytes, which is no variant");
  EXPECT_EQ(stored(R"({"var": "list"})").evaluate(root).message,
            "targeting answered a list of 500, which is no variant");
  EXPECT_EQ(stored(R"("none")").evaluate(root).message, R"(targeting answered "none", which is no variant)");
}

TEST(Flags, ARuleThatDoesTooMuchIsAnError) {
  const Flag flag = stored(R"({"if": [{"in": [{"var": "part"}, {"var": "text"}]}, "b"]})");
  const auto of_length = [&](std::size_t bytes) {
    const json::value context = {{"text", std::string(2 * bytes, 'x')},
                                 {"part", std::string(bytes, 'x') + "y"}};
    Root root;
    root.context = &context.get_object();
    return flag.evaluate(root);
  };

  EXPECT_EQ(of_length(100).reason, Reason::by_default);
  const Resolution failed = of_length(1'000'000);
  EXPECT_EQ(failed.reason, Reason::error);
  EXPECT_EQ(failed.error, ErrorCode::general);
  EXPECT_EQ(failed.variant, nullptr);
  EXPECT_EQ(failed.message,
            "the rule took too many steps: it does too much, or with too long texts or lists");
}

TEST(Flags, AWholeFileIsRefusedWithAllThatIsWrong) {
  const auto refused = read_flag_file(json::parse(R"({"metadata": {"a": []}, "$evaluators": {"e": {"bad": 1}},
      "flags": [{"key": "x", "state": "ENABLED", "variants": {"a": 1}, "targeting": {"if": [{"$ref": "e"}, "a"]}},
                {"key": "x", "state": "ENABLED", "variants": {"a": 1}}, {"state": "ENABLED", "variants": {"a": 1}}]})")
                                          .value(),
                                      Strictness::as_schema);

  ASSERT_FALSE(refused);
  EXPECT_THAT(pointers(refused.error().details),
              ::testing::ElementsAre("/metadata/a", "/$evaluators/e", "/flags/0/targeting/if/0", "/flags/1",
                                     "/flags/2"));
}

TEST(Flags, ATypeThatIsNotTheFlagsIsAMismatch) {
  Issues issues;
  const Flag flag(
      "f",
      *read_flag(
          json::parse(R"({"state": "ENABLED", "variants": {"a": "x"}, "defaultVariant": "a"})").value(), "",
          Strictness::as_schema, issues),
      {});

  EXPECT_EQ(as_type(flag.evaluate({}), FlagType::text).error, ErrorCode::none);
  EXPECT_EQ(as_type(flag.evaluate({}), FlagType::boolean).error, ErrorCode::type_mismatch);
}

TEST(Flags, ABooleanAnswerTakesNoMemory) {
  const auto file = read_flag_file(
      json::parse(
          R"({"$evaluators": {"eu": {"in": [{"var": "client.region"}, ["de", "fr", "pl"]]}}, "flags": {"f": {
          "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
          "targeting": {"if": [{"and": [{"$ref": "eu"},
              {"sem_ver": [{"var": "app.version"}, ">=", "2.1.0"]},
              {">=": [{"var": "client.seats"}, 10]},
              {"<": [{"var": "$flagd.timestamp"}, 1900000000]},
              {"ends_with": [{"var": "user.email"}, "@example.com"]}]},
            {"fractional": [["on", 100], ["off", 0]]}, null]}}}})")
          .value(),
      Strictness::as_schema);
  ASSERT_TRUE(file);
  const Flag& flag = *file->flags.front();
  const json::value context =
      json::parse(
          R"({"app": {"version": "2.4.0"}, "user": {"email": "somebody.with.a.long.name@example.com"}})")
          .value();
  const json::value client = json::parse(R"({"region": "fr", "seats": 25})").value();
  Root root;
  root.context = &context.get_object();
  root.client = &client.get_object();
  root.targeting_key = "client-with-a-rather-long-key-0001";
  root.timestamp = 1'750'000'000;

  const test::AllocationMeter allocations;
  const Resolution resolution = flag.evaluate(root);
  const std::size_t count = allocations.count();

  EXPECT_EQ(resolution.reason, Reason::split);
  EXPECT_EQ(*resolution.value(), true);
  EXPECT_EQ(count, 0U);
}

TEST(Flags, AShareOfTheClientsIsToldFromARuleAboutThem) {
  const Flag flag = stored(R"({"if": [{"var": "beta"}, "b", {"fractional": [["a", 1], ["a", 1]]}]})");
  const json::value beta = json::parse(R"({"beta": true})").value();
  Root root;
  root.targeting_key = "client-1";

  EXPECT_EQ(flag.evaluate(root).reason, Reason::split);
  root.context = &beta.get_object();
  EXPECT_EQ(flag.evaluate(root).reason, Reason::targeting_match);
  EXPECT_EQ(stored(R"({"if": [{"fractional": [["a", 1], ["b", 1]]}, "none"]})").evaluate(root).reason,
            Reason::error);
  EXPECT_EQ(to_string(Reason::split), "SPLIT");
}

TEST(Flags, ALargeTextDoesTakeMemoryAndIsCounted) {
  Issues issues;
  const Flag flag("f",
                  *read_flag(json::parse(R"({"state": "ENABLED", "variants": {"a": "x"},
                      "targeting": {"if": [{"==": [{"cat": [{"var": "t"}, {"var": "t"}]}, ""]}, "a"]}})")
                                 .value(),
                             "", Strictness::as_schema, issues),
                  {});
  json::object context;
  context["t"] = std::string(2'000, 'x');
  Root root;
  root.context = &context;

  const test::AllocationMeter allocations;
  const Resolution resolution = flag.evaluate(root);
  const std::size_t count = allocations.count();

  EXPECT_EQ(resolution.reason, Reason::by_default);
  EXPECT_GT(count, 1U);  // the text, and its copy that the evaluation keeps
}

}  // namespace
}  // namespace togglecast::domain::evaluation
