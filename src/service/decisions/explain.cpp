#include "service/decisions/explain.hpp"

namespace togglecast::service {

using domain::Kind;
using domain::evaluation::Decision;
using domain::evaluation::ErrorCode;
using domain::evaluation::Rule;

json::object entity_name(const domain::Snapshot& state, Kind kind, domain::Id id) {
  json::value key;
  domain::with_entity_type(kind, [&]<typename T>(std::type_identity<T>) {
    if (const auto found = state.find<T>(id)) key = found->unique_key();
  });
  return {{"entity_type", domain::to_string(kind)}, {"entity_id", id}, {"key", std::move(key)}};
}

json::value explained(const domain::evaluation::Override* override_of_client, UnixMillis now) {
  if (override_of_client == nullptr) return nullptr;
  json::object out = domain::to_json(*override_of_client);
  out["holds"] = override_of_client->holds(now);
  return out;
}

json::object explained(const domain::Snapshot& state, const Decision& decision) {
  json::object out = to_json(decision);
  out.erase("key");
  if (decision.because_of) {
    const bool by_platform =
        decision.rule == Rule::platform_off || decision.rule == Rule::platform_not_in_package;
    out["because_of"] =
        entity_name(state, by_platform ? Kind::platform : Kind::feature, *decision.because_of);
  }
  if (decision.error != ErrorCode::none)
    out["error"] = {{"code", to_string(decision.error)}, {"message", decision.message}};
  return out;
}

}  // namespace togglecast::service
