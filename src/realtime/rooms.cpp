#include "realtime/rooms.hpp"

#include "domain/schema/environment.hpp"

#include <utility>

namespace togglecast::realtime {

std::string room(std::string_view environment, std::string_view name) {
  return std::string(environment).append("/").append(name);
}

std::string client_room(std::string_view environment, domain::Id client) {
  return room(environment, "client:" + std::to_string(client));
}

std::string package_room(std::string_view environment, domain::Id package) {
  return room(environment, "package:" + std::to_string(package));
}

std::string entity_room(std::string_view environment, domain::Kind kind, domain::Id id) {
  return room(environment, "entity:" + std::string(domain::to_string(kind)) + ":" + std::to_string(id));
}

std::string role_room(std::string_view environment, domain::Role role) {
  return room(environment, "admins:" + std::string(domain::to_string(role)));
}

std::string admins_room(std::string_view environment) {
  return environment == domain::kSystemEnvironment ? std::string(kAllAdmins) : room(environment, kAllAdmins);
}

void for_each_in(net::Shard& shard, socketio::Namespace& nsp, std::string room,
                 const std::function<void(socketio::Socket&, Peer&)>& visit) {
  socketio::BroadcastOptions members;
  members.rooms.push_back(std::move(room));
  nsp.for_each_local(shard, members, [&visit](socketio::Socket& socket) {
    if (auto* peer = socket.state<Peer>(); peer != nullptr && peer->logged_in) visit(socket, *peer);
  });
}

}  // namespace togglecast::realtime
