// The description of the API: OpenAPI 3.1, one document. People write its parts, openapi/*.json, one file per
// resource, each `{"paths": {…}, "components": {…}}`; what follows from the list of routes is added here, so
// that no part has to repeat it: who may ask, the headers that every answer carries, and the refusals that
// every request of its sort may get. Thread rule: made once, then a constant.
#pragma once

#include <span>
#include <string_view>

#include "base/json.hpp"
#include "http_api/request/route.hpp"

namespace togglecast::http_api {

/// The parts as they were written; compiled into the program.
[[nodiscard]] std::span<const std::string_view> openapi_fragments() noexcept;

/// The parts joined, with everything added. Throws when a part is not JSON: tests would have found that.
[[nodiscard]] json::object make_openapi(std::span<const std::string_view> fragments,
                                        std::span<const Route> routes, std::string_view version);

}  // namespace togglecast::http_api
