// The token and the origin of a request. Thread rule: pure functions.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "web/exchange.hpp"
#include "wire/http/message.hpp"

namespace togglecast::http_api {

/// The token of `Authorization: Bearer …`; `unauthenticated` without one.
[[nodiscard]] Result<std::string_view> bearer_token(const wire::http::Request& request);

/// True when the connection is a loopback connection, no header of a proxy is present, and `Host` names this
/// machine. The last condition stops DNS rebinding: a foreign page whose name resolves to this machine.
[[nodiscard]] bool comes_from_this_machine(const wire::http::Request& request, const web::Peer& peer);

/// The refusal of a page's request. The message names the option that allows it.
[[nodiscard]] Error foreign_origin(const wire::http::Request& request, std::string_view option);

/// The host in a `Host` header, without the port.
[[nodiscard]] std::string_view host_name(std::string_view host) noexcept;

}  // namespace togglecast::http_api
