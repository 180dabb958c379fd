// The cookies that this server sets in browsers, and the proof that a page of its own sends one back.
//
// A session's refresh token may lie in a cookie: HttpOnly, SameSite=Strict, Path=/api/v1/auth, and Secure on
// https. It counts only with a proof that no other site can give (decision 0056): `Sec-Fetch-Site:
// same-origin`, or, from a browser that does not send it, an `Origin` that is ours; and JSON as the content
// type, which forms cannot send. Thread rule: pure functions.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"

namespace togglecast::http_api {

class Call;

/// The origin under which the caller reaches this server: the --public-url of the host that it asked for, or
/// else that host.
[[nodiscard]] std::string own_origin(const Call& call);

struct Cookie {
  std::string_view name;
  std::string_view value;  ///< empty: the browser removes the cookie
  std::chrono::seconds life{};
  std::string_view path;
  std::string_view same_site = "Lax";
};
/// A field Set-Cookie. It is for this server alone: HttpOnly, and Secure on https.
[[nodiscard]] std::string cookie_field(const Call& call, const Cookie& cookie);

/// The fields that keep a refresh token until this time, and that remove it.
[[nodiscard]] std::string refresh_cookie_field(const Call& call, const Secret& token, UnixMillis until);
[[nodiscard]] std::string no_refresh_cookie_field(const Call& call);

/// The refresh token in the request's cookie; empty without one.
[[nodiscard]] Secret refresh_cookie_of(const Call& call);
/// `forbidden`, with what is missing, unless a page of this server sends the request.
[[nodiscard]] Result<void> check_own_page(const Call& call);

}  // namespace togglecast::http_api
