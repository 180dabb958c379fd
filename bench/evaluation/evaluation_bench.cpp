// One decision, and all features of one client: what every push of a change is made of.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/evaluation/decision.hpp"
#include "unit/domain/evaluation/hostile_rules.hpp"

namespace togglecast::domain::evaluation {
namespace {

constexpr std::string_view kThreeConditions = R"({"if": [{"and": [
    {"==": [{"var": "client.tier"}, "gold"]},
    {">=": [{"var": "age"}, 18]},
    {"in": [{"var": "region"}, ["de", "fr", "pl", "it", "es"]]}]}, "on", "off"]})";
constexpr std::string_view kSplit = R"({"fractional": [["on", 20], ["off", 80]]})";
constexpr std::string_view kVersion =
    R"({"if": [{"sem_ver": [{"var": "app.version"}, ">=", "2.1.0"]}, "on"]})";

Flag flag_with(const std::string& key, std::string_view targeting) {
  json::value definition =
      json::parse(R"({"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"})")
          .value();
  if (!targeting.empty()) definition.as_object()["targeting"] = json::parse(targeting).value();
  Issues issues;
  return Flag(key, read_flag(definition, "", Strictness::as_schema, issues).value(), {});
}

class BenchCatalogue final : public Catalogue {
 public:
  [[nodiscard]] const FeatureRules* feature(Id id) const noexcept override {
    const auto found = features.find(id);
    return found == features.end() ? nullptr : found->second.get();
  }
  [[nodiscard]] bool platform_is_on(Id id) const noexcept override { return id <= 6; }

  std::unordered_map<Id, std::unique_ptr<FeatureRules>> features;
};

// A client of a catalogue of that many features: two thirds have targeting, each third one needs a platform,
// each fifth one another feature.
struct Scene {
  explicit Scene(Id count) {
    for (Id id = 1; id <= count; ++id) {
      const std::string_view targeting[] = {"",     kThreeConditions, kThreeConditions,
                                            kSplit, kVersion,         kThreeConditions};
      FeatureRules rules{id, flag_with("feature-" + std::to_string(id), targeting[id % 6]), {}, {}, {}};
      if (id % 3 == 0) rules.platforms = {id % 6 + 1};
      if (id % 5 == 0) rules.required = {id - 1};
      catalogue.features[id] = std::make_unique<FeatureRules>(std::move(rules));
      order.push_back(catalogue.features[id].get());
      plan.features.push_back({id, {}, {}});
    }
    context =
        json::parse(R"({"age": 31, "region": "pl", "app": {"version": "2.4.1"}, "user": "u-17"})").value();
    attributes = json::parse(R"({"tier": "gold", "seats": 40, "since": "2024-01-01"})").value();
    subject.key = "client-0001";
    subject.context = &context.get_object();
    subject.attributes = &attributes.get_object();
    subject.plan = &plan;
    subject.now = {1'750'000'000'000};
  }

  BenchCatalogue catalogue;
  std::vector<const FeatureRules*> order;
  Plan plan;
  json::value context;
  json::value attributes;
  Subject subject;
  DecisionMemo memo;
};

// Times each round for itself: the median says more than the mean on a machine that does other things too.
class Median {
 public:
  explicit Median(benchmark::State& state) : state_(state) {}
  template <typename Work>
  void time(Work work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    rounds_.push_back(
        std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count());
  }
  ~Median() {
    const auto middle = rounds_.begin() + static_cast<std::ptrdiff_t>(rounds_.size() / 2);
    std::nth_element(rounds_.begin(), middle, rounds_.end());
    state_.counters["median_ns"] = *middle;
  }

 private:
  benchmark::State& state_;
  std::vector<double> rounds_;
};

void decision_with_three_conditions(benchmark::State& state) {
  Scene scene(1);
  Decider decider(scene.catalogue, scene.subject, scene.memo);
  Median median(state);
  for (auto _ : state) {
    median.time([&] { benchmark::DoNotOptimize(decider.decide(*scene.order[0]).enabled); });
  }
}
BENCHMARK(decision_with_three_conditions);

void one_flag(benchmark::State& state, std::string_view targeting) {
  const Scene scene(1);
  const Flag flag = flag_with("flag", targeting);
  Root root;
  root.context = scene.subject.context;
  root.client = scene.subject.attributes;
  root.targeting_key = scene.subject.key;
  for (auto _ : state) benchmark::DoNotOptimize(flag.evaluate(root).variant);
}
BENCHMARK_CAPTURE(one_flag, without_targeting, "");
BENCHMARK_CAPTURE(one_flag, three_conditions, kThreeConditions);
BENCHMARK_CAPTURE(one_flag, fractional, kSplit);
BENCHMARK_CAPTURE(one_flag, sem_ver, kVersion);

void all_features_of_one_client(benchmark::State& state) {
  Scene scene(state.range(0));
  Median median(state);
  for (auto _ : state) {
    median.time([&] {
      Decider decider(scene.catalogue, scene.subject, scene.memo);
      for (const FeatureRules* feature : scene.order)
        benchmark::DoNotOptimize(decider.decide(*feature).enabled);
    });
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(all_features_of_one_client)->Arg(1'000)->Unit(benchmark::kMicrosecond);

void compiling_a_rule(benchmark::State& state) {
  const json::value rule = json::parse(kThreeConditions).value();
  for (auto _ : state) {
    Issues issues;
    benchmark::DoNotOptimize(compile(rule, "/targeting", {}, {}, issues));
  }
}
BENCHMARK(compiling_a_rule);

// The longest evaluation that the meter lets pass, for each hostile rule: it must stay below a millisecond.
void worst_case(benchmark::State& state, const json::value& rule, const json::object& attributes) {
  Issues issues;
  const ProgramPtr program = compile(rule, "", {}, {Strictness::as_evaluator}, issues);
  if (program == nullptr) return state.SkipWithError("the rule was refused");
  Root root;
  root.client = &attributes;
  root.targeting_key = "client";
  root.flag_key = "flag";
  std::size_t steps = 0;
  for (auto _ : state) {
    Interpreter run(Bucketing::v2);
    benchmark::DoNotOptimize(run.evaluate(*program, Value(root)));
    steps = run.meter().spent();
  }
  state.counters["steps"] = static_cast<double>(steps);
}

void register_worst_cases() {
  static const json::object kAttributes = testing::hostile_attributes(1'800);
  const json::object short_texts = testing::hostile_attributes(40);
  const json::object long_texts = testing::hostile_attributes(15'000);
  const json::object huge = testing::hostile_attributes(160'000);
  const json::value file = testing::vectors("hostile.json");
  for (const json::value& entry : file.at("cases").as_array()) {
    const json::value& rule = entry.at("rule");
    const auto add = [&](std::string_view way, json::value made) {
      const std::string name = "worst_case/" + std::string(way) + '/' + json::serialize(rule);
      benchmark::RegisterBenchmark(name.c_str(), [made = std::move(made)](benchmark::State& state) {
        worst_case(state, made, kAttributes);
      })->Unit(benchmark::kMicrosecond);
    };
    add("repeated", testing::repeated(rule));
    add("of_short", testing::repeated_by_list(testing::with_constants(rule, short_texts)));
    add("of_long", testing::repeated_by_list(testing::with_constants(rule, long_texts)));
    add("of_huge", testing::with_constants(rule, huge));
  }
}

}  // namespace
}  // namespace togglecast::domain::evaluation

int main(int argc, char** argv) {
  togglecast::domain::evaluation::register_worst_cases();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
