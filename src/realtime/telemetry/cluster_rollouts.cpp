#include "realtime/telemetry/cluster_rollouts.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "realtime/telemetry/rollout_wire.hpp"

namespace togglecast::realtime {
namespace {

using delivery::LaggardKey;
using delivery::LaggardQuery;
using delivery::Lagging;
using delivery::RolloutNode;
using delivery::Rollouts;
using delivery::Stage;

std::int64_t number_of(const json::value& question, std::string_view name) {
  const auto* given = json::find(question, name);
  return given == nullptr ? 0 : domain::integer_in(*given).value_or(0);
}

TimePoint steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace

ClusterRollouts::ClusterRollouts(nodes::Nodes& nodes, Rollouts& own, const changes::ReadModel& model)
    : nodes_(nodes), own_(own), model_(model) {
  answer_others();
}

void ClusterRollouts::answer_others() {
  nodes_.courier().answer(
      "rollouts", [this](const json::object& question, const nodes::Courier::Answer& answer) {
        own_.find_here(asked_in(question), [this, answer](const Rollouts::Found& found) {
          answer(to_wire(found, [this](const std::string& environment) -> domain::Revision {
            const auto state = model_.current(environment);
            return state == nullptr ? 0 : state->revision();
          }));
        });
      });
  nodes_.courier().answer(
      "laggards", [this](const json::object& question, const nodes::Courier::Answer& answer) {
        const json::value asked(question);
        const std::string environment(json::string_or_empty(asked, "environment"));
        LaggardQuery query;
        for (const Stage stage : {Stage::sent, Stage::received, Stage::applied})
          if (json::string_or_empty(asked, "below") == to_string(stage)) query.below = stage;
        query.limit = static_cast<std::size_t>(std::clamp<std::int64_t>(
            number_of(asked, "limit"), 1, static_cast<std::int64_t>(Rollouts::kMostFromNodes)));
        const LaggardKey after{number_of(asked, "after_client"),
                               std::string(json::string_or_empty(asked, "after_connection"))};
        own_.find_laggards_here(environment, number_of(asked, "revision"), query, after,
                                [answer](const Lagging& lagging) { answer(to_wire(lagging)); });
      });
}

void ClusterRollouts::ask(const Rollouts::Asked& asked, std::function<void(Answers)> done) {
  Answers fresh;
  {
    const std::scoped_lock lock(mutex_);
    const TimePoint now = steady_now();
    std::erase_if(kept_, [now](const auto& one) {
      return one.second.answers != nullptr && now - one.second.at > kKept;
    });
    const auto found = kept_.find(asked);
    if (found != kept_.end() && found->second.answers == nullptr) {
      found->second.waiting.push_back(std::move(done));
      return;
    }
    if (found != kept_.end()) {
      fresh = found->second.answers;
    } else if (kept_.size() < kMostKept) {
      kept_[asked].waiting.push_back(std::exchange(done, nullptr));
    }
  }
  if (fresh != nullptr) return done(fresh);
  nodes_.ask_others("rollouts", to_wire(asked),
                    [this, asked, done = std::move(done)](nodes::Courier::Answers answers) {
                      const auto whole = std::make_shared<const nodes::Courier::Answers>(std::move(answers));
                      if (done) return done(whole);
                      std::vector<std::function<void(Answers)>> waiting;
                      {
                        const std::scoped_lock lock(mutex_);
                        Kept& kept = kept_[asked];
                        kept.at = steady_now();
                        kept.answers = whole;
                        waiting.swap(kept.waiting);
                      }
                      for (const auto& one : waiting) one(whole);
                    });
}

void ClusterRollouts::add(const Rollouts::Asked& asked, Rollouts::Found own,
                          std::function<void(Rollouts::Found)> done) {
  ask(asked, [this, asked, own = std::move(own), done = std::move(done)](const Answers& answers) {
    Rollouts::Found sums = own;
    finish(asked, sums, *answers);
    done(std::move(sums));
  });
}

void ClusterRollouts::finish(const Rollouts::Asked& asked, Rollouts::Found& sums,
                             const nodes::Courier::Answers& answers) const {
  const RolloutNode self{nodes_.own_name()};
  for (auto& [environment, of] : sums)
    for (auto& change : of.changes)
      if (change)
        change->nodes = {RolloutNode{self.name, RolloutNode::State::counted, change->counts.concerned,
                                     change->counts.times(Stage::received).count()}};
  for (const auto& [node, body] : answers.from) add_wire(sums, asked, body, nodes_.name_of(node));
  for (auto& [environment, of] : sums)
    for (auto& change : of.changes) {
      if (!change) continue;
      for (const std::string& name : answers.missing)
        change->nodes.push_back({name, RolloutNode::State::missing, 0, 0});
      for (const std::string& name : nodes_.gone_since(change->committed_at))
        change->nodes.push_back({name, RolloutNode::State::gone, 0, 0});
    }
}

void ClusterRollouts::add_laggards(const std::string& environment, domain::Revision revision,
                                   const LaggardQuery& query, const LaggardKey& after, Lagging own,
                                   std::function<void(Lagging)> done) {
  for (auto& [key, one] : own.first) one.node = nodes_.own_name();
  nodes_.ask_others("laggards",
                    {{"environment", environment},
                     {"revision", revision},
                     {"below", to_string(query.below)},
                     {"limit", query.limit},
                     {"after_client", after.first},
                     {"after_connection", after.second}},
                    [this, limit = query.limit, own = std::move(own),
                     done = std::move(done)](const nodes::Courier::Answers& answers) mutable {
                      for (const auto& [node, body] : answers.from) {
                        Lagging more = lagging_in(body, nodes_.name_of(node));
                        own.total += more.total;
                        own.first.merge(more.first);
                      }
                      while (own.first.size() > limit + 1) own.first.erase(std::prev(own.first.end()));
                      done(std::move(own));
                    });
}

}  // namespace togglecast::realtime
