// Which entity: as admins watch it, and as it is sent once more. Thread rule: plain values.
#pragma once

#include <string>

#include "base/json.hpp"
#include "domain/schema/environment.hpp"
#include "domain/schema/ids.hpp"
#include "domain/schema/kind.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::realtime {

struct EntityName {
  std::string environment;
  domain::Kind kind = domain::Kind::platform;
  domain::Id id = 0;
  friend auto operator<=>(const EntityName&, const EntityName&) = default;
};

/// `{entity_type, entity_id, environment?}`: the environment of what does not live in the receiver's.
[[nodiscard]] inline json::object to_json(const EntityName& entity) {
  json::object out{{"entity_type", domain::to_string(entity.kind)}, {"entity_id", entity.id}};
  if (entity.environment == domain::kSystemEnvironment) out["environment"] = entity.environment;
  return out;
}

}  // namespace togglecast::realtime
