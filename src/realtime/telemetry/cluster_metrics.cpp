#include "realtime/telemetry/cluster_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "delivery/collect.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::size_t kMembers = 10;

std::optional<Series> read_series(const json::value& given) {
  if (!given.is_array() || given.get_array().size() < kMembers) return std::nullopt;
  const auto& parts = given.get_array();
  const auto client = domain::integer_in(parts[0]);
  const auto count = domain::integer_in(parts[3]);
  const auto last_at = domain::integer_in(parts[8]);
  const auto heard_at = domain::integer_in(parts[9]);
  if (!client || !count || *count < 0 || !last_at || !heard_at || !parts[1].is_string() ||
      !parts[2].is_string())
    return std::nullopt;
  for (std::size_t i = 4; i < 8; ++i)
    if (!parts[i].is_number() || !std::isfinite(parts[i].to_number<double>())) return std::nullopt;
  Series one;
  one.client = *client;
  one.name = std::string(parts[1].get_string());
  one.labels = std::string(parts[2].get_string());
  one.count = static_cast<std::uint64_t>(*count);
  one.sum = parts[4].to_number<double>();
  one.least = parts[5].to_number<double>();
  one.most = parts[6].to_number<double>();
  one.last = parts[7].to_number<double>();
  one.last_at = {*last_at};
  one.heard_at = {*heard_at};
  return one;
}

}  // namespace

json::object to_wire(std::vector<Series> all, std::size_t most) {
  std::stable_sort(all.begin(), all.end(),
                   [](const Series& a, const Series& b) { return a.count > b.count; });
  if (all.size() > most) all.resize(most);
  json::array series;
  for (const Series& one : all)
    series.push_back(json::array{one.client, one.name, one.labels, one.count, one.sum, one.least, one.most,
                                 one.last, one.last_at.value, one.heard_at.value});
  return {{"series", std::move(series)}};
}

std::vector<Series> series_in(const json::object& body) {
  std::vector<Series> all;
  const auto* given = body.if_contains("series");
  if (given == nullptr || !given->is_array()) return all;
  for (const json::value& one : given->get_array())
    if (auto read = read_series(one)) all.push_back(*std::move(read));
  return all;
}

ClusterMetrics::ClusterMetrics(net::ShardPool& shards, const std::vector<ReportedMetrics>& reported,
                               nodes::Nodes* nodes)
    : shards_(shards), reported_(reported), nodes_(nodes) {
  if (nodes_ == nullptr) return;
  nodes_->courier().answer(
      "metrics", [this](const json::object& question, const nodes::Courier::Answer& answer) {
        const json::value asked(question);
        find_here(std::string(json::string_or_empty(asked, "environment")),
                  [answer](std::vector<Series> series) { answer(to_wire(std::move(series), kMostSeries)); });
      });
}

void ClusterMetrics::find_here(const std::string& environment,
                               std::function<void(std::vector<Series>)> done) const {
  delivery::collect_from_shards<std::vector<Series>>(
      shards_,
      [this, environment](const net::Shard& shard, const std::function<void(std::vector<Series>)>& answer) {
        answer(reported_[shard.index()].of(environment));
      },
      [done = std::move(done)](std::vector<std::vector<Series>> parts) {
        std::vector<Series> all;
        for (auto& part : parts) std::move(part.begin(), part.end(), std::back_inserter(all));
        done(std::move(all));
      });
}

void ClusterMetrics::find(const std::string& environment, std::function<void(Found)> done) const {
  find_here(environment, [this, environment, done = std::move(done)](std::vector<Series> own) {
    if (nodes_ == nullptr || nodes_->size() == 1) return done({std::move(own), {}});
    nodes_->ask_others("metrics", {{"environment", environment}},
                       [own = std::move(own), done](nodes::Courier::Answers answers) mutable {
                         for (const auto& [node, body] : answers.from) {
                           auto there = series_in(body);
                           std::move(there.begin(), there.end(), std::back_inserter(own));
                         }
                         done({std::move(own), std::move(answers.missing)});
                       });
  });
}

}  // namespace togglecast::realtime
