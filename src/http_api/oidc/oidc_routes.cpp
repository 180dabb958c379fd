#include "http_api/oidc/oidc_routes.hpp"

#include <algorithm>

#include "domain/schema/environment.hpp"
#include "domain/schema/version.hpp"
#include "http_api/oidc/oidc_answers.hpp"
#include "http_api/request/call.hpp"
#include "http_api/sessions/cookies.hpp"
#include "http_api/sessions/session_answer.hpp"
#include "service/duties/duties.hpp"
#include "web/address.hpp"
#include "wire/http/cookies.hpp"

namespace togglecast::http_api {
namespace {

namespace oidc = service::oidc;

// The ID token of the last login, with which the provider knows whose session a logout ends. Large ones are
// left out: then the provider asks the person.
constexpr std::string_view kHintCookie = "togglecast_oidc_hint";
constexpr std::string_view kHintPath = "/api/v1/auth/logout";
constexpr std::size_t kLongestHint = 3'500;

// Null, and the call is answered, without a provider.
oidc::LoginService* provider_of(const CallPtr& call) {
  oidc::LoginService* service = call->application().oidc();
  if (service == nullptr)
    refuse_login(call, {Errc::not_found,
                        "this server has no login by OpenID Connect; an operator adds one with --oidc-issuer",
                        {}});
  return service;
}

// A parameter may stand once (RFC 6749, section 3.1); others than ours are ignored (section 4.1.2).
Result<void> check_once(const wire::http::Query& query) {
  for (const std::string_view name :
       {"return_to", "environment", "state", "code", "iss", "error", "logout_token"}) {
    const auto& all = query.parameters();
    const auto count =
        std::count_if(all.begin(), all.end(), [name](const auto& one) { return one.first == name; });
    if (count > 1)
      return fail(Errc::invalid_argument,
                  "the parameter " + std::string(name) + " appears " + std::to_string(count) + " times");
  }
  return {};
}

service::WriteOptions from_call(const Call& call) {
  service::WriteOptions options;
  options.source = changes::Source::rest;
  options.request_id = call.request_id();
  return options;
}

// Loopback may be left out of limits by address.
std::string limited_address(const Call& call) {
  if (call.peer().loopback && call.api().options().exempt_loopback) return {};
  return web::address_key(call.peer().address);
}

void send_away(const CallPtr& call, const oidc::Departure& departure) {
  wire::http::Response response;
  response.headers.add(
      "Set-Cookie", cookie_field(*call, {departure.cookie, departure.ticket, oidc::kTicketLife, kOidcPath}));
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Referrer-Policy", "no-referrer");
  if (wants_json(call->request())) {
    response.headers.add("Content-Type", "application/json");
    response.body =
        json::serialize(json::object{{"url", departure.url}, {"expires_in", oidc::kTicketLife.count()}});
  } else {
    response.status = 302;
    response.headers.add("Location", departure.url);
  }
  call->respond(std::move(response));
}

// The session, for a program. A browser gets it as a cookie, and goes to the page from which it came: that
// page refreshes.
void let_in(const CallPtr& call, const oidc::Welcome& welcome, std::string_view cookie) {
  const service::LoggedIn& session = welcome.session;
  wire::http::Response response;
  response.headers.add("Set-Cookie", cookie_field(*call, {cookie, {}, {}, kOidcPath}));
  if (welcome.id_token.reveal().size() <= kLongestHint)
    response.headers.add("Set-Cookie",
                         cookie_field(*call, {kHintCookie, welcome.id_token.reveal(),
                                              call->application().oidc()->options().session, kHintPath}));
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Referrer-Policy", "no-referrer");
  if (wants_json(call->request())) {
    response.headers.add("Content-Type", "application/json");
    response.body = json::serialize(session_body(*call, session, Keeps::body));
  } else {
    response.headers.add("Set-Cookie",
                         refresh_cookie_field(*call, session.refresh_token, session.session_expires_at));
    response.status = 303;
    response.headers.add("Location", welcome.return_path);
  }
  call->respond(std::move(response));
}

}  // namespace

void login_methods(const CallPtr& call) {
  json::array methods;
  const auto system = call->application().model().current(domain::kSystemEnvironment);
  if (service::settings_of(*system).password_login)
    methods.push_back(json::object{{"type", "password"},
                                   {"url", "/api/v1/auth/login"},
                                   {"second_factor", json::array{"totp", "recovery_code"}}});
  if (const oidc::LoginService* service = call->application().oidc())
    methods.push_back(json::object{
        {"type", "oidc"}, {"name", service->options().name}, {"url", std::string(kOidcPath) + "/login"}});
  call->answer({.body = json::object{{"methods", std::move(methods)}}});
}

void oidc_login(const CallPtr& call) {
  oidc::LoginService* service = provider_of(call);
  if (service == nullptr) return;
  const auto& query = call->request().query;
  if (auto ok = check_once(query); !ok) return refuse_login(call, ok.error());
  const std::string path(query.contains("return_to") ? query.value("return_to") : "/");
  service->begin(std::string(query.value("environment")), path,
                 own_origin(*call) + std::string(kOidcPath) + "/callback",
                 [call](Result<oidc::Departure> departure) {
                   call->resume([call, departure = std::move(departure)] {
                     departure ? send_away(call, *departure) : refuse_login(call, departure.error());
                   });
                 });
}

void oidc_callback(const CallPtr& call) {
  oidc::LoginService* service = provider_of(call);
  if (service == nullptr) return;
  const auto& query = call->request().query;
  if (auto ok = check_once(query); !ok) return refuse_login(call, ok.error());
  oidc::Arrival arrival;
  arrival.state = query.value("state");
  arrival.code = query.value("code");
  arrival.error = query.value("error");
  if (query.contains("iss")) arrival.issuer = query.value("iss");
  const std::string cookie = oidc::cookie_name_of(arrival.state);
  if (!cookie.empty())
    arrival.ticket = wire::http::cookie(call->request().headers.value("Cookie"), cookie).value_or("");
  arrival.environment = call->api().options().environment;
  arrival.device = call->request().headers.value("User-Agent");
  arrival.address = call->peer().address;
  arrival.throttled_as = limited_address(*call);
  service->finish(std::move(arrival), from_call(*call), [call, cookie](Result<oidc::Welcome> welcome) {
    call->resume([call, cookie, welcome = std::move(welcome)] {
      welcome ? let_in(call, *welcome, cookie) : refuse_login(call, welcome.error(), cookie);
    });
  });
}

void answer_logout(const CallPtr& call, bool replayed) {
  oidc::LoginService* service = call->application().oidc();
  const auto admin = call->application()
                         .model()
                         .current(domain::kSystemEnvironment)
                         ->find<domain::AdminUser>(call->who().id);
  if (service == nullptr || admin == nullptr || !admin->identity)
    return call->answer({.status = 204, .replayed = replayed, .cookies = {no_refresh_cookie_field(*call)}});
  const auto hint = wire::http::cookie(call->request().headers.value("Cookie"), kHintCookie);
  service->logout_url(
      own_origin(*call) + '/', std::string(hint.value_or("")), [call](const std::string& url) {
        call->resume([call, url] {
          wire::http::Response response;
          response.headers.add("Set-Cookie", cookie_field(*call, {kHintCookie, {}, {}, kHintPath}));
          response.headers.add("Set-Cookie", no_refresh_cookie_field(*call));
          response.headers.add("Cache-Control", "no-store");
          response.headers.add("Content-Type", "application/json");
          const json::value place = url.empty() ? json::value(nullptr) : json::value(url);
          response.body = json::serialize(json::object{{"logout_url", place}});
          call->respond(std::move(response));
        });
      });
}

void oidc_backchannel_logout(const CallPtr& call) {
  oidc::LoginService* service = provider_of(call);
  if (service == nullptr) return;
  const wire::http::Query form(call->request().body);
  if (auto ok = check_once(form); !ok) return refuse_login(call, ok.error());
  service->end_sessions(
      std::string(form.value("logout_token")), from_call(*call), [call](Result<void> ended) {
        call->resume([call, ended = std::move(ended)] {
          if (!ended) {
            const bool ours =
                ended.error().code == Errc::unavailable || ended.error().code == Errc::rate_limited;
            return call->refuse(ended.error(), ours ? 0 : 400);  // section 2.8
          }
          call->answer({.status = 200});
        });
      });
}

}  // namespace togglecast::http_api
