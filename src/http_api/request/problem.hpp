// Errors as answers: problem details (RFC 9457) that also carry our `error` object. Thread rule: pure
// functions.
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

/// `status` 0: the one that belongs to the code. 401 names the scheme, 429 and 503 say when to come back.
/// `more` are members that this problem has besides those of every problem.
[[nodiscard]] wire::http::Response problem(const Error& error, std::string_view request_id,
                                           unsigned status = 0, const json::object& more = {});

/// The code of a request that was refused with this status before it was read whole.
[[nodiscard]] Errc code_of_unread(unsigned status) noexcept;

}  // namespace togglecast::http_api
