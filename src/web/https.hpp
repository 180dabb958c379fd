// HTTP and WebSocket over TLS: the options of `net::TlsContext` for a web server.
//
//   auto tls = net::TlsContext::load(web::https("fullchain.pem", "key.pem"));
//   shards.listen({.port = 443, .tls = *tls}, http.accept_handler());
//
// Thread rule: pure function.
#pragma once

#include <filesystem>

#include "net/tls_context.hpp"

namespace togglecast::web {

/// ALPN is `http/1.1`. A client that speaks HTTP without TLS gets a 400 answer that says so.
[[nodiscard]] net::TlsOptions https(std::filesystem::path certificate, std::filesystem::path key);

}  // namespace togglecast::web
