#include "realtime/telemetry/heartbeats.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include "delivery/collect.hpp"
#include "realtime/session/socket_subscriber.hpp"

namespace togglecast::realtime {
namespace {

constexpr Milliseconds kBetweenSamples{10'000};

std::vector<double> round_trip_buckets() {
  return {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20};
}

observe::Histogram& round_trips(observe::Metrics& metrics, engineio::TransportKind transport) {
  return metrics.histogram("togglecast_heartbeat_round_trip_seconds",
                           "From a ping of Engine.IO to its pong, by transport; over polling with the time "
                           "until the poll that takes the ping.",
                           round_trip_buckets(), {{"transport", std::string(to_string(transport))}});
}

double in_ms(double seconds) { return std::round(seconds * 1e6) / 1e3; }

json::value in_ms(const std::optional<Milliseconds>& time) {
  return time ? json::value(time->count()) : json::value(nullptr);
}

struct Beat {
  std::string id;
  std::string_view transport;
  std::optional<Milliseconds> seen;
  std::optional<std::chrono::microseconds> round_trip;
  Milliseconds unanswered{0};

  // How long nothing was heard of it; one that has not answered yet counts from its ping.
  [[nodiscard]] Milliseconds silent() const { return std::max(seen.value_or(Milliseconds{0}), unanswered); }
};

json::object in_json(const Beat& beat) {
  return {{"id", beat.id},
          {"transport", beat.transport},
          {"last_seen_ms", in_ms(beat.seen)},
          {"round_trip_ms", beat.round_trip ? json::value(static_cast<double>(beat.round_trip->count()) / 1e3)
                                            : json::value(nullptr)},
          {"unanswered_ms", beat.unanswered.count()}};
}

void most_silent_first(std::vector<Beat>& beats) {
  std::stable_sort(beats.begin(), beats.end(),
                   [](const Beat& a, const Beat& b) { return a.silent() > b.silent(); });
  if (beats.size() > Heartbeats::kDescribed) beats.resize(Heartbeats::kDescribed);
}

}  // namespace

Heartbeats::Heartbeats(net::ShardPool& shards, const delivery::ShardDeliveries& deliveries,
                       observe::Metrics& metrics)
    : shards_(shards),
      deliveries_(deliveries),
      round_trips_{&round_trips(metrics, engineio::TransportKind::polling),
                   &round_trips(metrics, engineio::TransportKind::websocket)},
      timer_([this] { sample(); }) {
  moments_.push_back(read());
}

void Heartbeats::watch(socketio::Namespace& nsp) {
  nsp.on_pong([this](const socketio::Socket& socket) {
    const auto took = socket.round_trip();
    if (took)
      round_trips_[static_cast<std::size_t>(socket.transport())]->observe(
          std::chrono::duration<double>(*took).count());
  });
}

void Heartbeats::start() {
  shards_.at(0).post([this] { shards_.at(0).arm(timer_, kBetweenSamples); });
}

void Heartbeats::sample() {
  shards_.at(0).arm(timer_, kBetweenSamples);
  auto moment = read();
  const std::scoped_lock lock(mutex_);
  moments_.push_back(std::move(moment));
  if (moments_.size() > kKept) moments_.pop_front();
}

std::vector<std::uint64_t> Heartbeats::read() const {
  std::vector<std::uint64_t> counts(round_trips_[0]->bounds().size() + 1);
  for (const observe::Histogram* histogram : round_trips_) {
    const auto reading = histogram->read();
    for (std::size_t i = 0; i < counts.size(); ++i)
      counts[i] += reading.cumulative[i] - (i == 0 ? 0 : reading.cumulative[i - 1]);
  }
  return counts;
}

json::object Heartbeats::last_minute() const {
  auto counts = read();
  {
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] -= std::min(counts[i], moments_.front()[i]);
  }
  const auto answers = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (answers == 0) return {{"answers", 0}, {"round_trip_ms", nullptr}};
  const auto within = [&](double part) {
    return in_ms(observe::quantile_of(round_trips_[0]->bounds(), counts, part));
  };
  return {{"answers", answers},
          {"round_trip_ms", {{"p50", within(0.5)}, {"p90", within(0.9)}, {"p99", within(0.99)}}}};
}

void Heartbeats::describe(const std::string& environment, domain::Id client, Described done) const {
  using Beats = std::vector<Beat>;
  delivery::collect_from_shards<Beats>(
      shards_,
      [this, environment, client](const net::Shard& shard, const std::function<void(Beats)>& answer) {
        Beats beats;
        auto* home = deliveries_[shard.index()]->index().find(environment);
        const auto visit = [&beats](delivery::Subscriber& subscriber) {
          const auto* one = socket_subscriber(subscriber);
          if (one == nullptr) return;
          const socketio::Socket& socket = one->socket;
          beats.push_back({std::string(socket.id()), to_string(socket.transport()), socket.since_seen(),
                           socket.round_trip(), socket.unanswered()});
        };
        if (home != nullptr)
          delivery::SubscriberIndex::for_each(*home, delivery::SubscriberIndex::Scope::client, client, visit);
        most_silent_first(beats);
        answer(std::move(beats));
      },
      [done = std::move(done)](std::vector<Beats> parts) {
        Beats all;
        for (Beats& part : parts) std::move(part.begin(), part.end(), std::back_inserter(all));
        most_silent_first(all);
        json::array connections;
        for (const Beat& beat : all) connections.push_back(in_json(beat));
        done(std::move(connections));
      });
}

}  // namespace togglecast::realtime
