// What the routes of OpenID Connect read of a request, and how they answer it. Thread rule: pure functions;
// `refuse_login` on the shard of its call.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "wire/http/message.hpp"

namespace togglecast::http_api {

class Call;
using CallPtr = std::shared_ptr<Call>;

inline constexpr std::string_view kOidcPath = "/api/v1/auth/oidc";

/// The caller asks for JSON, and for no page.
[[nodiscard]] bool wants_json(const wire::http::Request& request);
/// The caller is a browser that shows a page.
[[nodiscard]] bool wants_page(const wire::http::Request& request);

/// The origin under which the caller reaches this server: the --public-url of the host that it asked for, or
/// else that host.
[[nodiscard]] std::string own_origin(const Call& call);

/// A field Set-Cookie. It is for this server alone: HttpOnly, SameSite=Lax, and Secure on https. Without a
/// value it removes the cookie.
[[nodiscard]] std::string cookie_field(const Call& call, std::string_view name, std::string_view value,
                                       std::chrono::seconds life, std::string_view path = kOidcPath);

/// The same error as a page with a way back to the login, or as a problem. `cookie`: one that is removed.
void refuse_login(const CallPtr& call, const Error& error, std::string_view cookie = {});

}  // namespace togglecast::http_api
