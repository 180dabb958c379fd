// Small questions about a request: whose is it, and where does it come from? Thread rule: pure functions.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "web/exchange.hpp"
#include "wire/http/message.hpp"

namespace togglecast::http_api {

/// The token of `Authorization: Bearer …`; `unauthenticated` without one.
[[nodiscard]] Result<std::string_view> bearer_token(const wire::http::Request& request);

/// The connection is of this machine, no proxy says that it passes somebody else's request on, and the
/// address that was asked for is one of this machine (a page elsewhere could have its own name lead here).
[[nodiscard]] bool comes_from_this_machine(const wire::http::Request& request, const web::Peer& peer);

/// The refusal of a page's request, with the option that would allow it.
[[nodiscard]] Error foreign_origin(const wire::http::Request& request, std::string_view option);

/// The host of `Host` without its port.
[[nodiscard]] std::string_view host_name(std::string_view host) noexcept;

}  // namespace togglecast::http_api
