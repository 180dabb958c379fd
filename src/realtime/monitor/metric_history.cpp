#include "realtime/monitor/metric_history.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "delivery/collect.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::realtime {
namespace {

std::int64_t integer_of(const json::object& from, std::string_view member) {
  const auto* found = from.if_contains(member);
  return found == nullptr ? 0 : domain::integer_in(*found).value_or(0);
}

}  // namespace

MetricHistory::MetricHistory(net::ShardPool& shards, changes::WorkerPool& workers, const Clock& clock,
                             nodes::Nodes* nodes)
    : shards_(shards), workers_(workers), clock_(clock), nodes_(nodes), kept_(shards.size()) {
  if (nodes_ == nullptr) return;
  nodes_->courier().answer("metric_history", [this](const json::object& question,
                                                    const nodes::Courier::Answer& answer) {
    const json::value asked(question);
    find_here(std::string(json::string_or_empty(asked, "environment")), integer_of(question, "since"),
              integer_of(question, "until"), [answer](const MetricSpans& spans) { answer(to_wire(spans)); });
  });
}

void MetricHistory::add(const net::Shard& shard, const std::string& environment,
                        const std::vector<Sample>& samples) {
  kept_[shard.index()].add(environment, samples, clock_.wall_now());
}

void MetricHistory::find_here(const std::string& environment, std::int64_t since, std::int64_t until,
                              Found done) const {
  delivery::collect_from_shards<MetricSpans>(
      shards_,
      [this, environment, since, until](const net::Shard& shard,
                                        const std::function<void(MetricSpans)>& answer) {
        answer(kept_[shard.index()].of(environment, since, until));
      },
      [done = std::move(done)](std::vector<MetricSpans> parts) {
        MetricSpans all = std::move(parts.front());
        for (std::size_t i = 1; i < parts.size(); ++i) merge(all, parts[i]);
        done(std::move(all));
      });
}

void MetricHistory::read_metrics(const std::string& environment, std::int64_t since, Done done) {
  const std::int64_t now = clock_.wall_now().value / 1'000;
  const bool alone = nodes_ == nullptr || nodes_->size() == 1;
  const std::int64_t until = (alone ? now : now - 1) / ReportedHistory::kSpan * ReportedHistory::kSpan;
  find_here(environment, since, until,
            [this, environment, since, until, alone, done = std::move(done)](MetricSpans own) {
              if (alone) return answer(std::move(own), {}, done);
              nodes_->ask_others(
                  "metric_history", {{"environment", environment}, {"since", since}, {"until", until}},
                  [this, own = std::move(own), done](const nodes::Courier::Answers& answers) mutable {
                    for (const auto& [node, body] : answers.from) merge(own, metric_spans_in(body));
                    answer(std::move(own), answers.missing, done);
                  });
            });
}

void MetricHistory::answer(MetricSpans spans, const std::vector<std::string>& missing,
                           const Done& done) const {
  const bool taken = workers_.submit([spans = std::move(spans), missing, done] {
    json::object body = to_json(spans);
    if (!missing.empty()) body["missing"] = json::array(missing.begin(), missing.end());
    done(std::move(body));
  });
  if (!taken) done(changes::busy("too many reads wait; try again"));
}

}  // namespace togglecast::realtime
