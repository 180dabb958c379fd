// How reverse proxies say where a connection came from. Thread rule: a plain value.
#pragma once

#include <cstdint>

namespace togglecast::web {

enum class ForwardedBy : std::uint8_t {
  x_forwarded,     ///< `X-Forwarded-For`, `-Proto`, `-Host` and their relatives
  forwarded,       ///< `Forwarded` (RFC 7239)
  proxy_protocol,  ///< a PROXY header in front of each connection; no header of a request counts
};

}  // namespace togglecast::web
