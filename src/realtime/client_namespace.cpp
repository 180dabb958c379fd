#include "realtime/client_namespace.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "realtime/emit.hpp"
#include "realtime/events.hpp"
#include "realtime/feature_check.hpp"
#include "realtime/login.hpp"
#include "realtime/rooms.hpp"

namespace togglecast::realtime {
namespace {

using socketio::Event;
using socketio::Socket;

// The optional `revision` of a request.
Result<std::optional<domain::Revision>> revision_argument(const Event& event) {
  const auto request = object_argument(event);
  if (!request) return tl::unexpected(request.error());
  const auto* revision = json::find(*request, "revision");
  if (revision == nullptr || revision->is_null()) return std::nullopt;
  if (!revision->is_int64() || revision->get_int64() < 0 || revision->get_int64() > domain::kMaxId) {
    return fail_field("/revision", "must be a revision, an integer from 0 on");
  }
  return revision->get_int64();
}

// What the client says it has applied. Nobody can have applied what was not sent.
void take_receipt(Peer& peer, domain::Revision told, const std::optional<domain::Revision>& revision) {
  if (revision && *revision <= told) peer.acknowledged = std::max(peer.acknowledged, *revision);
}

}  // namespace

ClientNamespace::ClientNamespace(net::ShardPool& shards, socketio::Namespace& nsp, const House& house)
    : house_(house),
      limit_(shards, nsp, house.options, house.metrics),
      entrance_(nsp, house,
                {.kind = service::Principal::Kind::client,
                 .connect = event::kClientConnect,
                 .requests = event::kClientRequests,
                 .admit = [this](Socket& socket, Peer& peer) { return admit(socket, peer); }}),
      reported_(house.metrics.counter("togglecast_realtime_reported_metrics_total",
                                      "Metrics that clients reported and that were taken.")) {
  entrance_.on(event::kConfigCheck, this, &ClientNamespace::config_check);
  entrance_.on(event::kFeatureCheck, this, &ClientNamespace::feature_check);
  entrance_.on(event::kReportMetrics, this, &ClientNamespace::report_metrics);
  entrance_.on(event::kHeartbeat, this, &ClientNamespace::heartbeat);
  entrance_.on(event::kConfigAck, this, &ClientNamespace::config_ack);
  nsp.on_disconnect([this](Socket& socket, socketio::DisconnectReason) {
    const auto* peer = socket.state<Peer>();
    if (peer != nullptr && peer->logged_in) limit_.leave(peer->who.environment, peer->who.id);
  });
}

Result<json::object> ClientNamespace::admit(Socket& socket, Peer& peer) {
  const auto state = house_.broadcaster(socket).current(peer.who.environment);
  const auto client = state->find<domain::Client>(peer.who.id);
  if (client == nullptr) return fail(Errc::revoked, "this client is gone");
  if (!peer.logged_in && !limit_.enter(socket.shard(), peer.who.environment, client->id)) {
    return fail(Errc::unavailable, "client '" + client->key + "' has " +
                                       std::to_string(house_.options.connections_per_client) +
                                       " connections, as many as it may (--connections-per-client)");
  }
  take_client(socket, peer, client);
  socket.join(room(peer.who.environment, kAllClients));
  socket.join(client_room(peer.who.environment, client->id));
  return domain::client_view(*state, *client, peer.context.get());
}

// Tells whether the client is up to date, then brings it there with ordinary updates.
void ClientNamespace::config_check(const Event& event, Peer& peer, const Reply& reply) const {
  auto& socket = event.socket();
  auto& broadcaster = house_.broadcaster(socket);
  const auto claimed = revision_argument(event);
  if (!claimed) return reply.refuse(claimed.error());
  const auto state = broadcaster.current(peer.who.environment);
  bool up_to_date = broadcaster.told(peer) == state->revision();
  if (*claimed) {
    const auto missed = broadcaster.catch_up(socket, peer, **claimed);
    if (!missed) return reply.refuse(missed.error());
    up_to_date = !*missed;
  }
  reply({{"up_to_date", up_to_date}, {"revision", state->revision()}, {"epoch", state->head().epoch}});
}

void ClientNamespace::feature_check(const Event& event, Peer& peer, const Reply& reply) const {
  const auto request = object_argument(event);
  if (!request) return reply.refuse(request.error());
  const auto state = house_.broadcaster(event.socket()).current(peer.who.environment);
  auto status = check_feature(*state, peer, *request);
  if (!status) return reply.refuse(status.error());
  reply(*std::move(status));
}

void ClientNamespace::report_metrics(const Event& event, Peer& peer, const Reply& reply) const {
  const auto request = object_argument(event);
  if (!request) return reply.refuse(request.error());
  const auto samples = read_metrics(*request, house_.clock.wall_now());
  if (!samples) return reply.refuse(samples.error());
  const std::size_t taken =
      house_.messenger(event.socket()).reported().add(peer.who.environment, peer.who.id, *samples);
  reported_.add(taken);
  reply({{"accepted", taken}, {"dropped", samples->size() - taken}});
}

void ClientNamespace::heartbeat(const Event& event, Peer& peer, const Reply& reply) const {
  const auto claimed = revision_argument(event);
  if (!claimed) return reply.refuse(claimed.error());
  take_receipt(peer, house_.broadcaster(event.socket()).told(peer), *claimed);
  const auto answer = [this, &broadcaster = house_.broadcaster(event.socket()), &peer, reply] {
    peer.heartbeat_waits = false;
    const auto state = broadcaster.current(peer.who.environment);
    reply({{"server_time", to_iso8601(house_.clock.wall_now())}, {"revision", state->revision()}});
  };
  if (event.acknowledgement().wanted()) return answer();
  // One answer is as good as many.
  if (!std::exchange(peer.heartbeat_waits, true)) reply.resume(answer);
}

// Nothing answers, unless an acknowledgement was asked for.
void ClientNamespace::config_ack(const Event& event, Peer& peer, const Reply& reply) const {
  const auto claimed = revision_argument(event);
  if (!claimed) return reply.refuse(claimed.error());
  take_receipt(peer, house_.broadcaster(event.socket()).told(peer), *claimed);
  reply({{"revision", peer.acknowledged}});
}

}  // namespace togglecast::realtime
