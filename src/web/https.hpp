// HTTP and WebSocket over TLS: the options of `net::TlsContext` as a web server wants them.
//
//   auto tls = net::TlsContext::load(web::https("fullchain.pem", "key.pem"));
//   shards.listen({.port = 443, .tls = *tls}, http.accept_handler());
//
// Thread rule: pure function.
#pragma once

#include <filesystem>

#include "net/tls_context.hpp"

namespace togglecast::web {

/// ALPN `http/1.1`; whoever speaks HTTP without TLS is told so by a 400 answer.
[[nodiscard]] net::TlsOptions https(std::filesystem::path certificate, std::filesystem::path key);

}  // namespace togglecast::web
