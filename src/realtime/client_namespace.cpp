#include "realtime/client_namespace.hpp"

#include <optional>
#include <string>
#include <utility>

#include "domain/state/client_view.hpp"
#include "domain/state/flag_name.hpp"
#include "realtime/feature_check.hpp"
#include "realtime/protocol/requests.hpp"

namespace togglecast::realtime {
namespace {

using delivery::SubscriberIndex;
using socketio::Event;
using socketio::Socket;

}  // namespace

ClientNamespace::ClientNamespace(net::ShardPool& shards, socketio::Namespace& nsp, const AuthParts& auth,
                                 std::vector<ReportedMetrics>& reported, Welcome welcome)
    : deliveries_(auth.deliveries),
      options_(auth.options),
      clock_(auth.clock),
      log_(auth.log),
      reported_(reported),
      limit_(shards, auth.deliveries, auth.options, auth.metrics),
      gate_(nsp, event::kClientConnect, event::kClientRequests, auth.options, auth.log, auth.metrics),
      auth_(nsp, auth,
            {.kind = service::Principal::Kind::client,
             .login = event::kClientConnect,
             .admit = [this](SocketSubscriber& subscriber,
                             const ConnectionAuth::Claim& claim) { return admit(subscriber, claim); },
             .welcome = std::move(welcome)}),
      metrics_taken_(auth.metrics.counter("togglecast_realtime_reported_metrics_total",
                                          "Metrics that clients reported and that were taken.")) {
  gate_.on(event::kConfigCheck, this, &ClientNamespace::config_check);
  gate_.on(event::kFeatureCheck, this, &ClientNamespace::feature_check);
  gate_.on(event::kReportMetrics, this, &ClientNamespace::report_metrics);
  gate_.on(event::kHeartbeat, this, &ClientNamespace::heartbeat);
  gate_.on(event::kConfigAck, this, &ClientNamespace::config_ack);
  nsp.on_disconnect([this](Socket& socket, socketio::DisconnectReason) {
    const auto* subscriber = socket.state<SocketSubscriber>();
    if (subscriber != nullptr && subscriber->logged_in)
      limit_.leave(subscriber->who.environment, subscriber->who.id);
  });
}

delivery::ShardDelivery& ClientNamespace::delivery_of(const SocketSubscriber& subscriber) const {
  return *deliveries_[subscriber.socket.shard().index()];
}

Result<json::object> ClientNamespace::admit(SocketSubscriber& subscriber,
                                            const ConnectionAuth::Claim& claim) {
  auto& delivery = delivery_of(subscriber);
  const std::string& environment = claim.who.environment;
  const auto state = delivery.current(environment);
  const auto client = state->find<domain::Client>(claim.who.id);
  if (client == nullptr) return fail(Errc::revoked, "this client is gone");
  if (!subscriber.logged_in && !limit_.enter(subscriber.socket.shard(), environment, client->id)) {
    return fail(Errc::unavailable, "client '" + client->key + "' has " +
                                       std::to_string(options_.connections_per_client) +
                                       " connections, as many as it may (--connections-per-client)");
  }
  subscriber.set_context(claim.context);
  delivery.enter(subscriber, environment, client);
  return domain::client_view(*state, *client, subscriber.context().get());
}

// Tells whether the client is up to date, then sends ordinary updates if it is not.
void ClientNamespace::config_check(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto state = subscriber.home().state;
  const auto claimed = revision_argument(event, *state);
  if (!claimed) return reply.refuse(claimed.error());
  bool up_to_date = SubscriberIndex::told(subscriber) == state->revision();
  if (*claimed) {
    const auto missed = delivery_of(subscriber).catch_up(subscriber, **claimed);
    if (!missed) return reply.refuse(missed.error());
    up_to_date = !*missed;
  }
  reply({{"up_to_date", up_to_date}, {"revision", state->revision()}, {"epoch", state->head().epoch}});
}

void ClientNamespace::feature_check(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto request = object_argument(event);
  if (!request) return reply.refuse(request.error());
  auto status = check_feature(*subscriber.home().state, subscriber, *request);
  if (!status) {
    if (status.error().code == Errc::not_found) log_unseen(subscriber, request->at("feature"));
    return reply.refuse(status.error());
  }
  reply(*std::move(status));
}

void ClientNamespace::log_unseen(const SocketSubscriber& subscriber, const json::value& asked) {
  const auto state = subscriber.home().state;
  const auto feature = domain::find_flag(*state, asked).feature;
  const auto client = state->find<domain::Client>(subscriber.who.id);
  if (feature == nullptr || client == nullptr) return;
  if (domain::ClientView(*state, *client, nullptr).sees_feature(feature->id)) return;
  log_.info("a client asks for a feature that it does not see",
            {{"client", client->key},
             {"feature", feature->key},
             {"reason", domain::why_unseen(*state, *client)},
             {"hint", "GET /api/v1/clients/" + std::to_string(client->id) +
                          "/effective?feature=" + feature->key + " shows all rules"}});
}

void ClientNamespace::report_metrics(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto request = object_argument(event);
  if (!request) return reply.refuse(request.error());
  const UnixMillis now = clock_.wall_now();
  const auto samples = read_metrics(*request, now);
  if (!samples) return reply.refuse(samples.error());
  auto& reported = reported_[event.socket().shard().index()];
  const std::size_t taken = reported.add(subscriber.who.environment, subscriber.who.id, *samples, now);
  metrics_taken_.add(taken);
  reply({{"accepted", taken}, {"dropped", samples->size() - taken}});
}

void ClientNamespace::heartbeat(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto claimed = revision_argument(event, *subscriber.home().state);
  if (!claimed) return reply.refuse(claimed.error());
  if (*claimed) SubscriberIndex::acknowledge(subscriber, **claimed);
  const auto answer = [this, &subscriber, reply] {
    subscriber.heartbeat_waits = false;
    reply(
        {{"server_time", to_iso8601(clock_.wall_now())}, {"revision", subscriber.home().state->revision()}});
  };
  if (event.acknowledgement().wanted()) return answer();
  // One answer is as good as many.
  if (!std::exchange(subscriber.heartbeat_waits, true)) reply.resume(answer);
}

// Nothing answers, unless an acknowledgement was asked for.
void ClientNamespace::config_ack(const Event& event, SocketSubscriber& subscriber, const Reply& reply) {
  const auto claimed = revision_argument(event, *subscriber.home().state);
  if (!claimed) return reply.refuse(claimed.error());
  if (*claimed) SubscriberIndex::acknowledge(subscriber, **claimed);
  reply({{"revision", subscriber.acknowledged()}});
}

}  // namespace togglecast::realtime
