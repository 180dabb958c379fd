#include "realtime/telemetry/dashboard.hpp"

#include <atomic>
#include <chrono>
#include <utility>

#include "realtime/protocol/events.hpp"
#include "service/history/activity.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::size_t kChangesShown = 10;

template <typename T, typename IsOn>
json::object count(const domain::Snapshot& state, std::string_view on, IsOn&& is_on) {
  std::size_t counted = 0;
  const auto& table = state.table<T>().by_id;
  table.for_each([&](domain::Id, const auto& entity) { counted += is_on(*entity) ? 1 : 0; });
  return {{"total", table.size()}, {on, counted}};
}

std::uint64_t read(const std::atomic<std::uint64_t>& counter) {
  return counter.load(std::memory_order_relaxed);
}

}  // namespace

Dashboard::Dashboard(net::ShardPool& shards, socketio::Server& io, service::Application& application,
                     delivery::Rollouts& rollouts, const ClusterMetrics& reported,
                     const MessageDispatcher& messages, const RateSampler& rates,
                     const Heartbeats& heartbeats, const Options& options, const Clock& clock,
                     const service::ClusterView* cluster)
    : shards_(shards),
      io_(io),
      application_(application),
      rollouts_(rollouts),
      reported_(reported),
      messages_(messages),
      rates_(rates),
      heartbeats_(heartbeats),
      options_(options),
      clock_(clock),
      cluster_(cluster),
      began_(clock.now()) {}

void Dashboard::update(const service::Principal& who, Done done) {
  service::ActivityQuery query;
  query.limit = kChangesShown;
  application_.activity().page(
      who, query,
      [this, environment = who.environment, done = std::move(done)](Result<service::ActivityPage> page) {
        // Without the store, everything but the last changes is known.
        if (!page && page.error().code == Errc::unavailable) page = service::ActivityPage{};
        if (!page) return done(tl::unexpected(page.error()));
        rollouts_.add_to(std::move(page->entries), environment,
                         [this, environment, next = page->next, done](
                             json::array entries, const delivery::DeliveryCounts& delivered) {
                           complete(environment, {std::move(entries), next, nullptr}, delivered, done);
                         });
      });
}

void Dashboard::complete(const std::string& environment, service::ActivityPage page,
                         const delivery::DeliveryCounts& delivered, Done done) {
  reported_.find(environment, [this, environment, page = std::move(page), delivered,
                               done = std::move(done)](ClusterMetrics::Found reported) mutable {
    done(describe(environment, std::move(page), delivered, std::move(reported)));
  });
}

json::object Dashboard::describe(const std::string& environment, service::ActivityPage page,
                                 const delivery::DeliveryCounts& delivered, ClusterMetrics::Found reported) {
  const auto state = application_.model().current(environment);
  service::ConnectionCounts connected{delivered.admins, delivered.clients};
  if (cluster_ != nullptr && cluster_->size() > 1) connected = cluster_->connections(environment);
  json::object rates = rates_.rates();
  if (cluster_ != nullptr) cluster_->add_rates(rates);
  json::object out{{"environment", environment},
                   {"revision", state->revision()},
                   {"epoch", state->head().epoch},
                   {"server_time", to_iso8601(clock_.wall_now())},
                   {"counts", counts(state)},
                   {"connections", {{"admins", connected.admins}, {"clients", connected.clients}}},
                   {"nodes", cluster_ == nullptr ? std::size_t{1} : cluster_->size()},
                   {"rates", std::move(rates)},
                   {"heartbeats", heartbeats_.last_minute()},
                   {"changes", std::move(page.entries)},
                   {"store", store()},
                   {"system_status", service::to_json(messages_.status(environment))},
                   {"client_metrics", summary_of(std::move(reported.series))}};
  if (page.next != 0) out["changes_next"] = page.next;
  if (!reported.missing.empty()) {
    json::array missing;
    for (std::string& name : reported.missing) missing.emplace_back(std::move(name));
    out["client_metrics_missing"] = std::move(missing);
  }
  return out;
}

json::object Dashboard::counts(const domain::SnapshotPtr& state) {
  const std::scoped_lock lock(mutex_);
  auto& [counted_at, numbers] = counted_[state->environment()];
  if (counted_at == state) return numbers;
  numbers = {
      {"platforms",
       count<domain::Platform>(*state, "enabled", [](const auto& platform) { return platform.enabled; })},
      {"features",
       count<domain::Feature>(*state, "enabled", [](const auto& feature) { return feature.flag.enabled; })},
      {"segments", {{"total", state->table<domain::Segment>().by_id.size()}}},
      {"packages",
       count<domain::Package>(*state, "available", [](const auto& package) { return package.available; })},
      {"clients", count<domain::Client>(*state, "active", [](const auto& client) { return client.active; })},
  };
  counted_at = state;
  return numbers;
}

json::object Dashboard::connections() const {
  std::uint64_t open = 0;
  std::uint64_t opened = 0;
  std::uint64_t streams = 0;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    open += read(io_.engine().counters(i).sessions_open.value);
    opened += read(io_.engine().counters(i).sessions_opened.value);
    streams += read(shards_.at(i).counters().open_streams);
  }
  return {{"open", open},
          {"opened_total", opened},
          {"tcp", streams},
          {"heartbeats", heartbeats_.last_minute()},
          {"admins", io_.of(event::kAdmin).local_count()},
          {"clients", io_.of(event::kClient).local_count()}};
}

json::object Dashboard::messages() const {
  std::uint64_t packets_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const auto& engine = io_.engine().counters(i);
    const auto& shard = shards_.at(i).counters();
    packets_in += read(engine.packets_in.value);
    packets_out += read(engine.packets_out.value) + read(shard.broadcast_frames);
    bytes_in += read(shard.bytes_in);
    bytes_out += read(shard.bytes_out);
  }
  return {{"received_total", packets_in},
          {"sent_total", packets_out},
          {"received_bytes_total", bytes_in},
          {"sent_bytes_total", bytes_out},
          {"rates", rates_.rates()}};
}

json::object Dashboard::store() const {
  const auto health = application_.health();
  json::object out{{"status", health ? "ok" : "failing"}};
  if (!health) out["reason"] = health.error().message;
  return out;
}

void Dashboard::system_metrics(const service::Principal& who, Done done) {
  if (auto ok = service::require(who, auth::Action::read_catalogue); !ok)
    return done(tl::unexpected(ok.error()));
  json::object process = options_.describe_process ? options_.describe_process() : json::object{};
  process["uptime_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(clock_.now() - began_).count();
  process["shards"] = shards_.size();
  done(json::object{
      {"server_time", to_iso8601(clock_.wall_now())},
      {"process", std::move(process)},
      {"connections", connections()},
      {"messages", messages()},
      {"lag", rates_.lags()},
      {"store", store()},
      {"bus",
       options_.describe_bus ? options_.describe_bus() : json::object{{"kind", "local"}, {"status", "ok"}}},
      {"nodes", cluster_ == nullptr ? json::value(json::array{}) : std::move(cluster_->describe()["nodes"])},
      {"system_status", service::to_json(messages_.status(who.environment))}});
}

}  // namespace togglecast::realtime
