#include "realtime/realtime.hpp"

#include "realtime/events.hpp"

namespace togglecast::realtime {
namespace {

std::vector<std::unique_ptr<Broadcaster>> make_broadcasters(net::ShardPool& shards, socketio::Server& io,
                                                            const service::ReadModel& model,
                                                            const Clock& clock, observe::Metrics& metrics) {
  const BroadcasterCounters counters{
      metrics.counter("togglecast_push_commits_total", "Commits pushed, counted on every shard."),
      metrics.counter("togglecast_push_delivered_total", "Batches handed to connections."),
      metrics.counter("togglecast_push_deferred_total",
                      "Connections that were busy and will be advanced when they drain."),
      metrics.counter("togglecast_push_slices_total", "Pieces that pushes to clients were done in."),
      {metrics.counter("togglecast_push_inputs_total",
                       "Distinct inputs looked at: connections for which rules read the same are one."),
       metrics.counter("togglecast_push_evaluated_total",
                       "Answers worked out: a feature for one input in one state."),
       metrics.counter("togglecast_push_encoded_total",
                       "Batches encoded: one for all connections that see the same.")},
  };
  std::vector<std::unique_ptr<Broadcaster>> made;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    made.push_back(std::make_unique<Broadcaster>(shards.at(i), io.of(event::kAdmin), io.of(event::kClient),
                                                 model, clock, counters));
  }
  return made;
}

}  // namespace

Realtime::Realtime(net::ShardPool& shards, socketio::Server& io, service::Product& product,
                   const Options& options, const Clock& clock, observe::Log& log, observe::Metrics& metrics)
    : shards_(shards),
      product_(product),
      options_(options),
      broadcasters_(make_broadcasters(shards, io, product.model(), clock, metrics)),
      house_{product.authenticator(), product.model(), broadcasters_, clock, options_, log, metrics},
      admins_(io.of(event::kAdmin), house_),
      clients_(io.of(event::kClient), house_) {}

void Realtime::start() {
  // First the feed, then the state: what is committed between comes twice and is known the second time.
  subscription_ = product_.feed().subscribe([this](const service::CommitPtr& commit) {
    shards_.post_to_all(
        [this, commit](net::Shard& shard) { broadcasters_[shard.index()]->on_commit(commit); });
  });
  for (const auto& environment : product_.model().environments()) {
    const auto state = product_.model().current(environment);
    for (const auto& broadcaster : broadcasters_) broadcaster->begin(state);
  }
}

}  // namespace togglecast::realtime
