// Whose flags a request of OFREP asks for, and with which context. Thread rule: pure functions.
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/views/sliced_view.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {

/// The client is that of the token. An admin or an API key names one: in the header `Togglecast-Client`, else
/// in the member `client` of the context, else in `targetingKey`. `refused` gets members for the refusal.
[[nodiscard]] Result<domain::Viewpoint> read_ofrep(const Call& call, json::object& refused);

}  // namespace togglecast::http_api
