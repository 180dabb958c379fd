// A reference to one entity, such as an admin subscribes to. Thread rule: plain values.
#pragma once

#include <string>

#include "base/json.hpp"
#include "domain/schema/environment.hpp"
#include "domain/schema/ids.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::realtime {

struct EntityRef {
  std::string environment;
  domain::Kind kind = domain::Kind::platform;
  domain::Id id = 0;
  friend auto operator<=>(const EntityRef&, const EntityRef&) = default;
};

/// `{entity_type, entity_id, environment?}`: the environment of what does not live in the receiver's.
[[nodiscard]] inline json::object to_json(const EntityRef& entity) {
  json::object out{{"entity_type", domain::to_string(entity.kind)}, {"entity_id", entity.id}};
  if (entity.environment == domain::kSystemEnvironment) out["environment"] = entity.environment;
  return out;
}

/// The room of the admins that follow it.
[[nodiscard]] inline std::string room_of(const EntityRef& entity) {
  return entity.environment + "/entity:" + std::string(domain::to_string(entity.kind)) + ":" +
         std::to_string(entity.id);
}

}  // namespace togglecast::realtime
