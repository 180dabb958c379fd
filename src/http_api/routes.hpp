// All routes of the REST API. Thread rule: a constant.
#pragma once

#include <span>

#include "http_api/request/route.hpp"

namespace togglecast::http_api {

[[nodiscard]] std::span<const Route> routes() noexcept;

}  // namespace togglecast::http_api
