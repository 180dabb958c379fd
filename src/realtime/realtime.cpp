#include "realtime/realtime.hpp"

#include <algorithm>
#include <utility>

#include "realtime/protocol/events.hpp"
#include "realtime/session/connection_meters.hpp"

namespace togglecast::realtime {
namespace {

delivery::PushCounters push_counters(observe::Metrics& metrics) {
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

delivery::ShardDeliveries make_deliveries(net::ShardPool& shards, const changes::ReadModel& model,
                                          const Options& options, observe::PeerLog log,
                                          observe::Metrics& metrics) {
  const delivery::PushCounters counters = push_counters(metrics);
  auto& limited = metrics.counter("togglecast_realtime_full_states_limited_total",
                                  "Full states refused because a connection asked for too many.");
  const delivery::ViewCounters views{
      metrics.counter("togglecast_views_kept_hits_total",
                      "Whole views of clients that were sent from those that are kept."),
      metrics.counter("togglecast_views_kept_misses_total", "Whole views that had to be evaluated."),
      metrics.gauge("togglecast_views_kept_bytes", "Memory of the views that are kept.")};
  delivery::ShardDeliveries made;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    made.push_back(std::make_unique<delivery::ShardDelivery>(
        shards.at(i), model, options.full_states, counters, delivery::StatesLimited{&limited, log}));
    made.back()->keep_views(views);
  }
  return made;
}

AllShardMessages make_messages(net::ShardPool& shards, socketio::Server& io,
                               const delivery::ShardDeliveries& deliveries, const Options& options,
                               observe::Metrics& metrics) {
  AllShardMessages made;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    made.push_back(std::make_unique<ShardMessages>(shards.at(i), io.of(event::kAdmin), *deliveries[i],
                                                   options, message_counter(metrics)));
  }
  return made;
}

AllShardMailboxes make_mailboxes(net::ShardPool& shards, socketio::Server& io,
                                 const delivery::ShardDeliveries& deliveries, service::Mailbox& mailbox,
                                 const Clock& clock, const Options& options, observe::Metrics& metrics) {
  AllShardMailboxes made;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    made.push_back(std::make_unique<ShardMailbox>(shards.at(i), io, *deliveries[i], mailbox, clock, options,
                                                  mail_counters(metrics)));
  }
  return made;
}

std::vector<RateSampler::Source> sampled_counters(observe::Metrics& metrics, std::size_t shards) {
  const delivery::PushCounters counters = push_counters(metrics);
  const auto& of_admins = event_counter(metrics, event::kAdmin);
  const auto& of_clients = event_counter(metrics, event::kClient);
  return {{"events", [&of_admins, &of_clients] { return of_admins.value() + of_clients.value(); }},
          {"commits", [&commits = counters.commits, shards] { return commits.value() / shards; }},
          {"deliveries", [&delivered = counters.delivered] { return delivered.value(); }},
          {"messages", [&messages = message_counter(metrics)] { return messages.value(); }}};
}

}  // namespace

AuthParts Realtime::auth_parts(const Clock& clock, observe::PeerLog log, observe::Metrics& metrics) {
  return {application_.authenticator(),
          application_.model(),
          deliveries_,
          sessions_,
          newest_,
          sdks_,
          options_,
          clock,
          log,
          metrics};
}

Realtime::Realtime(net::ShardPool& shards, socketio::Server& io, service::Application& application,
                   const Options& options, const Clock& clock, observe::PeerLog log,
                   observe::Metrics& metrics, nodes::Nodes* nodes)
    : shards_(shards),
      application_(application),
      options_(options),
      sessions_(application.derived_key("resumable sessions")),
      newest_(
          application.model(), deliveries_,
          [&tail = application.tail()](std::function<void(bool)> then) {
            return tail.look_then(std::move(then));
          },
          options_.resume_wait, log, metrics),
      rollouts_(
          shards, deliveries_, application.workers(),
          [this](const std::string& environment, const std::vector<domain::Id>* clients) {
            return clients_.limit().online(environment, clients);
          },
          options_.rollout_patience, clock, metrics),
      deliveries_(make_deliveries(shards, application.model(), options_, log, metrics)),
      messages_(make_messages(shards, io, deliveries_, options_, metrics)),
      mailboxes_(make_mailboxes(shards, io, deliveries_, application.mailbox(), clock, options_, metrics)),
      reported_(shards.size()),
      reported_everywhere_(shards, reported_, nodes),
      dispatcher_(shards, messages_, mailboxes_, deliveries_, application.model(), application.mailbox(),
                  options_, clock, log, metrics, nodes),
      sampler_(shards, sampled_counters(metrics, shards.size())),
      heartbeats_(shards, deliveries_, metrics),
      dashboard_(shards, io, application, rollouts_, reported_everywhere_, dispatcher_, sampler_, heartbeats_,
                 options_, clock, nodes),
      history_(shards, {application.operators(), application.workers()}, metrics, clock, nodes),
      dashboard_feed_(shards, history_, metrics),
      connections_(shards, io, deliveries_, sdks_, log, nodes),
      metric_history_(shards, application.workers(), clock, nodes),
      subscriptions_(shards, deliveries_, messages_, rollouts_, options_, clock, nodes),
      assets_(shards, application.assets(), options_, log, metrics),
      admins_(io.of(event::kAdmin), auth_parts(clock, log, metrics), application.activity(),
              application.idempotent_sends(), assets_, dispatcher_, dashboard_, dashboard_feed_,
              subscriptions_, rollouts_, [this](SocketSubscriber& admin) { welcome(admin); }),
      clients_(shards, io.of(event::kClient), auth_parts(clock, log, metrics), reported_, metric_history_,
               assets_, [this](SocketSubscriber& client) { welcome(client); }) {
  application.signing_keys().on_retired([this] {
    shards_.post_to_all([this](const net::Shard& shard) { deliveries_[shard.index()]->recheck_all(); });
  });
  take_acknowledgements(io.of(event::kAdmin));
  take_acknowledgements(io.of(event::kClient));
  heartbeats_.watch(io.of(event::kAdmin));
  heartbeats_.watch(io.of(event::kClient));
  export_gauges(metrics);
  if (nodes != nullptr) describe_to(*nodes, metrics);
}

void Realtime::export_gauges(observe::Metrics& metrics) {
  metrics.gauge_from("togglecast_loop_lag_seconds",
                     "How long a task waited for its turn at the slowest shard, when it was measured last.",
                     [this] { return sampler_.newest_lag() / 1'000; });
  metrics.gauge_from("togglecast_store_up", "1 while the store takes changes and the log can be followed.",
                     [this] { return application_.health() ? 1.0 : 0.0; });
}

void Realtime::describe_to(nodes::Nodes& nodes, observe::Metrics& metrics) {
  const auto logged_in = [&metrics](std::string_view nsp, const std::string& environment) {
    return static_cast<std::size_t>(
        std::max<std::int64_t>(0, connections_gauge(metrics, nsp, environment).value()));
  };
  rollouts_of_others_ = std::make_unique<ClusterRollouts>(nodes, rollouts_, application_.model());
  rollouts_.join_with(*rollouts_of_others_);
  nodes.describe_by({
      .connections =
          [logged_in](const std::string& environment) {
            return service::ConnectionCounts{logged_in(event::kAdmin, environment),
                                             logged_in(event::kClient, environment)};
          },
      .connections_of = [this](
                            const std::string& environment,
                            domain::Id client) { return clients_.limit().connections(environment, client); },
      .heartbeats_of =
          [this](const std::string& environment, domain::Id client, Heartbeats::Described done) {
            heartbeats_.describe(environment, client, std::move(done));
          },
      .status_at = [this](const std::string& environment) { return dispatcher_.status_at(environment); },
      .lag_ms = [this] { return sampler_.worst_lag(); },
      .rates = [this] { return own_rates(); },
  });
  nodes.limits().share_clients({
      .own = [this](std::size_t most) { return clients_.limit().near_limit(most); },
      .take =
          [this](nodes::ClientConnections elsewhere) {
            clients_.limit().count_elsewhere(std::move(elsewhere));
          },
  });
}

// Every node counts every commit, so commits do not add up.
nodes::Rates Realtime::own_rates() const {
  nodes::Rates rates;
  for (const auto& member : sampler_.rates()) {
    if (member.key() == "commits") continue;
    rates[member.key()] = {domain::integer_in(member.value().at("total")).value_or(0),
                           domain::integer_in(member.value().at("last_minute")).value_or(0),
                           member.value().at("per_second").to_number<double>()};
  }
  return rates;
}

void Realtime::welcome(SocketSubscriber& subscriber) {
  const std::size_t shard = subscriber.socket.shard().index();
  messages_[shard]->welcome(subscriber);
  mailboxes_[shard]->welcome(subscriber);
}

void Realtime::take_acknowledgements(socketio::Namespace& nsp) {
  nsp.on(std::string(event::kMessageAck.name), [this](const socketio::Event& event) {
    mailboxes_[event.socket().shard().index()]->acknowledge(event, *event.socket().state<SocketSubscriber>(),
                                                            Reply(event, event::kMessageAck));
  });
  nsp.on_drained([this](socketio::Socket& socket) {
    if (auto* subscriber = socket.state<SocketSubscriber>())
      mailboxes_[socket.shard().index()]->drained(*subscriber);
  });
  nsp.on_disconnect([this](socketio::Socket& socket, socketio::DisconnectReason) {
    if (const auto* subscriber = socket.state<SocketSubscriber>())
      mailboxes_[socket.shard().index()]->gone(*subscriber);
  });
}

void Realtime::on_commit(const changes::CommitPtr& commit) {
  const TimePoint committed = rollouts_.on_commit(commit);
  shards_.post_to_all([this, commit, committed](const net::Shard& shard) {
    deliveries_[shard.index()]->on_commit(commit, committed);
    messages_[shard.index()]->on_commit(*commit);
    mailboxes_[shard.index()]->on_commit(*commit);
    subscriptions_.on_commit(shard, *commit);
  });
}

void Realtime::on_environment(const domain::SnapshotPtr& first) {
  rollouts_.forget(first->environment());
  subscriptions_.forget_rollouts(first->environment());
  shards_.post_to_all([this, first](const net::Shard& shard) {
    if (deliveries_[shard.index()]->begin(first)) messages_[shard.index()]->on_new_epoch(*first);
  });
}

void Realtime::recheck_issued() {
  shards_.post_to_all([this](const net::Shard& shard) {
    using delivery::SubscriberIndex;
    for (auto* home : deliveries_[shard.index()]->index().environments())
      SubscriberIndex::for_each(*home, SubscriberIndex::Scope::clients, 0, [home](delivery::Subscriber& one) {
        const auto* subscriber = socket_subscriber(one);
        if (subscriber == nullptr || subscriber->who.issued_by != nullptr) one.recheck(*home->state);
      });
  });
}

void Realtime::start() {
  for (const auto& delivery : deliveries_) delivery->index().keep_rollouts(rollouts_.options());
  // First the feed, then the states: a commit in between comes twice, and is ignored the second time.
  subscription_ =
      application_.feed().subscribe([this](const changes::CommitPtr& commit) { on_commit(commit); },
                                    [this](const domain::SnapshotPtr& first) { on_environment(first); });
  for (const auto& environment : application_.model().environments()) {
    const auto state = application_.model().current(environment);
    for (const auto& delivery : deliveries_) delivery->begin(state);
  }
  application_.trusted_issuers().on_withdrawn([this] { recheck_issued(); });
  application_.mailbox().listen([this](const service::MailNewsPtr& news) {
    shards_.post_to_all([this, news](const net::Shard& shard) { mailboxes_[shard.index()]->take(*news); });
  });
  sampler_.start();
  heartbeats_.start();
  history_.start();
}

}  // namespace togglecast::realtime
