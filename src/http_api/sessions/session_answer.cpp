#include "http_api/sessions/session_answer.hpp"

#include <utility>

#include "domain/schema/environment.hpp"
#include "domain/schema/version.hpp"
#include "http_api/sessions/cookies.hpp"

namespace togglecast::http_api {

json::object session_body(const Call& call, const service::LoggedIn& session, Keeps keeps) {
  const std::int64_t epoch = call.application().model().current(domain::kSystemEnvironment)->head().epoch;
  json::object body{{"token", session.token.reveal()},
                    {"expires_at", to_iso8601(session.expires_at)},
                    {"session", json::object{{"id", session.session},
                                             {"expires_at", to_iso8601(session.session_expires_at)}}},
                    {"environment", session.environment},
                    {"admin", domain::with_etag(session.admin, epoch)}};
  if (keeps == Keeps::body) body["refresh_token"] = session.refresh_token.reveal();
  if (session.duty != auth::Duty::none) body[to_string(session.duty)] = true;
  return body;
}

void answer_session(const CallPtr& call, const service::LoggedIn& session, Keeps keeps) {
  Answer answer{.body = session_body(*call, session, keeps), .replayed = session.replayed};
  if (const auto state = call->application().model().current(session.environment); state != nullptr)
    answer.revision = state->revision();
  if (keeps == Keeps::cookie)
    answer.cookies.push_back(refresh_cookie_field(*call, session.refresh_token, session.session_expires_at));
  call->answer(std::move(answer));
}

service::SessionStart session_start(const Call& call, std::string environment) {
  return {std::move(environment), std::string(call.request().headers.value("User-Agent")),
          call.peer().address};
}

}  // namespace togglecast::http_api
