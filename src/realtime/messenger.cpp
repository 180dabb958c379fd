#include "realtime/messenger.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "realtime/emit.hpp"
#include "realtime/rooms.hpp"
#include "service/history/activity.hpp"

namespace togglecast::realtime {

using domain::Kind;
using service::Audience;
using socketio::EncodedPacket;
using socketio::Socket;

namespace {

bool is_admin(const Peer& peer) { return peer.who.kind == service::Principal::Kind::admin; }

// As this peer sees it; null when it does not.
json::value seen_by(const Peer& peer, const domain::Snapshot& state, const EntityName& entity) {
  if (is_admin(peer)) return state.body(entity.kind, entity.id);
  const auto client = state.find<domain::Client>(peer.who.id);
  if (client == nullptr) return nullptr;
  domain::ClientView view(state, *client, peer.context.get());
  if (entity.kind == Kind::platform) return view.platform(entity.id);
  if (entity.kind == Kind::feature) return view.feature(entity.id);
  return client->package_id == entity.id ? view.package() : json::value(nullptr);
}

// The same question without evaluating anything.
bool sees(const Peer& peer, const domain::Snapshot& state, const EntityName& entity) {
  const auto client = state.find<domain::Client>(peer.who.id);
  if (client == nullptr) return false;
  const domain::ClientView view(state, *client, peer.context.get());
  if (entity.kind == Kind::platform) return view.sees_platform(entity.id);
  if (entity.kind == Kind::feature) return view.sees_feature(entity.id);
  return client->package_id == entity.id;
}

}  // namespace

Messenger::Messenger(net::Shard& shard, socketio::Namespace& admins, socketio::Namespace& clients,
                     Broadcaster& broadcaster, const Options& options, observe::Counter& messages)
    : shard_(shard),
      admins_(admins),
      clients_(clients),
      broadcaster_(broadcaster),
      options_(options),
      messages_(messages),
      courier_(shard) {}

void Messenger::each_client_of(const std::string& environment, const Audience& audience, const Visit& visit) {
  switch (audience.kind) {
    case Audience::Kind::admins:
      return;
    case Audience::Kind::all:
    case Audience::Kind::clients:
      return for_each_in(shard_, clients_, room(environment, kAllClients), visit);
    case Audience::Kind::client:
      return for_each_in(shard_, clients_, client_room(environment, audience.id), visit);
    case Audience::Kind::package:
      break;
  }
  const auto state = broadcaster_.current(environment);
  for_each_in(shard_, clients_, room(environment, kAllClients), [&](Socket& socket, Peer& peer) {
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
  Courier::Addressees to;
  each_client_of(environment, audience,
                 [&to](Socket& socket, Peer&) { to.push_back(socket.weak_from_this()); });
  addressed += to.size();
  courier_.add(
      std::move(to),
      [this, packet = packets.for_clients](Socket& socket, Peer&) { tell_one(socket, packet); },
      Courier::Busy::bring);
  return addressed;
}

std::size_t Messenger::tell_admins(const std::string& name, const Chosen& chosen,
                                   const EncodedPacket& packet) {
  std::size_t addressed = 0;
  for_each_in(shard_, admins_, name, [&](Socket& socket, const Peer& peer) {
    if (chosen && !chosen(peer)) return;
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
  tell_one(socket, is_admin(peer) ? status->second.for_admins : status->second.for_clients);
}

void Messenger::on_commit(const changes::Commit& commit) {
  std::map<domain::Role, std::optional<EncodedPacket>> packets;
  for_each_in(shard_, admins_, admins_room(commit.row.environment), [&](Socket& socket, const Peer& peer) {
    const auto [packet, fresh] = packets.try_emplace(peer.who.role);
    if (fresh) {
      json::value entry = service::activity_entry(commit.row, peer.readable, commit.after.get());
      if (entry.is_object())
        packet->second = plain_packet(event::kAdmin, event::kActivity, std::move(entry.get_object()));
    }
    if (packet->second) tell_one(socket, *packet->second);
  });
}

Census Messenger::census(const std::string& environment, const std::vector<domain::Revision>& revisions) {
  Census census;
  census.reach.resize(revisions.size());
  for_each_in(shard_, admins_, room(environment, kAllAdmins), [&](Socket&, Peer&) { ++census.admins; });
  for_each_in(shard_, clients_, room(environment, kAllClients), [&](Socket&, const Peer& peer) {
    ++census.clients;
    const domain::Revision told_up_to = broadcaster_.told(peer);
    for (std::size_t i = 0; i < revisions.size(); ++i) {
      if (told_up_to >= revisions[i]) ++census.reach[i].told;
      if (peer.acknowledged >= revisions[i]) ++census.reach[i].acknowledged;
    }
  });
  return census;
}

std::size_t Messenger::send_entity(const EntityName& entity) {
  Courier::Addressees to;
  const auto add = [&to](Socket& socket, Peer&) { to.push_back(socket.weak_from_this()); };
  const auto state = broadcaster_.current(entity.environment);
  for_each_in(shard_, admins_, room(entity.environment, kAllAdmins), add);
  for_each_in(shard_, clients_, room(entity.environment, kAllClients), [&](Socket& socket, Peer& peer) {
    if (sees(peer, *state, entity)) add(socket, peer);
  });
  const std::size_t addressed = to.size();
  auto known = std::make_shared<Known>();
  courier_.add(
      std::move(to),
      [this, entity, known](Socket& socket, Peer& peer) { bring_entity(socket, peer, entity, *known); },
      Courier::Busy::wait);
  return addressed;
}

void Messenger::bring_entity(Socket& socket, const Peer& peer, const EntityName& entity, Known& known) {
  const auto state = broadcaster_.current(entity.environment);
  json::value data = seen_by(peer, *state, entity);
  if (data.is_null()) return;  // gone meanwhile, which has been told
  // Only who has been told all that led to this state may resume from it.
  const bool resumable = peer.offsets && broadcaster_.told(peer) == state->revision();
  const Offsets offsets = resumable ? Offsets::with : Offsets::without;
  auto& batch = known[{state->revision(), is_admin(peer), offsets, json::serialize(data)}];
  if (batch.empty()) {
    const std::vector<domain::ViewUpdate> updates{
        {entity.kind, entity.id, domain::UpdateType::update, std::move(data)}};
    batch = is_admin(peer) ? admin_batch(updates, *state, nullptr, offsets)
                           : client_batch(updates, *state, offsets);
  }
  messages_.add();
  for (const auto& packet : batch) socket.send(packet);
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
      Courier::Busy::wait, window);
  return addressed;
}

}  // namespace togglecast::realtime
