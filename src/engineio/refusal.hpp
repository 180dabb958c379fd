// The application refuses a handshake. Thread rule: a plain value.
#pragma once

#include <string>

namespace togglecast::engineio {

struct Refusal {
  std::string message = "Forbidden";
  unsigned status = 403;       ///< HTTP status; 429 and 503 are for temporary reasons: clients come back
  unsigned retry_after_s = 0;  ///< seconds, sent as Retry-After when positive
};

}  // namespace togglecast::engineio
