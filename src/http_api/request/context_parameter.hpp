// `?context={…}` in the form that a connection sends. Thread rule: a pure function.
#pragma once

#include <optional>

#include "base/error.hpp"
#include "base/json.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {

/// Nothing without the parameter.
[[nodiscard]] Result<std::optional<json::object>> context_parameter(const Call& call);

}  // namespace togglecast::http_api
