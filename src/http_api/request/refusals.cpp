// Answers requests that never become a call: unknown methods, unknown paths, unreadable requests, foreign
// origins.
#include <algorithm>
#include <array>
#include <charconv>

#include "http_api/request/access.hpp"
#include "http_api/request/api.hpp"
#include "http_api/request/ofrep_problem.hpp"
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

// Of the body; nothing when it comes in chunks.
std::optional<std::uint64_t> announced_length(const wire::http::Request& request) {
  std::uint64_t length = 0;
  const std::string_view text = request.headers.value("Content-Length");
  if (std::from_chars(text.data(), text.data() + text.size(), length).ec != std::errc{}) return std::nullopt;
  return length;
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
          add_revision_header(request, exchange->peer().address, response.headers);
          return exchange->respond(std::move(response));
        }
        auto response = cors_.preflight(request);
        response.headers.add("Allow", allow);
        add_revision_header(request, exchange->peer().address, response.headers);
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
  for (const char* prefix : {"/api/", "/ofrep/"}) {
    router.mount(
        prefix,
        [this](const web::ExchangePtr& exchange) {
          const Error error{
              Errc::not_found,
              "there is no path " + exchange->request().path + "; /api/v1/openapi.json lists all paths",
              {}};
          respond(exchange, problem(error, exchange->id()));
        },
        route_options());
  }
}

web::RouteOptions Api::route_options(const Route* route) {
  web::RouteOptions options;
  options.body_limit = options_.max_body;
  const LargeBodies large = large_bodies_of(route);
  const bool by_ofrep = route != nullptr && route->effect == Effect::ofrep;
  options.refuse = [this, large, by_ofrep](const wire::http::Request& request, unsigned status,
                                           std::string_view message) {
    return status == 413 ? too_large(request, large, by_ofrep) : unread(request, status, message, by_ofrep);
  };
  options.refuse_host = [this](const web::Exchange& exchange, unsigned status, std::string_view message) {
    const Errc code = status == 400 ? Errc::parse_error : Errc::forbidden;
    auto response = problem({code, std::string(message), {}}, exchange.id(), status);
    cors_.decorate(exchange.request(), response.headers);
    return response;
  };
  if (large.bytes <= options_.max_body) return options;
  options.body_limit_of = [this, large](const wire::http::Request& request) {
    return may_send_large_body(request, large.bytes, large.action) && large_bodies_ <= kLargeBodies
               ? large.bytes
               : options_.max_body;
  };
  // The server asks for this before it asks for the limit, and drops it when the body is complete.
  options.on_headers = [this, large](const wire::http::Request& request, net::Shard&) -> web::BodyAborted {
    if (!may_send_large_body(request, large.bytes, large.action)) return {};
    return [place = std::make_shared<LargeBody>(large_bodies_)](unsigned) {};
  };
  return options;
}

Api::LargeBodies Api::large_bodies_of(const Route* route) const {
  if (route != nullptr && route->takes_large_bodies())
    return {options_.max_write_body, *route->action, "--max-write-body"};
  if (route != nullptr && route->takes_bytes())
    return {std::max(options_.max_body, application_.assets().options().size), *route->action,
            "--asset-size"};
  return {};
}

bool Api::may_send_large_body(const wire::http::Request& request, std::size_t most,
                              auth::Action action) const {
  if (announced_length(request).value_or(most) <= options_.max_body) return false;
  const auto who = identify(request, std::nullopt);
  // Only what changes something may be large.
  return who && who->may(action) && auth::permission(action).least > domain::Role::viewer;
}

wire::http::Response Api::too_large(const wire::http::Request& request, const LargeBodies& large,
                                    bool by_ofrep) {
  const auto of = [](std::size_t bytes, std::string_view option) {
    return "the limit is " + std::to_string(bytes) + " bytes (" + std::string(option) + ")";
  };
  if (large.bytes == 0)
    return unread(request, 413, "the body is too long; " + of(options_.max_body, "--max-payload"), by_ofrep);
  if (!may_send_large_body(request, large.bytes, large.action))
    return unread(request, 413,
                  "the body is too long; without the token of an editor or owner " +
                      of(options_.max_body, "--max-payload"));
  const bool fits = announced_length(request).value_or(0) <= large.bytes;
  if (!fits || large_bodies_ < kLargeBodies)
    return unread(request, 413, "the body is too long; " + of(large.bytes, large.option));
  bodies_limited_.add();
  log_.limit("large bodies", {"path", std::string_view(request.path).substr(0, kLoggedPath)});
  return unread(request, 503, "the server is reading many large bodies at the moment; try again");
}

void Api::respond(const web::ExchangePtr& exchange, wire::http::Response response) const {
  add_revision_header(exchange->request(), exchange->peer().address, response.headers);
  cors_.decorate(exchange->request(), response.headers);
  exchange->respond(std::move(response));
}

// Only an exchange has an id, and an unread request is none. So this function makes an id.
wire::http::Response Api::unread(const wire::http::Request& request, unsigned status,
                                 std::string_view message, bool by_ofrep) {
  const std::string id = unread_prefix_ + std::to_string(++unread_);
  const Errc code = code_of_unread(status);
  log_.info("request", {{"request_id", id},
                        {"method", request.method_text},
                        {"path", std::string_view(request.path).substr(0, kLoggedPath)},
                        {"status", status},
                        {"code", to_string(code)}});
  const Error error{code, std::string(message), {}};
  // 503 carries Retry-After.
  auto response = by_ofrep ? ofrep_problem(error, id, status, {}, {}) : problem(error, id, status);
  response.headers.add("X-Request-Id", id);
  add_revision_header(request, {}, response.headers);
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

Result<service::Principal> Api::identify(const wire::http::Request& request,
                                         std::optional<std::string_view> address) const {
  const auto token = bearer_token(request);
  if (!token) return tl::unexpected(token.error());
  return application_.authenticator().authenticate(*token, address);
}

void Api::add_revision_header(const wire::http::Request& request, std::string_view address,
                              wire::http::Headers& headers) const {
  const auto who = identify(request, address);
  if (!who) return;
  const auto current = application_.model().current(who->environment);
  if (current == nullptr) return;
  headers.add("Togglecast-Revision", std::to_string(current->revision()));
  headers.add("Togglecast-Epoch", std::to_string(current->head().epoch));
}

}  // namespace togglecast::http_api
