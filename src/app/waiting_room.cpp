#include "app/waiting_room.hpp"

#include <string>
#include <utility>

#include "app/listeners.hpp"
#include "app/wiring.hpp"
#include "web/own_responses.hpp"

namespace togglecast::app {
namespace {

constexpr const char* kComeBackAfter = "2";

web::HttpHandler status(unsigned code, const char* word) {
  return [code, body = json::serialize(json::object{{"status", word}})](const web::ExchangePtr& exchange) {
    wire::http::Response response;
    response.status = code;
    response.headers.add("Content-Type", "application/json");
    response.headers.add("Cache-Control", "no-store");
    if (code == 503) response.headers.add("Retry-After", kComeBackAfter);
    response.body = body;
    exchange->respond(std::move(response));
  };
}

void refuse(const web::ExchangePtr& exchange) {
  auto response =
      web::error_response(503, "unavailable", "the server starts: it waits for its database; try again");
  response.headers.add("Retry-After", kComeBackAfter);
  exchange->respond(std::move(response));
}

web::Router routes() {
  web::Router router;
  const web::RouteOptions probe{.any_host = true};
  router.add(wire::http::Method::get, "/healthz", status(200, "ok"), probe);
  router.add(wire::http::Method::get, "/readyz", status(503, "store_away"), probe);
  router.mount("/", refuse);
  return router;
}

}  // namespace

WaitingRoom::WaitingRoom(const Settings& settings, std::shared_ptr<net::TlsContext> tls, observe::Log& log)
    : settings_(settings),
      tls_(std::move(tls)),
      shards_(1, &log),
      http_(shards_, routes(), http_options(settings)) {}

WaitingRoom::~WaitingRoom() {
  if (!open_) return;
  shards_.stop_listening();
  http_.close_all();
  shards_.stop();
}

Result<void> WaitingRoom::open() {
  if (settings_.port == 0) return {};
  net::ListenOptions options;
  options.port = settings_.port;
  options.tls = tls_;
  const auto port = listen_on(shards_, settings_.listen, options, http_.accept_handler(), "--port");
  if (!port) return tl::unexpected(port.error());
  shards_.start();
  open_ = true;
  return {};
}

}  // namespace togglecast::app
