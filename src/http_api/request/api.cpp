#include "http_api/request/api.hpp"

#include <array>
#include <cmath>
#include <exception>
#include <map>
#include <utility>

#include "base/random.hpp"
#include "http_api/request/access.hpp"
#include "http_api/request/call.hpp"
#include "http_api/request/problem.hpp"
#include "http_api/request/read_cost.hpp"
#include "http_api/request/route.hpp"
#include "service/accounts/log_field.hpp"

namespace togglecast::http_api {
namespace {

using wire::http::Method;

// A browser sends GET and HEAD for any page, so a foreign origin is no reason to refuse them.
bool is_read(Method method) { return method == Method::get || method == Method::head; }

std::string new_prefix() {
  constexpr std::size_t kBytes = 6;
  SystemRandom random;
  return random_token(random, kBytes) + '-';
}

web::CorsOptions with_our_headers(web::CorsOptions cors) {
  cors.exposed_headers = {"Accept-Ranges",
                          "Allow",
                          "Content-Range",
                          "ETag",
                          "Location",
                          "Retry-After",
                          "Togglecast-Revision",
                          "Togglecast-Epoch",
                          "X-Request-Id",
                          "Idempotency-Replayed",
                          "WWW-Authenticate"};
  std::vector<std::string> allowed = {"Authorization",
                                      "Content-Type",
                                      "Idempotency-Key",
                                      "If-Match",
                                      "If-None-Match",
                                      "If-Range",
                                      "Range",
                                      "Togglecast-Min-Revision",
                                      "Last-Event-ID",
                                      "X-API-Key",
                                      "Togglecast-Client",
                                      "traceparent",
                                      "tracestate",
                                      "baggage",
                                      "sentry-trace",
                                      "x-request-id"};
  allowed.insert(allowed.end(), cors.allowed_headers.begin(), cors.allowed_headers.end());
  cors.allowed_headers = std::move(allowed);
  return cors;
}

// A session whose admin must do something else first is told what by a code of its own.
void refuse_by_table(Call& call, const Error& error) {
  const bool by_duty = !auth::allows(call.who().duty, *call.route().action);
  call.refuse(error, 0, by_duty ? json::object{{"code", to_string(call.who().duty)}} : json::object{});
}

}  // namespace

std::string_view to_string(Phase phase) noexcept {
  switch (phase) {
    case Phase::starting:
      return "starting";
    case Phase::serving:
      return "ready";
    case Phase::draining:
      return "draining";
  }
  return "";
}

// Counts the requests of one route by the first digit of their status.
struct Api::Meter {
  explicit Meter(const Route& route) : of(route) {}

  void count(observe::Metrics& metrics, unsigned status) {
    auto& counter = by_class[status / 100 % by_class.size()];
    observe::Counter* known = counter.load(std::memory_order_acquire);
    if (known == nullptr) {
      known = &metrics.counter("togglecast_http_requests_total", "Answered requests by route and status.",
                               {{"method", std::string(wire::http::to_string(of.method))},
                                {"route", std::string(of.pattern)},
                                {"status", std::to_string(status / 100) + "xx"}});
      counter.store(known, std::memory_order_release);
    }
    known->add();
  }

  const Route& of;
  std::array<std::atomic<observe::Counter*>, 6> by_class{};
};

Api::Api(net::ShardPool& shards, std::span<const Route> routes, service::Application& application,
         Options options, const Clock& clock, observe::PeerLog log, observe::Metrics& metrics)
    : routes_(routes),
      application_(application),
      options_(std::move(options)),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      cors_(with_our_headers(options_.cors)),
      started_at_(clock.wall_now()),
      unread_prefix_(new_prefix()),
      writes_(options_.writes, "changes"),
      reads_(options_.reads, "reads"),
      asset_rates_(options_.assets, "too many bytes of assets in a short time; slow down (--asset-rate)"),
      evaluation_rates_(options_.evaluations,
                        "too many evaluations in a short time; slow down (--evaluation-rate)"),
      answers_(metrics),
      responses_(metrics),
      revisions_(shards, application.feed(), application.model()),
      seconds_(metrics.histogram("togglecast_http_request_seconds",
                                 "Time from a request to its answer, in seconds.",
                                 observe::duration_buckets())),
      foreign_origins_(metrics.counter("togglecast_http_foreign_origins_total",
                                       "Requests refused because the origin of their page is not allowed.")),
      writes_limited_(metrics.counter("togglecast_http_writes_limited_total",
                                      "Writes refused by the rate limit of their admin.")),
      reads_limited_(metrics.counter("togglecast_http_reads_limited_total",
                                     "Reads refused by the rate limit of their admin.")),
      assets_limited_(metrics.counter("togglecast_http_assets_limited_total",
                                      "Reads of assets refused because a reader read too many bytes.")),
      evaluations_limited_(
          metrics.counter("togglecast_http_evaluations_limited_total",
                          "Evaluations by OFREP refused by the rate limit of their reader.")),
      bodies_limited_(metrics.counter("togglecast_http_large_bodies_limited_total",
                                      "Large bodies refused because too many others were on their way.")),
      revision_missed_(
          metrics.counter("togglecast_http_min_revision_missed_total",
                          "Requests refused because Togglecast-Min-Revision was not reached in time.")) {}

Api::~Api() = default;

void Api::mount(web::Router& router) {
  std::map<std::string_view, std::vector<const Route*>> by_path;
  for (const Route& route : routes_) {
    add(router, route);
    by_path[route.pattern].push_back(&route);
  }
  for (const auto& [path, routes_of_path] : by_path) add_refusals(router, routes_of_path);
  add_refusals(router);
}

void Api::mount_metrics(web::Router& router) {
  for (const Route& route : routes_) {
    if (route.access != Access::operators && route.access != Access::probe) continue;
    web::RouteOptions options = route_options();
    options.any_host = options.drains = route.access == Access::probe;
    router.add(
        route.method, route.pattern,
        [this, &route](web::ExchangePtr exchange) {
          run(std::make_shared<Call>(*this, route, meters_.size(), std::move(exchange)));
        },
        std::move(options));
  }
}

void Api::add(web::Router& router, const Route& route) {
  const std::size_t meter = meters_.size();
  meters_.push_back(std::make_unique<Meter>(route));
  web::RouteOptions options = route_options(&route);
  options.any_host = options.drains = route.access == Access::probe;
  router.add(
      route.method, route.pattern,
      [this, &route, meter](web::ExchangePtr exchange) {
        serve(std::make_shared<Call>(*this, route, meter, std::move(exchange)));
      },
      std::move(options));
}

void Api::serve(const CallPtr& call) {
  const auto& request = call->request();
  const Access access = call->route().access;
  if (access == Access::probe) return run(call);
  auto who = identify(request, call->peer().address);
  if (const auto token = bearer_token(request); !who && token) {
    const bool looks = application_.authenticator().look_again(*token, [this, call] {
      call->shard().post([this, call] { serve_as(call, identify(call->request(), call->peer().address)); });
    });
    if (looks) return;
  }
  serve_as(call, who);
}

void Api::serve_as(const CallPtr& call, const Result<service::Principal>& who) {
  const auto& request = call->request();
  const Access access = call->route().access;
  if (who) call->who_ = *who;
  if (!is_read(request.method) && !cors_.allows(request, call->peer()))
    return call->refuse(foreign(request, call->request_id(), call->peer()));
  if (access == Access::open || access == Access::login) return run(call);
  if (!who) return call->refuse(who.error());
  // Clients have none of the limits below.
  if (who->kind == service::Principal::Kind::client) {
    if (auto allowed = service::require(*who, *call->route().action); !allowed)
      return call->refuse(allowed.error());
  }
  serve_known(call);
}

void Api::serve_known(const CallPtr& call) {
  if (call->route().is_limited()) {
    const bool writes = call->route().changes_state();
    const unsigned cost = writes ? 1 : read_cost(call->route(), call->request().query);
    if (auto taken = (writes ? writes_ : reads_).take(call->who().limit_key(), clock_.now(), cost); !taken) {
      (writes ? writes_limited_ : reads_limited_).add();
      log_.limit(writes ? "--write-rate" : "--read-rate", service::log_field(call->who()));
      return call->refuse(taken.error());
    }
  }
  if (auto allowed = service::require(call->who(), *call->route().action); !allowed)
    return refuse_by_table(*call, allowed.error());
  const auto wanted = call->min_revision();
  if (!wanted) return call->refuse(wanted.error());
  if (!*wanted) return run(call);
  const auto current = application_.model().current(call->who().environment);
  if (current != nullptr) {
    if (auto ok = (*wanted)->check(current->head().epoch); !ok)
      return call->route().effect == Effect::ofrep ? run(call) : call->refuse(ok.error());
  }
  const domain::Revision revision = (*wanted)->revision;
  revisions_.wait(call->shard(), call->who().environment, revision, options_.min_revision_wait,
                  [this, call, revision](bool arrived) {
                    if (arrived) return run_again_as(call, identify(call->request(), call->peer().address));
                    revision_missed_.add();
                    Error late{
                        Errc::unavailable,
                        "revision " + std::to_string(revision) + " has not arrived here yet; try again",
                        {}};
                    late.retry_after = std::chrono::seconds{1};
                    call->refuse(late);
                  });
}

// It has waited. The token may have been withdrawn in the meantime, or the role is another one.
void Api::run_again_as(const CallPtr& call, const Result<service::Principal>& who) {
  if (!who) return call->refuse(who.error());
  call->who_ = *who;
  if (auto allowed = service::require(*who, *call->route().action); !allowed)
    return refuse_by_table(*call, allowed.error());
  run(call);
}

void Api::run(const CallPtr& call) {
  const Access access = call->route().access;
  if (access == Access::admin || access == Access::login || access == Access::reader) {
    if (!call->content_is_acceptable())
      return call->refuse({Errc::invalid_argument,
                           call->request().method == Method::patch
                               ? "a request with a body needs the header Content-Type: application/json or "
                                 "application/merge-patch+json"
                               : "a request with a body needs the header Content-Type: application/json",
                           {}},
                          415);
    const bool any_parameters = call->route().effect == Effect::ofrep;
    if (auto known = call->known_parameters(); !known && !any_parameters) return call->refuse(known.error());
    if (auto known = call->known_tags(); !known) return call->refuse(known.error());
  }
  // GET reads no body, and a stream that it begins belongs to this shard.
  const bool reads_body = call->route().method != Method::get;
  if (reads_body && call->request().body.size() > kReadOnShard)
    return call->work([call] { call->route().handler(call); });
  run_guarded(call, [&call] { call->route().handler(call); });
}

void Api::run_guarded(const CallPtr& call, const std::function<void()>& task) {
  try {
    task();
  } catch (const std::exception& error) {
    log_.error(
        "a request failed",
        {{"request_id", call->request_id()}, {"path", call->request().path}, {"reason", error.what()}});
    call->refuse(
        {Errc::internal, "the request failed; the server's log has the reason under this request_id", {}});
  }
}

Result<void> Api::charge_asset(const std::string& reader, std::size_t bytes) {
  auto taken = asset_rates_.take(reader, clock_.now(), bytes);
  if (taken) return taken;
  assets_limited_.add();
  log_.limit("--asset-rate", {"reader", reader});
  return taken;
}

Result<void> Api::charge_evaluation(const std::string& reader, std::size_t units) {
  auto taken = evaluation_rates_.take(reader, clock_.now(), units);
  if (taken) return taken;
  evaluations_limited_.add();
  log_.limit("--evaluation-rate", {"reader", reader});
  return taken;
}

void Api::charge(const Call& call, std::size_t bytes) {
  const Route& route = call.route();
  const unsigned units = cost_of_answer(bytes);
  if (units == 0 || !call.known() || !route.is_limited() || route.changes_state()) return;
  reads_.charge(call.who().limit_key(), clock_.now(), units);
}

void Api::finished(const Call& call, unsigned status, std::string_view code) {
  const double seconds = std::chrono::duration<double>(clock_.now() - call.began_).count();
  seconds_.observe(seconds);
  if (call.meter_ < meters_.size()) meters_[call.meter_]->count(metrics_, status);

  const auto& request = call.request();
  const Access access = call.route().access;
  const bool by_admin = access == Access::admin || access == Access::login;
  const auto usual = by_admin ? observe::Level::info : observe::Level::debug;
  const auto level = status >= 500 ? observe::Level::warn : usual;
  if (!log_.enabled(level)) return;
  const observe::Field who = call.known() ? service::log_field(call.who()) : observe::Field("admin", "");
  const auto cause = call.known() ? observe::Cause::known : observe::Cause::stranger;
  log_.write(level, cause, "request",
             {{"request_id", call.request_id()},
              {"method", request.method_text},
              {"path", std::string_view(request.path).substr(0, kLoggedPath)},
              {"status", status},
              {"code", code},
              {"ms", std::round(seconds * 1e6) / 1e3},
              who,
              {"address", call.peer().address}});
}

}  // namespace togglecast::http_api
