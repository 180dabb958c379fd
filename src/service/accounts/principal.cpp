#include "service/accounts/principal.hpp"

namespace togglecast::service {

Principal Principal::server(std::string environment) {
  Principal who;
  who.kind = Kind::system;
  who.name = "togglecast";
  who.role = domain::Role::owner;
  who.environment = std::move(environment);
  return who;
}

std::string_view to_string(Principal::Kind kind) noexcept {
  switch (kind) {
    case Principal::Kind::admin:
      return "admin";
    case Principal::Kind::client:
      return "client";
    case Principal::Kind::system:
      return "system";
    case Principal::Kind::machine:
      return "machine";
  }
  return "";
}

bool Principal::may(auth::Action action) const noexcept {
  switch (kind) {
    case Kind::admin:
    case Kind::system:
      return auth::allows(role, action) && auth::allows(duty, action);
    case Kind::machine:
      return auth::allows(scopes, action);
    case Kind::client:
      break;
  }
  return auth::permission(action).clients;
}

Result<void> require(const Principal& who, auth::Action action) {
  switch (who.kind) {
    case Principal::Kind::admin:
    case Principal::Kind::system:
      if (auto free = auth::require(who.duty, action); !free) return free;
      return auth::require(who.role, action);
    case Principal::Kind::machine:
      return auth::require(who.scopes, action);
    case Principal::Kind::client:
      break;
  }
  return auth::require_client(action);
}

json::object actor_of(const Principal& who, const WriteOptions& options) {
  json::object actor;
  actor["id"] = who.id == 0 ? json::value(nullptr) : json::value(who.id);
  actor["kind"] = to_string(who.kind);
  actor["name"] = who.name;
  actor["source"] = to_string(options.source);
  if (!options.request_id.empty()) actor["request_id"] = options.request_id;
  if (options.confirm) actor["confirm"] = true;
  return actor;
}

}  // namespace togglecast::service
