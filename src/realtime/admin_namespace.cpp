#include "realtime/admin_namespace.hpp"

#include <string>

#include "realtime/emit.hpp"
#include "realtime/events.hpp"

namespace togglecast::realtime {
namespace {

struct EntityName {
  domain::Kind kind = domain::Kind::platform;
  domain::Id id = 0;
};

// {entity_type, entity_id}, of a kind that this admin may read.
Result<EntityName> entity_argument(const socketio::Event& event, const Peer& peer) {
  const auto request = object_argument(event);
  if (!request) return tl::unexpected(request.error());
  const auto kind = domain::parse_kind(json::string_or_empty(*request, "entity_type"));
  if (!kind) return fail_field("/entity_type", "must name a kind of entity, such as 'platform'");
  const auto* id = request->if_contains("entity_id");
  if (id == nullptr || !id->is_int64() || !domain::is_id(id->get_int64()))
    return fail_field("/entity_id", "must be the id of an entity, a positive integer");
  if (!peer.readable.contains(*kind)) {
    return fail(Errc::forbidden, "a " + std::string(domain::to_string(peer.who.role)) +
                                     " may not read entities of type " +
                                     std::string(domain::to_string(*kind)));
  }
  return EntityName{*kind, id->get_int64()};
}

json::object named(const EntityName& entity) {
  return {{"entity_type", domain::to_string(entity.kind)}, {"entity_id", entity.id}};
}

// Admins and their tokens belong to the installation, all else to the environment.
std::string home_of(domain::Kind kind, const Peer& peer) {
  const bool installation = kind == domain::Kind::admin || kind == domain::Kind::signing_key;
  return installation ? std::string(service::kSystemEnvironment) : peer.who.environment;
}

}  // namespace

AdminNamespace::AdminNamespace(socketio::Namespace& nsp, const House& house)
    : house_(house),
      entrance_(
          nsp, house,
          {.kind = service::Principal::Kind::admin,
           .connect_event = event::kAdminConnect,
           .connected_event = event::kAdminConnected,
           .events = {event::kSubscribe, event::kUnsubscribe},
           .unmetered = {},
           .admit = [this](socketio::Socket& socket, const Peer& peer) { return admit(socket, peer); }}) {
  nsp.on(std::string(event::kSubscribe), [this](socketio::Event& event) { subscribe(event); });
  nsp.on(std::string(event::kUnsubscribe), [this](socketio::Event& event) { unsubscribe(event); });
}

Result<json::object> AdminNamespace::admit(socketio::Socket& socket, const Peer& peer) const {
  const auto system = house_.model.current(service::kSystemEnvironment);
  const auto admin = system->find<domain::AdminUser>(peer.who.id);
  if (admin == nullptr) return fail(Errc::revoked, "this admin's account is gone");
  socket.join(kAllAdmins);
  socket.join(room(peer.who.environment, kAllAdmins));
  return json::object{
      {"admin", {{"id", admin->id}, {"username", admin->username}, {"role", domain::to_string(admin->role)}}},
      {"environment", peer.who.environment}};
}

void AdminNamespace::subscribe(socketio::Event& event) const {
  const auto& peer = *event.socket().state<Peer>();
  const auto entity = entity_argument(event, peer);
  if (!entity) return refuse(event, event::kEntitySubscribed, entity.error());
  const std::string environment = home_of(entity->kind, peer);
  const auto state = house_.broadcaster(event.socket()).current(environment);
  json::value body = state == nullptr ? json::value() : state->body(entity->kind, entity->id);
  if (body.is_null()) {
    const std::string name = std::string(domain::to_string(entity->kind)) + " " + std::to_string(entity->id);
    return refuse(event, event::kEntitySubscribed, {Errc::not_found, "there is no " + name});
  }
  if (!event.socket().join(entity_room(environment, entity->kind, entity->id))) {
    return refuse(event, event::kEntitySubscribed,
                  {Errc::payload_too_large, "too many subscriptions on this connection"});
  }
  json::object reply = named(*entity);
  reply["data"] = std::move(body);
  reply["revision"] = state->revision();
  reply["epoch"] = state->head().epoch;
  answer(event, event::kEntitySubscribed, std::move(reply));
}

void AdminNamespace::unsubscribe(socketio::Event& event) const {
  const auto& peer = *event.socket().state<Peer>();
  const auto entity = entity_argument(event, peer);
  if (!entity) return refuse(event, event::kEntityUnsubscribed, entity.error());
  event.socket().leave(entity_room(home_of(entity->kind, peer), entity->kind, entity->id));
  answer(event, event::kEntityUnsubscribed, named(*entity));
}

}  // namespace togglecast::realtime
