// The token and the origin of a request. Thread rule: pure functions.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "web/exchange.hpp"
#include "wire/http/message.hpp"

namespace togglecast::http_api {

/// The token of `Authorization: Bearer …`; `unauthenticated` without one. Below `/ofrep/`, it may also stand
/// in `X-API-Key`, or alone in `Authorization`, as clients of OFREP send it.
[[nodiscard]] Result<std::string_view> bearer_token(const wire::http::Request& request);

/// The refusal of a page's request. The message names the option that allows it.
[[nodiscard]] Error foreign_origin(const wire::http::Request& request, std::string_view option);

}  // namespace togglecast::http_api
