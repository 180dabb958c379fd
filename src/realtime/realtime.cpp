#include "realtime/realtime.hpp"

#include "realtime/events.hpp"

namespace togglecast::realtime {
namespace {

PushCounters push_counters(observe::Metrics& metrics) {
  return {
      metrics.counter("togglecast_push_commits_total", "Commits pushed, counted on every shard."),
      metrics.counter("togglecast_push_delivered_total", "Batches handed to connections."),
      metrics.counter("togglecast_push_deferred_total",
                      "Connections that were busy and will be advanced when they drain."),
      metrics.counter("togglecast_push_slices_total", "Pieces that pushes to clients were done in."),
      metrics.counter("togglecast_push_inputs_total",
                      "Distinct inputs looked at: connections for which rules read the same are one."),
      metrics.counter("togglecast_push_evaluated_total",
                      "Answers worked out: a feature for one input in one state."),
      metrics.counter("togglecast_push_encoded_total",
                      "Batches encoded: one for all connections that see the same."),
  };
}

observe::Counter& message_counter(observe::Metrics& metrics) {
  return metrics.counter("togglecast_realtime_messages_total",
                         "Messages, notifications and activity handed to connections.");
}

Broadcasters make_broadcasters(net::ShardPool& shards, socketio::Server& io, const changes::ReadModel& model,
                               const Options& options, const Clock& clock, observe::Metrics& metrics) {
  const PushCounters counters = push_counters(metrics);
  auto& limited = metrics.counter("togglecast_realtime_full_states_limited_total",
                                  "Whole states refused because a connection asked for too many.");
  Broadcasters made;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    made.push_back(std::make_unique<Broadcaster>(shards.at(i), io.of(event::kAdmin), io.of(event::kClient),
                                                 model, options, clock, counters, limited));
  }
  return made;
}

Messengers make_messengers(net::ShardPool& shards, socketio::Server& io, const Broadcasters& broadcasters,
                           const Options& options, observe::Metrics& metrics) {
  Messengers made;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    made.push_back(std::make_unique<Messenger>(shards.at(i), io.of(event::kAdmin), io.of(event::kClient),
                                               *broadcasters[i], options, message_counter(metrics)));
  }
  return made;
}

std::vector<Pulse::Source> pulse_sources(observe::Metrics& metrics, std::size_t shards) {
  const PushCounters counters = push_counters(metrics);
  const auto& of_admins = event_counter(metrics, event::kAdmin);
  const auto& of_clients = event_counter(metrics, event::kClient);
  return {{"events", [&of_admins, &of_clients] { return of_admins.value() + of_clients.value(); }},
          {"commits", [&commits = counters.commits, shards] { return commits.value() / shards; }},
          {"deliveries", [&delivered = counters.delivered] { return delivered.value(); }},
          {"messages", [&messages = message_counter(metrics)] { return messages.value(); }}};
}

}  // namespace

Realtime::Realtime(net::ShardPool& shards, socketio::Server& io, service::Application& application,
                   const Options& options, const Clock& clock, observe::Log& log, observe::Metrics& metrics)
    : shards_(shards),
      application_(application),
      options_(options),
      broadcasters_(make_broadcasters(shards, io, application.model(), options_, clock, metrics)),
      messengers_(make_messengers(shards, io, broadcasters_, options_, metrics)),
      broadcasts_(shards, messengers_, broadcasters_, application.model(), options_, clock, metrics),
      pulse_(shards, pulse_sources(metrics, shards.size())),
      dashboard_(shards, io, application, messengers_, broadcasts_, pulse_, options_, clock),
      watchers_(shards, io.of(event::kAdmin), messengers_, options_, clock),
      house_{application.authenticator(),
             application.model(),
             application.activity(),
             broadcasters_,
             messengers_,
             broadcasts_,
             dashboard_,
             watchers_,
             clock,
             options_,
             log,
             metrics},
      admins_(io.of(event::kAdmin), house_),
      clients_(shards, io.of(event::kClient), house_) {}

void Realtime::start() {
  // First the feed, then the state: what is committed between comes twice and is known the second time.
  subscription_ = application_.feed().subscribe([this](const changes::CommitPtr& commit) {
    shards_.post_to_all([this, commit](net::Shard& shard) {
      broadcasters_[shard.index()]->on_commit(commit);
      messengers_[shard.index()]->on_commit(*commit);
      watchers_.on_commit(shard, *commit);
    });
  });
  for (const auto& environment : application_.model().environments()) {
    const auto state = application_.model().current(environment);
    for (const auto& broadcaster : broadcasters_) broadcaster->begin(state);
  }
  pulse_.start();
}

}  // namespace togglecast::realtime
