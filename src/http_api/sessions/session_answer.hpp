// How a session is handed out. Every login and every refresh ends here, whatever proved who the caller is.
// Thread rule: `answer_session` on any thread; the rest are pure functions.
#pragma once

#include <memory>

#include "http_api/request/call.hpp"
#include "service/accounts/session_service.hpp"

namespace togglecast::http_api {

/// Where the refresh token goes.
enum class Keeps : bool {
  body,   ///< into the answer, for a program
  cookie  ///< into a cookie, which the scripts of a page cannot read
};

/// `{token, expires_at, session, environment, admin, refresh_token?}`, and what the session must be used for
/// first.
[[nodiscard]] json::object session_body(const Call& call, const service::LoggedIn& session, Keeps keeps);

/// The answer to a login, or to a refresh, that succeeded.
void answer_session(const CallPtr& call, const service::LoggedIn& session, Keeps keeps);

/// What a login says of the caller's device.
[[nodiscard]] service::SessionStart session_start(const Call& call, std::string environment);

}  // namespace togglecast::http_api
