// Turns errors into answers: problem details (RFC 9457) with our `error` object. Thread rule: pure functions.
//
//   {"type":"about:blank","title":"Conflict","status":409,"detail":"…","code":"already_exists",
//    "errors":[{"pointer":"/key","reason":"is taken"}],"request_id":"…",
//    "error":{"code":"already_exists","message":"…","details":[…],"request_id":"…"}}
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "wire/http/message.hpp"

namespace togglecast::http_api {

[[nodiscard]] unsigned status_of(Errc code) noexcept;

/// `status` 0 means the status of the code. 401 carries `WWW-Authenticate`; 429 and 503 carry `Retry-After`.
/// `more` holds additional members of this problem; `code` among them takes the place of the error's.
[[nodiscard]] wire::http::Response problem(const Error& error, std::string_view request_id,
                                           unsigned status = 0, const json::object& more = {});

/// The code of a request that was refused with this status before it was completely read.
[[nodiscard]] Errc code_of_unread(unsigned status) noexcept;

}  // namespace togglecast::http_api
