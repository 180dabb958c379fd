#include "service/messages/receivers.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace togglecast::service {
namespace {

tl::unexpected<Error> damaged() {
  return fail(Errc::internal, "the audience of a stored message is damaged");
}

}  // namespace

bool Receivers::has_client(const domain::Snapshot& state, domain::Id id) const {
  if (audience.kind == Audience::Kind::admins) return false;
  const auto* client = state.peek<domain::Client>(id);
  if (client == nullptr) return false;
  switch (audience.kind) {
    case Audience::Kind::admins:
      return false;
    case Audience::Kind::all:
    case Audience::Kind::clients:
      return true;
    case Audience::Kind::package:
      return client->package_id == audience.id;
    case Audience::Kind::client:
      return id == audience.id;
  }
  return false;
}

json::value to_json(const Receivers& receivers) {
  switch (receivers.audience.kind) {
    case Audience::Kind::all:
      return "all";
    case Audience::Kind::clients:
      return "clients";
    case Audience::Kind::package:
      return json::object{{"package", receivers.audience.id}};
    case Audience::Kind::client:
      return json::object{{"client", receivers.audience.id}};
    case Audience::Kind::admins:
      break;
  }
  if (receivers.admin == 0 && !receivers.role) return "admins";
  json::object some;
  if (receivers.admin != 0) some["admin"] = receivers.admin;
  if (receivers.role) some["role"] = domain::to_string(*receivers.role);
  return some;
}

Result<Receivers> receivers_in(const json::value& stored) {
  using Kind = Audience::Kind;
  if (const auto* text = stored.if_string()) {
    if (*text == "all") return Receivers{{Kind::all, 0}};
    if (*text == "clients") return Receivers{{Kind::clients, 0}};
    if (*text == "admins") return Receivers{{Kind::admins, 0}};
    return damaged();
  }
  const auto id_in = [&stored](std::string_view name) {
    const auto* given = json::find(stored, name);
    return given == nullptr ? 0 : domain::integer_in(*given).value_or(0);
  };
  if (const auto package = id_in("package"); package != 0) return Receivers{{Kind::package, package}};
  if (const auto client = id_in("client"); client != 0) return Receivers{{Kind::client, client}};
  Receivers some{
      {Kind::admins, 0}, id_in("admin"), domain::parse_role(json::string_or_empty(stored, "role"))};
  if (some.admin == 0 && !some.role) return damaged();
  return some;
}

void for_each_receiver(const Receivers& receivers, const domain::Snapshot& state,
                       const domain::Snapshot& system, ReceiverId after,
                       const std::function<bool(const Receiver&)>& visit) {
  if (receivers.has_admins() && after < 0) {
    std::vector<Receiver> admins;
    system.table<domain::AdminUser>().by_id.for_each([&](domain::Id id, const auto& admin) {
      const domain::Role role = admin->standing_in(state.environment()).here();
      if (admin->active && role != domain::Role::none && -id > after && receivers.has_admin(id, role))
        admins.push_back({-id, admin->username});
    });
    std::sort(admins.begin(), admins.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    for (const Receiver& admin : admins)
      if (!visit(admin)) return;
  }
  if (receivers.audience.kind == Audience::Kind::admins) return;
  if (receivers.audience.kind == Audience::Kind::client) {
    const auto* client = state.peek<domain::Client>(receivers.audience.id);
    if (client != nullptr && client->id > after) visit({client->id, client->key});
    return;
  }
  state.table<domain::Client>().by_id.for_each_from(
      std::max<ReceiverId>(after, 0) + 1, [&](domain::Id id, const auto& client) {
        if (receivers.audience.kind == Audience::Kind::package && client->package_id != receivers.audience.id)
          return true;
        return visit({id, client->key});
      });
}

bool is_receiver(const Receivers& receivers, const domain::Snapshot& state, const domain::Snapshot& system,
                 ReceiverId id) {
  if (id > 0) return receivers.has_client(state, id);
  const auto* admin = system.peek<domain::AdminUser>(-id);
  if (admin == nullptr || !admin->active) return false;
  const domain::Role role = admin->standing_in(state.environment()).here();
  return role != domain::Role::none && receivers.has_admin(-id, role);
}

}  // namespace togglecast::service
