// Refusals in the form of OFREP: a problem that also has `key`, `errorCode` and `errorDetails`.
// Thread rule: pure functions.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "wire/http/message.hpp"

namespace togglecast::http_api {

/// OpenFeature's code for an error of ours: `INVALID_CONTEXT`.
[[nodiscard]] std::string_view ofrep_code(Errc code) noexcept;

/// `flag`: the key in the path; empty: the request is for all flags. `status` and `more`: see `problem`.
[[nodiscard]] wire::http::Response ofrep_problem(const Error& error, std::string_view request_id,
                                                 unsigned status, std::string_view flag,
                                                 const json::object& more);

}  // namespace togglecast::http_api
