// The description of the API: one OpenAPI 3.1 document. Its parts are openapi/*.json, one file per resource.
// Each part is `{"paths": {…}, "components": {…}}`. This code adds everything that follows from the list of
// routes: the required token, the headers of every answer, and the common refusals. Thread rule: made once,
// then a constant.
#pragma once

#include <span>
#include <string_view>

#include "base/json.hpp"
#include "http_api/request/route.hpp"

namespace togglecast::http_api {

/// The parts, compiled into the program.
[[nodiscard]] std::span<const std::string_view> openapi_fragments() noexcept;

/// Joins the parts and adds everything else. Throws when a part is not JSON; a test guards against that.
[[nodiscard]] json::object make_openapi(std::span<const std::string_view> fragments,
                                        std::span<const Route> routes, std::string_view version);

}  // namespace togglecast::http_api
