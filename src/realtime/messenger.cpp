#include "realtime/messenger.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "realtime/emit.hpp"
#include "realtime/resend.hpp"
#include "service/activity.hpp"

namespace togglecast::realtime {

using service::Audience;
using socketio::EncodedPacket;
using socketio::Socket;

Messenger::Messenger(net::Shard& shard, socketio::Namespace& admins, socketio::Namespace& clients,
                     Broadcaster& broadcaster, const Options& options, observe::Counter& messages)
    : shard_(shard),
      admins_(admins),
      clients_(clients),
      broadcaster_(broadcaster),
      options_(options),
      messages_(messages),
      courier_(shard) {}

void Messenger::each(socketio::Namespace& nsp, const std::string& room, const Visit& visit) {
  socketio::BroadcastOptions members;
  members.rooms.push_back(room);
  nsp.for_each_local(shard_, members, [&visit](Socket& socket) {
    if (auto* peer = socket.state<Peer>(); peer != nullptr && peer->logged_in) visit(socket, *peer);
  });
}

void Messenger::each_client_of(const std::string& environment, const Audience& audience, const Visit& visit) {
  switch (audience.kind) {
    case Audience::Kind::admins:
      return;
    case Audience::Kind::all:
    case Audience::Kind::clients:
      return each(clients_, room(environment, kAllClients), visit);
    case Audience::Kind::client:
      return each(clients_, client_room(environment, audience.id), visit);
    case Audience::Kind::package:
      break;
  }
  const auto state = broadcaster_.current(environment);
  each(clients_, room(environment, kAllClients), [&](Socket& socket, Peer& peer) {
    const auto client = state->find<domain::Client>(peer.who.id);
    if (client != nullptr && client->package_id == audience.id) visit(socket, peer);
  });
}

bool Messenger::tell_one(Socket& socket, const EncodedPacket& packet) {
  messages_.add();
  return deliver(socket, packet);
}

std::size_t Messenger::tell(const std::string& environment, const Audience& audience,
                            const MessagePackets& packets) {
  std::size_t addressed = 0;
  if (audience.kind == Audience::Kind::all || audience.kind == Audience::Kind::admins)
    addressed += tell_admins(room(environment, kAllAdmins), {}, packets.for_admins);
  each_client_of(environment, audience, [&](Socket& socket, Peer&) {
    ++addressed;
    tell_one(socket, packets.for_clients);
  });
  return addressed;
}

std::size_t Messenger::tell_admins(const std::string& name, const Chosen& chosen,
                                   const EncodedPacket& packet) {
  std::size_t addressed = 0;
  each(admins_, name, [&](Socket& socket, const Peer& peer) {
    if (chosen && !chosen(peer)) return;
    ++addressed;
    tell_one(socket, packet);
  });
  return addressed;
}

std::size_t Messenger::tell_client(const std::string& environment, domain::Id client,
                                   const EncodedPacket& packet) {
  std::size_t addressed = 0;
  each_client_of(environment, {Audience::Kind::client, client}, [&](Socket& socket, Peer&) {
    ++addressed;
    tell_one(socket, packet);
  });
  return addressed;
}

std::size_t Messenger::set_status(const std::string& environment, bool keep, const MessagePackets& packets) {
  status_.erase(environment);
  if (keep) status_.emplace(environment, packets);
  return tell(environment, {Audience::Kind::all, 0}, packets);
}

void Messenger::greet(Socket& socket, const Peer& peer) {
  const auto status = status_.find(peer.who.environment);
  if (status == status_.end()) return;
  const bool admin = peer.who.kind == service::Principal::Kind::admin;
  tell_one(socket, admin ? status->second.for_admins : status->second.for_clients);
}

void Messenger::on_commit(const service::Commit& commit) {
  // The feed of one environment: what belongs to the installation stands in a feed of its own.
  std::map<domain::Role, std::optional<EncodedPacket>> packets;
  each(admins_, room(commit.row.environment, kAllAdmins), [&](Socket& socket, const Peer& peer) {
    const auto [packet, fresh] = packets.try_emplace(peer.who.role);
    if (fresh) {
      json::value entry = service::activity_entry(commit.row, peer.readable);
      if (entry.is_object())
        packet->second = plain_packet(event::kAdmin, event::kActivity, std::move(entry.get_object()));
    }
    if (packet->second) tell_one(socket, *packet->second);
  });
}

Census Messenger::census(const std::string& environment, const std::vector<domain::Revision>& revisions) {
  Census census;
  census.reach.resize(revisions.size());
  each(admins_, room(environment, kAllAdmins), [&](Socket&, Peer&) { ++census.admins; });
  each(clients_, room(environment, kAllClients), [&](Socket&, const Peer& peer) {
    ++census.clients;
    for (std::size_t i = 0; i < revisions.size(); ++i) {
      if (peer.sent >= revisions[i]) ++census.reach[i].told;
      if (peer.acknowledged >= revisions[i]) ++census.reach[i].acknowledged;
    }
  });
  return census;
}

std::size_t Messenger::send_entity(const EntityName& entity) {
  Courier::Addressees to;
  const auto add = [&to](Socket& socket, Peer&) { to.push_back(socket.weak_from_this()); };
  const auto state = broadcaster_.current(entity.environment);
  each(admins_, room(entity.environment, kAllAdmins), add);
  each(clients_, room(entity.environment, kAllClients), [&](Socket& socket, Peer& peer) {
    if (is_visible(*state, peer, entity)) add(socket, peer);
  });
  const std::size_t addressed = to.size();
  auto known = std::make_shared<Packets>();
  courier_.add(
      std::move(to),
      [this, entity, known](Socket& socket, Peer& peer) { bring_entity(socket, peer, entity, *known); },
      Milliseconds{0});
  return addressed;
}

void Messenger::bring_entity(Socket& socket, Peer& peer, const EntityName& entity, Packets& known) {
  const auto state = broadcaster_.current(entity.environment);
  auto args = entity_again(*state, peer, entity);
  if (!args) return;  // gone, or not to be seen any more: the change that did it has been told
  std::string text = json::serialize(json::value(json::array(args->values.begin(), args->values.end())));
  const bool admin = peer.who.kind == service::Principal::Kind::admin;
  text.insert(0, admin ? event::kAdmin : event::kClient);
  auto found = known.find(text);
  if (found == known.end())
    found = known.emplace(std::move(text), EncodedPacket::event(socket.nsp().name(), *args)).first;
  messages_.add();
  socket.send(found->second);
}

std::size_t Messenger::sync(const std::string& environment, const service::ConfigSync& sync) {
  Courier::Addressees to;
  each_client_of(environment, sync.audience,
                 [&to](Socket& socket, Peer&) { to.push_back(socket.weak_from_this()); });
  const std::size_t addressed = to.size();
  const Milliseconds window = addressed > options_.sync_at_once ? options_.sync_window : Milliseconds{0};
  courier_.add(
      std::move(to),
      [this, reason = sync.reason](Socket& socket, Peer& peer) {
        messages_.add();
        broadcaster_.send_whole_view(socket, peer, reason);
      },
      window);
  return addressed;
}

}  // namespace togglecast::realtime
