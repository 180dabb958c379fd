// A reference to one entity, or to a change, such as an admin subscribes to. Thread rule: plain values.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "domain/schema/environment.hpp"
#include "domain/schema/ids.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::realtime {

struct EntityRef {
  std::string environment;
  domain::Kind kind = domain::Kind::platform;
  domain::Id id = 0;
  bool is_change = false;  ///< `id` is the revision of a change, and `kind` has no meaning
  friend auto operator<=>(const EntityRef&, const EntityRef&) = default;
};

inline constexpr std::string_view kChangeType = "change";

[[nodiscard]] inline std::string_view type_of(const EntityRef& entity) noexcept {
  return entity.is_change ? kChangeType : domain::to_string(entity.kind);
}

/// `{entity_type, entity_id, environment?}`: the environment of what does not live in the receiver's.
[[nodiscard]] inline json::object to_json(const EntityRef& entity) {
  json::object out{{"entity_type", type_of(entity)}, {"entity_id", entity.id}};
  if (entity.environment == domain::kSystemEnvironment) out["environment"] = entity.environment;
  return out;
}

/// The room of the admins that follow it.
[[nodiscard]] inline std::string room_of(const EntityRef& entity) {
  return entity.environment + "/entity:" + std::string(type_of(entity)) + ":" + std::to_string(entity.id);
}

}  // namespace togglecast::realtime
