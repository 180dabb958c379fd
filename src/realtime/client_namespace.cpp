#include "realtime/client_namespace.hpp"

#include <string>

#include "realtime/emit.hpp"
#include "realtime/events.hpp"

namespace togglecast::realtime {
namespace {

// The optional `revision` of a request; 0 when absent.
Result<domain::Revision> revision_argument(const socketio::Event& event) {
  const auto request = object_argument(event);
  if (!request) return tl::unexpected(request.error());
  const auto* revision = request->if_contains("revision");
  if (revision == nullptr || revision->is_null()) return 0;
  if (!revision->is_int64() || revision->get_int64() < 0 || revision->get_int64() > domain::kMaxId) {
    return fail_field("/revision", "must be a revision, an integer from 0 on");
  }
  return revision->get_int64();
}

}  // namespace

ClientNamespace::ClientNamespace(socketio::Namespace& nsp, const House& house)
    : house_(house),
      entrance_(nsp, house,
                {.kind = service::Principal::Kind::client,
                 .connect_event = event::kClientConnect,
                 .connected_event = event::kClientConnected,
                 .events = {event::kConfigCheck, event::kHeartbeat},
                 .unmetered = {event::kHeartbeat},
                 .admit = [this](socketio::Socket& socket, Peer& peer) { return admit(socket, peer); }}) {
  nsp.on(std::string(event::kConfigCheck), [this](socketio::Event& event) { config_check(event); });
  nsp.on(std::string(event::kHeartbeat), [this](socketio::Event& event) { heartbeat(event); });
}

Result<json::object> ClientNamespace::admit(socketio::Socket& socket, Peer& peer) const {
  const auto state = house_.broadcaster(socket).current(peer.who.environment);
  const auto client = state->find<domain::Client>(peer.who.id);
  if (client == nullptr) return fail(Errc::revoked, "this client is gone");
  peer.client = client;
  socket.join(room(peer.who.environment, kAllClients));
  socket.join(client_room(peer.who.environment, client->id));
  return domain::client_view(*state, *client, peer.context.get());
}

// Tells whether the client is up to date, then brings it there with ordinary updates.
void ClientNamespace::config_check(socketio::Event& event) const {
  auto& socket = event.socket();
  auto& peer = *socket.state<Peer>();
  const auto claimed = revision_argument(event);
  if (!claimed) return refuse(event, event::kConfigStatus, claimed.error());
  const auto state = house_.broadcaster(socket).current(peer.who.environment);
  const bool up_to_date = *claimed == 0 ? peer.sent == state->revision() && peer.behind == nullptr
                                        : *claimed == state->revision();
  answer(event, event::kConfigStatus,
         {{"up_to_date", up_to_date}, {"revision", state->revision()}, {"epoch", state->head().epoch}});
  if (*claimed != 0 && *claimed < state->revision() && peer.behind == nullptr)
    house_.broadcaster(socket).catch_up(socket, peer, *claimed);
}

void ClientNamespace::heartbeat(socketio::Event& event) const {
  const auto claimed = revision_argument(event);
  if (!claimed) return refuse(event, event::kHeartbeatAck, claimed.error());
  const auto state =
      house_.broadcaster(event.socket()).current(event.socket().state<Peer>()->who.environment);
  answer(event, event::kHeartbeatAck,
         {{"server_time", to_iso8601(house_.clock.wall_now())}, {"revision", state->revision()}});
}

}  // namespace togglecast::realtime
