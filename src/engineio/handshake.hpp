// The request that began a session. Thread rule: immutable and shared.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "web/exchange.hpp"
#include "wire/http/message.hpp"

namespace togglecast::engineio {

struct Handshake {
  std::string url;  ///< path and query as sent
  wire::http::Query query;
  wire::http::Headers headers;
  web::Peer peer;
  UnixMillis issued;     ///< when the session began
  bool xdomain = false;  ///< the request had an Origin header
};
using HandshakePtr = std::shared_ptr<const Handshake>;

}  // namespace togglecast::engineio
