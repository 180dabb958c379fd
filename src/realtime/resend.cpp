#include "realtime/resend.hpp"

#include <string>
#include <string_view>

#include "domain/view.hpp"
#include "realtime/emit.hpp"

namespace togglecast::realtime {
namespace {

using domain::Kind;

json::value seen_by_client(const domain::Snapshot& state, const Peer& peer, const EntityName& entity) {
  const auto client = state.find<domain::Client>(peer.who.id);
  if (client == nullptr || entity.kind != Kind::platform) return nullptr;
  const json::object view = domain::client_view(state, *client);
  for (const auto& one : view.at("platforms").as_array())
    if (one.at("id").as_int64() == entity.id) return one;
  return nullptr;
}

}  // namespace

bool is_visible(const domain::Snapshot& state, const Peer& client, const EntityName& entity) {
  return !seen_by_client(state, client, entity).is_null();
}

std::optional<socketio::Arguments> entity_again(const domain::Snapshot& state, const Peer& peer,
                                                const EntityName& entity) {
  const bool admin = peer.who.kind == service::Principal::Kind::admin;
  json::value data = admin ? state.body(entity.kind, entity.id) : seen_by_client(state, peer, entity);
  if (data.is_null()) return std::nullopt;
  const std::string kind(domain::to_string(entity.kind));
  json::object payload{{"type", domain::to_string(domain::UpdateType::update)},
                       {kind + "_id", entity.id},
                       {"data", std::move(data)},
                       {"timestamp", to_iso8601(state.as_of())},
                       {"revision", state.revision()},
                       {"epoch", state.head().epoch},
                       {"more", false}};
  if (admin) payload["actor"] = nullptr;
  const bool up_to_date = peer.behind == nullptr && peer.sent == state.revision();
  const auto offset = peer.offsets && up_to_date ? std::optional(state.offset()) : std::nullopt;
  return config_event(kind + "_update", std::move(payload), offset);
}

}  // namespace togglecast::realtime
