#include "engineio/counters.hpp"

namespace togglecast::engineio {

std::string_view to_string(Limit limit) noexcept {
  switch (limit) {
    case Limit::max_payload:
      return "max_payload";
    case Limit::untrusted_payload:
      return "untrusted_payload";
    case Limit::fragments_per_message:
      return "fragments_per_message";
    case Limit::packets_per_payload:
      return "packets_per_payload";
    case Limit::polling_backlog:
      return "polling_backlog";
  }
  return "max_payload";
}

}  // namespace togglecast::engineio
