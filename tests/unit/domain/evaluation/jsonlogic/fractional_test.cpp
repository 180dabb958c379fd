#include "domain/evaluation/jsonlogic/fractional.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "domain/evaluation/flag.hpp"
#include "domain/evaluation/jsonlogic/murmur3.hpp"
#include "domain/evaluation/jsonlogic/sem_ver.hpp"
#include "unit/domain/evaluation/vectors.hpp"

namespace togglecast::domain::evaluation {
namespace {

json::value put(const json::value& first, const json::value& weights, Bucketing bucketing,
                const Root& root = {}) {
  std::vector<Value> arguments;
  if (!first.is_null()) arguments.push_back(Value::of(first));
  for (const json::value& weight : weights.as_array()) arguments.push_back(Value::of(weight));
  std::pmr::monotonic_buffer_resource memory;
  Meter meter(kMaxSteps);
  return to_json(fractional(arguments, Value(root), bucketing, {memory, meter}), meter);
}

TEST(Murmur3, HashesAsTheReference) {
  const json::value file = testing::vectors("fractional.json");
  for (const json::value& vector : file.at("hashes").as_array()) {
    EXPECT_EQ(murmur3(std::string_view(vector.at("text").as_string())),
              vector.at("hash").to_number<std::uint32_t>())
        << vector.at("text");
  }
}

TEST(Fractional, PutsTextsIntoTheBucketsOfEachGeneration) {
  const json::value file = testing::vectors("fractional.json");
  for (const json::value& vector : file.at("texts").as_array()) {
    EXPECT_EQ(put(vector.at("text"), vector.at("weights"), Bucketing::v1), vector.at("v1")) << vector;
    EXPECT_EQ(put(vector.at("text"), vector.at("weights"), Bucketing::v2), vector.at("v2")) << vector;
  }
}

TEST(Fractional, UsesFlagKeyAndTargetingKeyByDefault) {
  const json::value file = testing::vectors("fractional.json");
  for (const json::value& vector : file.at("flags").as_array()) {
    Root root;
    root.flag_key = vector.at("flag").as_string();
    root.targeting_key = vector.at("targeting_key").as_string();

    EXPECT_EQ(put(nullptr, vector.at("weights"), Bucketing::v1, root), vector.at("v1")) << vector;
    EXPECT_EQ(put(nullptr, vector.at("weights"), Bucketing::v2, root), vector.at("v2")) << vector;
  }
}

TEST(Fractional, IsNullWithoutATextToPut) {
  const json::value weights = json::parse(R"([["a", 1], ["b", 1]])").value();
  Root root;
  root.flag_key = "flag";

  EXPECT_EQ(put(nullptr, weights, Bucketing::v2, root), nullptr);
  EXPECT_EQ(put(5, weights, Bucketing::v2, root), nullptr);
}

TEST(Fractional, IsNullWhenTheDistributionIsNone) {
  EXPECT_EQ(put("x", json::parse(R"([["a", 0], ["b", 0]])").value(), Bucketing::v2), nullptr);
  EXPECT_EQ(put("x", json::parse(R"([["a", 1.5]])").value(), Bucketing::v2), nullptr);
  EXPECT_EQ(put("x", json::parse(R"([["a", "1"]])").value(), Bucketing::v2), nullptr);
  EXPECT_EQ(put("x", json::parse(R"([[], ["a", 1]])").value(), Bucketing::v2), nullptr);
  EXPECT_EQ(put("x", json::parse(R"([[["a"], 1]])").value(), Bucketing::v2), nullptr);
  EXPECT_EQ(put("x", json::parse(R"([["a", 2147483647], ["b", 1]])").value(), Bucketing::v2), nullptr);
  EXPECT_EQ(put("x", json::parse(R"([["a", 2147483647]])").value(), Bucketing::v2), "a");
  EXPECT_EQ(put("x", json::array{}, Bucketing::v2), nullptr);
}

TEST(Fractional, NegativeWeightsCountForNothing) {
  EXPECT_EQ(put("x", json::parse(R"([["a", -50], ["b", 1]])").value(), Bucketing::v2), "b");
}

TEST(Fractional, SplitsInProportionToTheWeights) {
  const json::value weights = json::parse(R"([["a", 10], ["b", 30], ["c"], ["d", 59]])").value();
  std::map<json::string, int> found;
  for (int i = 0; i < 100'000; ++i) {
    found[put(json::value("user-" + std::to_string(i)), weights, Bucketing::v2).as_string()]++;
  }

  EXPECT_NEAR(found["a"], 10'000, 500);
  EXPECT_NEAR(found["b"], 30'000, 500);
  EXPECT_NEAR(found["c"], 1'000, 200);
  EXPECT_NEAR(found["d"], 59'000, 500);
}

TEST(Bucketing, IsStoredByItsName) {
  EXPECT_EQ(parse_bucketing(to_string(Bucketing::v1)), Bucketing::v1);
  EXPECT_EQ(parse_bucketing(to_string(Bucketing::v2)), Bucketing::v2);
  EXPECT_EQ(parse_bucketing("v3"), std::nullopt);
}

TEST(SemVer, ComparesAsFlagd) {
  const json::value file = testing::vectors("sem_ver.json");
  for (const json::value& vector : file.as_array()) {
    const json::value rule = {
        {"sem_ver", {vector.at("version"), vector.at("operator"), vector.at("target")}}};
    Issues issues;
    const ProgramPtr program = compile(rule, "", {}, {Strictness::as_evaluator}, issues);
    Interpreter run(Bucketing::v2);

    EXPECT_EQ(to_json(run.evaluate(*program, Value()), run.meter()), vector.at("result")) << vector;
  }
}

}  // namespace
}  // namespace togglecast::domain::evaluation
