// Who it is, for the log: a client by its id, an admin by name. Empty while nobody is known.
#pragma once

#include <string>

#include "observe/log.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

/// Of a `who` that outlives the field.
[[nodiscard]] inline observe::Field log_field(const Principal& who) {
  if (who.kind != Principal::Kind::client) return {"admin", who.name};
  if (who.id == 0) return {"client", ""};
  return {"client", who.id};
}

}  // namespace togglecast::service
