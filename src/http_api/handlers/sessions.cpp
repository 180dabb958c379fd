// Login, refresh, logout, and the caller's own password.
#include "domain/schema/environment.hpp"
#include "domain/schema/fields.hpp"
#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"
#include "http_api/oidc/oidc_routes.hpp"
#include "http_api/sessions/cookies.hpp"
#include "http_api/sessions/session_answer.hpp"
#include "web/address.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::size_t kLongestUsername = 64;
constexpr std::size_t kLongestRefreshToken = 4'096;  // a longer one is none of ours

// A refusal that only wants the code of the second factor has a code of its own.
void refuse_login_of(Call& call, const Error& error) {
  const bool wants_code = error.code == Errc::unauthenticated && !error.details.empty();
  call.refuse(error, 0, wants_code ? json::object{{"code", "second_factor_required"}} : json::object{});
}

service::LoginDone answer_with_session(const CallPtr& call, Keeps keeps) {
  return [call, keeps](Result<service::LoggedIn> answer) {
    call->resume([call, keeps, answer = std::move(answer)] {
      answer ? answer_session(call, *answer, keeps) : refuse_login_of(*call, answer.error());
    });
  };
}

// Sessions live in the environment `system`. The answer carries the revision of the caller's environment
// instead.
changes::Done answer_no_content(const CallPtr& call) {
  return [call](Result<changes::Written> written) {
    call->resume([call, written = std::move(written)] {
      if (!written) return refuse_write(*call, written.error(), {domain::Kind::admin, call->who().id});
      call->answer({.status = 204, .replayed = written->replayed});
    });
  };
}

// The same; the caller's own session takes its cookie with it.
changes::Done answer_ended(const CallPtr& call, bool own) {
  return [call, own](Result<changes::Written> written) {
    call->resume([call, own, written = std::move(written)] {
      if (!written) return refuse_write(*call, written.error(), {domain::Kind::admin, call->who().id});
      Answer answer{.status = 204, .replayed = written->replayed};
      if (own) answer.cookies.push_back(no_refresh_cookie_field(*call));
      call->answer(std::move(answer));
    });
  };
}

// The admin whose sessions are meant; 0: the caller.
Result<domain::Id> admin_parameter(const Call& call) {
  if (!call.request().query.contains("admin")) return 0;
  const domain::Id admin = domain::parse_id(call.request().query.value("admin"));
  if (admin == 0) return fail(Errc::invalid_argument, "the parameter admin must be the id of an admin");
  return admin;
}

json::object session_as_json(const service::ShownSession& session) {
  const domain::TokenRecord& record = *session.record;
  return {{"id", record.id},
          {"admin_id", record.subject_id},
          {"environment", record.environment},
          {"method", domain::to_string(record.method)},
          {"device", record.device},
          {"address", record.address},
          {"created_at", to_iso8601(record.created_at)},
          {"last_used_at", to_iso8601(session.used_at)},
          {"expires_at", to_iso8601(session.expires_at)},
          {"current", session.current}};
}

// The service names the field `/password`; this request calls it `new`.
Error with_field_new(Error error) {
  for (FieldIssue& issue : error.details) {
    if (issue.pointer != "/password") continue;
    issue.pointer = "/new";
    error.message = "/new " + issue.reason;
  }
  return error;
}

}  // namespace

void login(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  domain::FieldReader in(*body);
  service::Login wanted;
  wanted.username = in.text("username", kLongestUsername).value_or("");
  wanted.password = Secret(in.text("password", auth::kMaxPassword).value_or(""));
  wanted.code = Secret(in.text("code", auth::kMaxCode).value_or(""));
  wanted.session = session_start(*call, in.key("environment").value_or(call->api().options().environment));
  const Keeps keeps = in.boolean("cookie").value_or(false) ? Keeps::cookie : Keeps::body;
  in.require({"username", "password"});
  if (auto ok = in.finish(); !ok) return call->refuse(ok.error());
  if (keeps == Keeps::cookie)
    if (auto own = check_own_page(*call); !own) return call->refuse(own.error());
  if (!call->peer().loopback || !call->api().options().exempt_loopback)
    wanted.throttled_as = web::address_key(call->peer().address);

  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().admins().login(wanted, *options, answer_with_session(call, keeps));
}

void refresh_session(const CallPtr& call) {
  const auto body = call->optional_body();
  if (!body) return call->refuse(body.error());
  domain::FieldReader in(*body);
  Secret token(in.text("refresh_token", kLongestRefreshToken).value_or(""));
  std::string environment = in.key("environment").value_or("");
  if (auto ok = in.finish(); !ok) return call->refuse(ok.error());
  Keeps keeps = Keeps::body;
  if (json::find(*body, "refresh_token") == nullptr) {
    token = refresh_cookie_of(*call);
    keeps = Keeps::cookie;
    if (token.empty())
      return call->refuse({Errc::unauthenticated,
                           "there is no session to refresh: neither /refresh_token nor a cookie; log in",
                           {}});
    if (auto own = check_own_page(*call); !own) return call->refuse(own.error());
  }
  call->application().sessions().refresh({std::move(token), call->peer().address, std::move(environment)},
                                         answer_with_session(call, keeps));
}

void logout(const CallPtr& call) {
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().admins().logout(call->who(), *options, [call](Result<changes::Written> written) {
    call->resume([call, written = std::move(written)] {
      if (!written) return refuse_write(*call, written.error(), {domain::Kind::admin, call->who().id});
      answer_logout(call, written->replayed);
    });
  });
}

void list_sessions(const CallPtr& call) {
  const auto admin = admin_parameter(*call);
  if (!admin) return call->refuse(admin.error());
  call->application().session_list().list(call->who(), *admin,
                                          [call](const Result<std::vector<service::ShownSession>>& sessions) {
                                            if (!sessions) return call->refuse(sessions.error());
                                            json::array items;
                                            for (const service::ShownSession& one : *sessions)
                                              items.push_back(session_as_json(one));
                                            call->answer({.body = json::object{{"items", std::move(items)}}});
                                          });
}

void end_session(const CallPtr& call) {
  const auto session = call->id("id");
  if (!session) return call->refuse(session.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  const bool own = *session == call->who().token_id;
  call->application().session_list().end(call->who(), *session, *options, answer_ended(call, own));
}

void end_sessions(const CallPtr& call) {
  const auto admin = admin_parameter(*call);
  if (!admin) return call->refuse(admin.error());
  const auto keep = call->flag("keep_current", false);
  if (!keep) return call->refuse(keep.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  const bool own = !*keep && (*admin == 0 || *admin == call->who().id);
  call->application().session_list().end_all(call->who(), *admin, *keep, *options, answer_ended(call, own));
}

void change_password(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  domain::FieldReader in(*body);
  const Secret current(in.text("current", auth::kMaxPassword).value_or(""));
  const Secret next(in.text("new", auth::kMaxPassword).value_or(""));
  in.require({"current", "new"});
  if (auto ok = in.finish(); !ok) return call->refuse(ok.error());

  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  const auto done = answer_no_content(call);
  call->application().admins().change_password(call->who(), current, next, *options,
                                               [done](Result<changes::Written> written) {
                                                 if (!written)
                                                   written = tl::unexpected(with_field_new(written.error()));
                                                 done(std::move(written));
                                               });
}

}  // namespace togglecast::http_api
