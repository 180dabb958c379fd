#include "app/container.hpp"

#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

#include "app/demo.hpp"
#include "app/drain.hpp"
#include "app/listeners.hpp"
#include "app/process/metrics_export.hpp"
#include "app/wiring.hpp"
#include "base/random.hpp"
#include "http_api/console/console.hpp"

namespace togglecast::app {
namespace {

constexpr std::size_t kNodeBytes = 9;             // of the id of this node
constexpr Milliseconds kAnswersOfTheStop{1'000};  // to the changes that the store committed at the last

// Clients notice a bad certificate; the operator, who can renew it, should notice first.
void warn_of_validity(observe::Log& log, const net::TlsContext& tls, const Clock& clock) {
  const auto [from, until] = tls.validity();
  const std::string file = tls.options().certificate.string();
  if (until < clock.wall_now())
    log.warn("the TLS certificate has expired", {{"expired_at", to_iso8601(until)}, {"file", file}});
  if (clock.wall_now() < from)
    log.warn("the TLS certificate is not valid yet", {{"valid_from", to_iso8601(from)}, {"file", file}});
}

realtime::Options with_bus(realtime::Options options, const ClusterLink& link) {
  options.describe_bus = [&link] { return link.describe(); };
  return options;
}

nodes::NodesOptions with_bus(nodes::NodesOptions options, const ClusterLink& link) {
  options.describe_bus = [&link] { return link.describe(); };
  return options;
}

http_api::Options with_sockets(http_api::Options options, realtime::Realtime& realtime) {
  options.messages = &realtime.messages();
  options.rollouts = &realtime.rollouts();
  options.history = &realtime.history();
  options.metric_history = &realtime.metric_history();
  options.connections = &realtime.connections();
  return options;
}

http_api::Options with_bus(http_api::Options options, const ClusterLink& link) {
  options.describe = [&link, others = std::move(options.describe)](json::object& health) {
    others(health);
    health["bus"] = link.describe();
  };
  return options;
}

http_api::StreamParts stream_parts(const service::Application& application, realtime::Realtime& realtime) {
  using Named = http_api::StreamParts::Named;
  return {.authenticator = application.authenticator(),
          .model = application.model(),
          .deliveries = realtime.deliveries(),
          .sessions = realtime.sessions(),
          .has_state =
              [&newest = realtime.newest()](const net::Shard& shard, const Named& state) {
                return newest.has(shard, state.environment, state.epoch, state.revision);
              },
          .fetch_state =
              [&newest = realtime.newest()](net::Shard& shard, const Named& state,
                                            std::function<void(bool)> then) {
                newest.fetch(shard, state.environment, state.epoch, state.revision, std::move(then));
              },
          .enter = [&limit = realtime.limit()](
                       net::Shard& shard, const std::string& environment,
                       domain::Id client) { return limit.enter(shard, environment, client); },
          .leave = [&limit = realtime.limit()](const std::string& environment,
                                               domain::Id client) { limit.leave(environment, client); }};
}

}  // namespace

Result<std::unique_ptr<Container>> Container::build(const Settings& settings, Runtime& runtime,
                                                    FirstLogin& first_login) {
  std::shared_ptr<net::TlsContext> tls;
  if (!settings.tls_certificate.empty()) {
    auto loaded = net::TlsContext::load(tls_options(settings));
    if (!loaded) return tl::unexpected(loaded.error());
    tls = *std::move(loaded);
    warn_of_validity(runtime.log, *tls, runtime.clock);
  }
  auto oidc = oidc_options(settings);
  if (!oidc) return tl::unexpected(oidc.error());
  auto store = open_store(settings, runtime);
  if (!store) return tl::unexpected(store.error());
  service::ApplicationOptions options;
  options.ring.bytes = settings.ring_bytes;
  options.log.marker = (settings.data / "togglecast.marker").string();
  options.log.retention = {.changes = settings.keep_changes,
                           .age = std::chrono::hours{24} * settings.keep_days};
  options.environments = {std::string(kDefaultEnvironment)};
  std::string node = random_token(runtime.random, kNodeBytes);
  options.lease.node = nodes::lease_holder(nodes_options(settings).name, node);
  options.tokens.default_lifetime = settings.token_lifetime;
  options.idempotency_age = settings.idempotency_age;
  options.mailbox = mailbox_options(settings);
  options.sessions.token = settings.admin_token_lifetime;
  options.sessions.longest = settings.session_lifetime;
  options.sessions.idle = settings.session_idle;
  options.sessions.leeway = settings.refresh_leeway;
  options.egress = egress_options(settings);
  options.issuers = issuer_options(settings);
  options.oidc = *std::move(oidc);
  options.assets.size = settings.asset_size;
  options.assets.storage = static_cast<std::int64_t>(settings.asset_storage);
  options.first_owner_password = [&first_login] {
    return first_login.choose(std::getenv("TOGGLECAST_OWNER_PASSWORD"));
  };
  options.first_password_is_generated = [&first_login] { return first_login.is_generated(); };
  options.enable_password_login = settings.enable_password_login;
  options.tell_first_password = [&first_login] { return first_login.disclose(); };
  if (settings.demo) {
    auto catalogue = json::parse(demo_catalogue());
    if (!catalogue) return tl::unexpected(catalogue.error());
    options.first_catalogue = std::move(*catalogue);
  }
  auto application = service::Application::open(std::move(store->store), options, runtime.clock,
                                                runtime.random, runtime.log, runtime.metrics);
  if (!application) return tl::unexpected(application.error());
  auto link = ClusterLink::open(settings, std::move(node), **application, runtime);
  if (!link) return tl::unexpected(link.error());
  return std::unique_ptr<Container>(new Container(settings, runtime, std::move(tls), *std::move(store),
                                                  *std::move(application), *std::move(link), first_login));
}

Container::Container(const Settings& settings, Runtime& runtime, std::shared_ptr<net::TlsContext> tls,
                     OpenStore store, std::unique_ptr<service::Application> application,
                     std::unique_ptr<ClusterLink> link, const FirstLogin& first_login)
    : settings_(settings),
      runtime_(runtime),
      tls_(std::move(tls)),
      shards_(settings.shards, &runtime.log),
      metrics_shard_(1, &runtime.log),
      trim_(shards_),
      store_(std::move(store)),
      application_(std::move(application)),
      link_(std::move(link)),
      nodes_(link_->bus(), shards_, *application_, with_bus(nodes_options(settings_), *link_), runtime.clock,
             runtime.log, runtime.metrics),
      listener_(store_listener(settings, store_.node, runtime, [this] { application_->tail().notice(); })),
      first_login_(first_login.watch(*application_)),
      refusals_(runtime.log, runtime.clock),
      packets_(packet_log(settings, runtime.log, runtime.clock, runtime.metrics)),
      limits_({.open = settings.connections_per_address,
               .rate = settings.connection_rate,
               .exempt_loopback = settings.exempt_loopback},
              runtime.clock, runtime.metrics),
      io_(shards_, socketio_options(settings_, limits_, refusals_, runtime.log, packets_.get())),
      realtime_(shards_, io_, *application_, with_bus(realtime_options(settings_), *link_), runtime.clock,
                runtime.log, runtime.metrics, &nodes_),
      streams_(shards_, stream_parts(*application_, realtime_),
               application_->derived_key("tickets of streams"), stream_options(settings_, limits_),
               runtime.clock, runtime.log, runtime.metrics),
      api_(shards_, http_api::routes(), *application_,
           with_bus(with_sockets(api_options(settings_, &nodes_, &streams_), realtime_), *link_),
           runtime.clock, runtime.log, runtime.metrics),
      http_(shards_, public_routes(), public_http_options(),
            [this](unsigned status, std::string_view message, const web::Peer& peer) {
              refusals_.request(status, message, peer);
            }),
      metrics_http_(metrics_shard_, metrics_routes(), http_options(settings_)) {
  nodes_.limits().share(api_.writes());
  realtime_.meter_reads(api_.reads(), runtime_.clock);
  export_process(runtime_.metrics, runtime_.clock, runtime_.log);
  shards_.limit_queued_bytes(settings_.queued_bytes);
  export_shards(runtime_.metrics, shards_);
  export_engine(runtime_.metrics, io_.engine());
  export_limits(runtime_.metrics, io_);
  export_sockets(runtime_.metrics, io_, {"/admin", "/client"});
  export_http(runtime_.metrics, http_, "public");
  if (tls_ != nullptr) {
    export_tls(runtime_.metrics, *tls_);
    tls_->on_failure([this](net::TlsFailure failure, std::string_view detail, const std::string& address) {
      refusals_.handshake(failure, detail, address);
    });
  }
  if (settings_.metrics_listen) export_http(runtime_.metrics, metrics_http_, "metrics");
  export_store(runtime_.metrics, store_.counters, listener_.get());
  if (listener_ != nullptr) listener_->start();
}

Container::~Container() { stop(); }

web::Router Container::public_routes() {
  web::Router router;
  io_.mount(router);
  api_.mount(router);
  return router;
}

web::Router Container::metrics_routes() {
  web::Router router;
  api_.mount_metrics(router);
  return router;
}

web::HttpOptions Container::public_http_options() {
  web::HttpOptions options = http_options(settings_);
  if (const http_api::Console* console = http_api::embedded_console(); console != nullptr)
    options.pages = [console](const wire::http::Request& request) { return console->answer(request); };
  options.on_ignored_header = [this](std::string_view address, std::string_view header, bool trusted) {
    refusals_.ignored_header(header, address, trusted);
  };
  options.on_stalled = [log = observe::PeerLog(runtime_.log)] {
    log.limit("--stall-timeout", {"what", "answer"});
  };
  return options;
}

Result<Container::Bound> Container::listen() {
  Bound bound;
  net::ListenOptions options;
  options.port = settings_.port;
  options.tls = tls_;
  options.preamble = proxy_preamble(settings_, runtime_.metrics, refusals_);
  options.gate = accept_gate(settings_, limits_, refusals_);
  options.on_exhausted = [this](int error) { refusals_.exhausted(error); };
  const auto port = listen_on(shards_, settings_.listen, options, http_.accept_handler(), "--port");
  if (!port) return tl::unexpected(port.error());
  bound.port = *port;
  if (const auto& wanted = settings_.metrics_listen) {
    options.port = wanted->port;
    options.tls = nullptr;
    options.preamble = nullptr;  // its callers connect directly
    const auto metrics_port = listen_on(metrics_shard_, {wanted->address}, options,
                                        metrics_http_.accept_handler(), "--metrics-listen");
    if (!metrics_port) return tl::unexpected(metrics_port.error());
    bound.metrics_port = *metrics_port;
  }
  return bound;
}

void Container::serve() {
  realtime_.start();
  link_->start();
  nodes_.start();
  api_.enter(http_api::Phase::serving);
  shards_.start();
  if (settings_.metrics_listen) metrics_shard_.start();
  running_ = true;
}

void Container::reload_certificate() {
  if (tls_ == nullptr) return;
  if (const auto ok = tls_->reload(); !ok) {
    runtime_.log.error("the TLS certificate was not reloaded, the old one stays",
                       {{"error", ok.error().message}});
    return;
  }
  runtime_.log.info("the TLS certificate was reloaded",
                    {{"valid_until", to_iso8601(tls_->validity().until)}});
  warn_of_validity(runtime_.log, *tls_, runtime_.clock);
}

void Container::stop() {
  if (std::exchange(stopped_, true)) return;
  Drain drain(shards_, io_, http_, streams_, runtime_.log, runtime_.clock);
  if (running_) {
    api_.enter(http_api::Phase::draining);
    nodes_.drain();
    drain.wait(settings_.drain_wait);
    drain.send_away(settings_.drain ? Milliseconds(*settings_.drain)
                                    : drain_window(open_sessions(io_.engine()) + streams_.open()));
    drain.finish();
  }
  nodes_.stop();
  realtime_.stop();
  link_->stop();
  if (listener_ != nullptr) listener_->stop();
  application_->stop();
  if (running_) {
    drain.wait_for_answers(kAnswersOfTheStop);
    streams_.close_all();
    http_.close_all();
    metrics_http_.close_all();
    shards_.stop();
    metrics_shard_.stop();
  }
}

}  // namespace togglecast::app
