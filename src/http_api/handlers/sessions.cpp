// Login, logout, and the caller's own password.
#include "domain/schema/environment.hpp"
#include "domain/schema/fields.hpp"
#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"
#include "http_api/oidc/oidc_routes.hpp"
#include "web/address.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::size_t kLongestUsername = 64;

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
  wanted.session.environment = in.key("environment").value_or(call->api().options().environment);
  in.require({"username", "password"});
  if (auto ok = in.finish(); !ok) return call->refuse(ok.error());
  if (!call->peer().loopback || !call->api().options().exempt_loopback)
    wanted.throttled_as = web::address_key(call->peer().address);
  wanted.session.device = call->request().headers.value("User-Agent");
  wanted.session.address = call->peer().address;

  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().admins().login(
      wanted, *options, [call, environment = wanted.session.environment](Result<service::LoggedIn> answer) {
        call->resume([call, environment, answer = std::move(answer)] {
          if (!answer) return call->refuse(answer.error());
          const auto& model = call->application().model();
          const std::int64_t epoch = model.current(domain::kSystemEnvironment)->head().epoch;
          call->answer({.body = json::object{{"token", answer->token.reveal()},
                                             {"expires_at", to_iso8601(answer->expires_at)},
                                             {"environment", environment},
                                             {"admin", domain::with_etag(answer->admin, epoch)}},
                        .revision = model.current(environment)->revision(),
                        .replayed = answer->replayed});
        });
      });
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
