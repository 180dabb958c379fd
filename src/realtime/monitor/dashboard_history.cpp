#include "realtime/monitor/dashboard_history.hpp"

#include <algorithm>
#include <limits>
#include <memory>

#include "domain/schema/ids.hpp"
#include "realtime/monitor/dashboard_series.hpp"

namespace togglecast::realtime {
namespace {

using observe::History;

// How long after the end of a span another node may still sample it: clocks differ, workers are busy.
constexpr std::int64_t kSettleMs = 1'000;

History::Step step_of(bool fine) { return fine ? History::Step::second : History::Step::ten_seconds; }

json::array names(const std::vector<std::string>& missing) {
  return json::array(missing.begin(), missing.end());
}

}  // namespace

DashboardHistory::DashboardHistory(net::ShardPool& shards, Workers workers, const observe::Metrics& metrics,
                                   const Clock& clock, nodes::Nodes* nodes)
    : shards_(shards),
      workers_(workers),
      metrics_(metrics),
      clock_(clock),
      nodes_(nodes),
      history_(kDashboardSeries),
      timer_([this] { sample(); }) {
  if (nodes_ != nullptr) answer_others();
}

void DashboardHistory::answer_others() {
  nodes_->courier().answer("history", [this](const json::object& question,
                                             const nodes::Courier::Answer& answer) {
    const auto* fine = question.if_contains("fine");
    const auto* since = question.if_contains("since");
    const History::Step step = step_of(fine == nullptr || !fine->is_bool() || fine->get_bool());
    const auto from = since == nullptr ? std::nullopt : domain::integer_in(*since);
    const bool taken = workers_.answering.submit([this, step, from, answer] {
      answer(to_wire(history_.series(), history_.read(step, std::max<std::int64_t>(0, from.value_or(0)))));
    });
    (void)taken;  // too busy: the other node names this one as missing
  });
}

void DashboardHistory::start() {
  shards_.at(0).post([this] { shards_.at(0).arm_exactly(timer_, Milliseconds{0}); });
}

// Right after each second of the wall clock, as every node does.
void DashboardHistory::sample() {
  shards_.at(0).arm_exactly(timer_, Milliseconds{1'000 - clock_.wall_now().value % 1'000});
  const bool taken = workers_.sampling.submit([this] {
    history_.sample(metrics_, clock_.wall_now(), clock_.now());
    if (sampled_) shards_.at(0).post(sampled_);
  });
  (void)taken;  // the span has no values then
}

std::int64_t DashboardHistory::settled(History::Step step) const {
  const std::int64_t span = History::seconds_of(step);
  const std::int64_t wall = clock_.wall_now().value - (alone() ? 0 : kSettleMs);
  return wall / 1'000 / span * span;
}

void DashboardHistory::gather(History::Step step, std::int64_t since,
                              std::function<void(Gathered)> done) const {
  Gathered gathered;
  gathered.nodes.push_back({nodes_ == nullptr ? std::string() : nodes_->own_id(),
                            nodes_ == nullptr ? std::string() : nodes_->own_name(),
                            history_.read(step, since)});
  if (alone()) return done(std::move(gathered));
  nodes_->ask_others(
      "history", {{"fine", step == History::Step::second}, {"since", since}},
      [this, gathered = std::move(gathered),
       done = std::move(done)](nodes::Courier::Answers answers) mutable {
        for (const auto& [id, body] : answers.from)
          gathered.nodes.push_back({id, nodes_->name_of(id), history_in(history_.series(), body)});
        std::sort(gathered.nodes.begin() + 1, gathered.nodes.end(), [](const auto& a, const auto& b) {
          return std::pair(a.name, a.id) < std::pair(b.name, b.id);
        });
        gathered.missing = std::move(answers.missing);
        done(std::move(gathered));
      });
}

json::object DashboardHistory::describe(History::Step step, const Gathered& gathered,
                                        std::int64_t until) const {
  json::object body = to_json(history_.series(), step, gathered.nodes, until);
  body["series"] = to_json(history_.series());
  if (!gathered.missing.empty()) body["missing"] = names(gathered.missing);
  return body;
}

void DashboardHistory::read_history(const service::HistoryQuery& query,
                                    std::function<void(Result<Found>)> done) {
  const History::Step step = step_of(query.fine);
  const auto work = [this](changes::WorkerPool::Task task,
                           const std::function<void(Result<Found>)>& otherwise) {
    if (workers_.answering.submit(std::move(task))) return;
    otherwise(changes::busy("too many reads wait; try again"));
  };
  work(
      [this, step, since = query.since, done, work] {
        gather(step, since, [this, step, since, done, work](Gathered gathered) {
          // The answers come on the thread of the bus, which has other things to do.
          work(
              [this, step, since, done, gathered = std::move(gathered)] {
                const std::int64_t until = settled(step);
                std::string tag = tag_of(step, gathered.nodes, since, until);
                for (const std::string& name : gathered.missing) tag += "-" + std::to_string(name.size());
                done(Found{describe(step, gathered, until), std::move(tag)});
              },
              done);
        });
      },
      done);
}

}  // namespace togglecast::realtime
