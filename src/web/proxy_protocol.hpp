// The PROXY protocol for `net::ListenOptions::preamble`: connections of trusted proxies begin with a PROXY
// header, and those of others do not. Thread rule: pure functions.
#pragma once

#include "net/preamble.hpp"
#include "web/trusted_proxies.hpp"

namespace togglecast::web {

[[nodiscard]] net::Preamble proxy_protocol(TrustedProxies proxies, Milliseconds timeout);

}  // namespace togglecast::web
