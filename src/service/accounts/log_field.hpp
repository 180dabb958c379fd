// A principal as a field of a log line: a client by id, an admin or an API key by name. Empty for an unknown
// caller.
#pragma once

#include <string>

#include "observe/log.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

/// `who` must outlive the field.
[[nodiscard]] inline observe::Field log_field(const Principal& who) {
  if (who.kind == Principal::Kind::machine) return {"api_key", who.name};
  if (who.kind != Principal::Kind::client) return {"admin", who.name};
  if (who.id == 0) return {"client", ""};
  return {"client", who.id};
}

}  // namespace togglecast::service
