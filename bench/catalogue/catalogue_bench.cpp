// A catalogue of 10,000 clients, 1,000 features and 50 packages: made out of what is stored, and changed.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "domain/state/impact.hpp"
#include "domain/views/sliced_view.hpp"

namespace togglecast::domain {
namespace {

constexpr Id kFeatures = 1'000;
constexpr Id kPackages = 50;
constexpr Id kClients = 10'000;
constexpr Id kPerPackage = 200;

json::value body_of(Id id, json::object members) {
  members["id"] = id;
  members["revision"] = 1;
  members["created_at"] = members["updated_at"] = "2026-11-23T08:00:00.000Z";
  return members;
}

std::vector<StoredEntity> stored() {
  std::vector<StoredEntity> entities;
  const auto rule = json::parse(R"({"if": [{"and": [
      {"==": [{"var": "client.tier"}, "gold"]}, {">=": [{"var": "age"}, 18]},
      {"in": [{"var": "region"}, ["de", "fr", "pl"]]}]}, "on", {"fractional": [["on", 20], ["off", 80]]}]})")
                        .value();
  for (Id id = 1; id <= kFeatures; ++id) {
    json::object feature{{"key", "feature-" + std::to_string(id)},
                         {"name", "Feature"},
                         {"state", "ENABLED"},
                         {"variants", {{"on", true}, {"off", false}}},
                         {"defaultVariant", "off"}};
    if (id % 3 != 0) feature["targeting"] = rule;
    if (id % 5 == 0) feature["requires"] = json::array{id - 1};
    entities.push_back({Kind::feature, id, body_of(id, std::move(feature))});
  }
  for (Id id = 1; id <= kPackages; ++id) {
    json::array features;
    for (Id i = 0; i < kPerPackage; ++i)
      features.push_back(json::object{{"feature_id", (id * 17 + i) % kFeatures + 1}});
    entities.push_back({Kind::package, id,
                        body_of(id, {{"key", "package-" + std::to_string(id)},
                                     {"name", "Package"},
                                     {"price", {{"amount", 4900}, {"currency", "EUR"}}},
                                     {"billing_period", "monthly"},
                                     {"available", true},
                                     {"features", std::move(features)},
                                     {"platforms", json::array{}}})});
  }
  for (Id id = 1; id <= kClients; ++id) {
    json::object client{{"key", "client-" + std::to_string(id)},
                        {"name", "Client"},
                        {"active", true},
                        {"attributes", {{"tier", id % 2 == 0 ? "gold" : "silver"}, {"seats", id % 100}}},
                        {"package_id", id % kPackages + 1},
                        {"overrides", json::array{}}};
    if (id % 10 == 0)
      client["overrides"] = json::array{json::object{{"feature_id", id % kFeatures + 1}, {"value", true}}};
    entities.push_back({Kind::client, id, body_of(id, std::move(client))});
  }
  return entities;
}

SnapshotPtr catalogue() {
  static const SnapshotPtr made = assemble("production", Head{}, stored()).value();
  return made;
}

// As at a start, once the bodies have been read.
void making_the_state(benchmark::State& state) {
  const auto entities = stored();
  for (auto _ : state) benchmark::DoNotOptimize(assemble("production", Head{}, entities).value());
}
BENCHMARK(making_the_state)->Unit(benchmark::kMillisecond);

LogRow switched_off(const Snapshot& from, Id feature) {
  json::value after = from.body(Kind::feature, feature);
  after.as_object()["state"] = "DISABLED";
  after.as_object()["enabled"] = false;
  const Change change{from.revision(), {{Kind::feature, feature, from.body(Kind::feature, feature), after}}};
  return make_row(from.environment(), from.head(), {from.as_of().value + 1'000}, {{"id", 1}}, change).value();
}

void changing_one_feature(benchmark::State& state) {
  const auto before = catalogue();
  const auto row = switched_off(*before, 500);
  for (auto _ : state) benchmark::DoNotOptimize(apply(*before, row.change, row.head).value());
}
BENCHMARK(changing_one_feature)->Unit(benchmark::kMicrosecond);

void finding_whom_it_concerns(benchmark::State& state) {
  const auto before = catalogue();
  const auto row = switched_off(*before, 500);
  const auto after = apply(*before, row.change, row.head).value();
  for (auto _ : state) benchmark::DoNotOptimize(impact_of(*before, *after, row.change));
}
BENCHMARK(finding_whom_it_concerns)->Unit(benchmark::kMicrosecond);

void whole_view_of_a_client(benchmark::State& state) {
  const auto snapshot = catalogue();
  const auto client = snapshot->find<Client>(4'321);
  const auto context = std::make_shared<const json::object>(json::object{{"age", 31}, {"region", "pl"}});
  evaluation::Unhurried turn;
  std::int64_t bytes = 0;
  for (auto _ : state) {
    FullView view({snapshot, client, context});
    (void)view.run(turn);
    bytes += static_cast<std::int64_t>(view.take().size());
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(whole_view_of_a_client)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace togglecast::domain

BENCHMARK_MAIN();
