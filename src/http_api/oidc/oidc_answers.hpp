// What the routes of OpenID Connect read of a request, and how they answer it. Thread rule: pure functions;
// `refuse_login` on the shard of its call.
#pragma once

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

/// The same error as a page with a way back to the login, or as a problem. `cookie`: one that is removed.
void refuse_login(const CallPtr& call, const Error& error, std::string_view cookie = {});

}  // namespace togglecast::http_api
