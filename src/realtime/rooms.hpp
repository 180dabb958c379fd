// The product's rooms. Thread rule: names are pure; visiting is for the shard's thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "domain/schema/ids.hpp"
#include "domain/schema/kind.hpp"
#include "realtime/peer.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// Every environment has rooms of its own.
[[nodiscard]] std::string room(std::string_view environment, std::string_view name);
[[nodiscard]] std::string client_room(std::string_view environment, domain::Id client);
/// Package 0: clients without one.
[[nodiscard]] std::string package_room(std::string_view environment, domain::Id package);
[[nodiscard]] std::string entity_room(std::string_view environment, domain::Kind kind, domain::Id id);
[[nodiscard]] std::string role_room(std::string_view environment, domain::Role role);
/// Of the admins whom changes in this environment concern: all, when it is `system`.
[[nodiscard]] std::string admins_room(std::string_view environment);
inline constexpr std::string_view kAllClients = "clients";
inline constexpr std::string_view kAllAdmins = "admins";

/// Those who are logged in and in this room, on this shard. The visitor may make them join or leave.
void for_each_in(net::Shard& shard, socketio::Namespace& nsp, std::string room,
                 const std::function<void(socketio::Socket&, Peer&)>& visit);

}  // namespace togglecast::realtime
