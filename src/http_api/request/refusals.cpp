// Answers requests that never become a call: unknown methods, unknown paths, unreadable requests, foreign
// origins.
#include <algorithm>
#include <array>

#include "http_api/request/access.hpp"
#include "http_api/request/api.hpp"
#include "http_api/request/problem.hpp"
#include "http_api/request/route.hpp"

namespace togglecast::http_api {
namespace {

using wire::http::Method;

constexpr std::array kMethods{Method::get,   Method::post, Method::put,
                              Method::patch, Method::del,  Method::other};

std::string allowed_on(const std::vector<const Route*>& routes_of_path) {
  std::string allow;
  for (const Route* route : routes_of_path)
    allow += std::string(wire::http::to_string(route->method)) +
             (route->method == Method::get ? ", HEAD, " : ", ");
  return allow + "OPTIONS";
}

}  // namespace

// Answers OPTIONS for browsers, and refuses every other method with a problem.
void Api::add_refusals(web::Router& router, const std::vector<const Route*>& routes_of_path) {
  const std::string allow = allowed_on(routes_of_path);
  const std::string_view pattern = routes_of_path.front()->pattern;
  router.add(
      Method::options, pattern,
      [this, allow](const web::ExchangePtr& exchange) {
        const auto& request = exchange->request();
        if (!cors_.allows(request, exchange->peer())) {
          auto response = problem(foreign(request, exchange->id(), exchange->peer()), exchange->id());
          add_revision_header(request, response.headers);
          return exchange->respond(std::move(response));
        }
        auto response = cors_.preflight(request);
        response.headers.add("Allow", allow);
        add_revision_header(request, response.headers);
        exchange->respond(std::move(response));
      },
      route_options());
  for (const Method method : kMethods) {
    const bool served = std::any_of(routes_of_path.begin(), routes_of_path.end(),
                                    [method](const Route* route) { return route->method == method; });
    if (served) continue;
    router.add(
        method, pattern,
        [this, allow](const web::ExchangePtr& exchange) {
          const std::string message =
              exchange->request().method_text + " is not allowed on this path; allowed are " + allow;
          auto response = problem({Errc::not_found, message, {}}, exchange->id(), 405);
          response.headers.add("Allow", allow);
          respond(exchange, std::move(response));
        },
        route_options());
  }
}

void Api::add_refusals(web::Router& router) {
  router.mount(
      "/api/",
      [this](const web::ExchangePtr& exchange) {
        const Error error{
            Errc::not_found,
            "there is no path " + exchange->request().path + "; /api/v1/openapi.json lists all paths",
            {}};
        respond(exchange, problem(error, exchange->id()));
      },
      route_options());
}

web::RouteOptions Api::route_options() {
  web::RouteOptions options;
  options.body_limit = options_.max_body;
  options.refuse = [this](const wire::http::Request& request, unsigned status, std::string_view message) {
    return unread(request, status, message);
  };
  options.refuse_host = [this](const web::Exchange& exchange, unsigned status, std::string_view message) {
    const Errc code = status == 400 ? Errc::parse_error : Errc::forbidden;
    auto response = problem({code, std::string(message), {}}, exchange.id(), status);
    cors_.decorate(exchange.request(), response.headers);
    return response;
  };
  return options;
}

void Api::respond(const web::ExchangePtr& exchange, wire::http::Response response) const {
  add_revision_header(exchange->request(), response.headers);
  cors_.decorate(exchange->request(), response.headers);
  exchange->respond(std::move(response));
}

// Only an exchange has an id, and an unread request is none. So this function makes an id.
wire::http::Response Api::unread(const wire::http::Request& request, unsigned status,
                                 std::string_view message) {
  const std::string id = unread_prefix_ + std::to_string(++unread_);
  const Errc code = code_of_unread(status);
  log_.info("request", {{"request_id", id},
                        {"method", request.method_text},
                        {"path", std::string_view(request.path).substr(0, kLoggedPath)},
                        {"status", status},
                        {"code", to_string(code)}});
  auto response = problem({code, std::string(message), {}}, id, status);
  response.headers.add("X-Request-Id", id);
  add_revision_header(request, response.headers);
  cors_.decorate(request, response.headers);
  return response;
}

// The browser hides the reason from the page. The log line tells the operator which option helps.
Error Api::foreign(const wire::http::Request& request, std::string_view request_id, const web::Peer& peer) {
  foreign_origins_.add();
  Error error = foreign_origin(request, options_.origin_option);
  log_.info("origin refused",
            {{"request_id", request_id}, {"reason", error.message}, {"address", peer.address}});
  return error;
}

Result<service::Principal> Api::identify(const wire::http::Request& request) const {
  const auto token = bearer_token(request);
  if (!token) return tl::unexpected(token.error());
  return application_.authenticator().authenticate(*token);
}

void Api::add_revision_header(const wire::http::Request& request, wire::http::Headers& headers) const {
  const auto who = identify(request);
  if (!who) return;
  if (const auto current = application_.model().current(who->environment))
    headers.add("Togglecast-Revision", std::to_string(current->revision()));
}

}  // namespace togglecast::http_api
