#include "app/container.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <thread>

#include "app/demo.hpp"
#include "app/metrics_export.hpp"
#include "app/port_owner.hpp"
#include "app/wiring.hpp"
#include "storage/sqlite/sqlite_store.hpp"

namespace togglecast::app {
namespace {

using wire::websocket::CloseCode;

// Everybody sent away at once would come back at once: so many at a time, with a pause between.
constexpr std::size_t kSentAwayTogether = 500;
constexpr std::size_t kMostRounds = 16;
constexpr Milliseconds kBetweenRounds{250};
constexpr Milliseconds kLongestAnswer{3'000};
constexpr Milliseconds kLook{10};

std::string describe_taken(std::uint16_t port, std::string_view option) {
  std::string text = "port " + std::to_string(port) + " is taken";
  if (const auto owner = owner_of_port(port))
    text += " by process " + std::to_string(owner->pid) + " (" + owner->name + ")";
  return text + "; stop that, or choose another one with " + std::string(option);
}

// Listens on `addresses` with one port, otherwise as `options` say. Without any: on those of this machine
// that exist.
Result<std::uint16_t> listen_on(net::ShardPool& shards, const std::vector<std::string>& addresses,
                                net::ListenOptions options, const net::AcceptHandler& handler,
                                std::string_view option) {
  const auto attempt = [&]() -> Result<void> {
    const auto bound = shards.listen(options, handler);
    if (bound) {
      options.port = *bound;
      return {};
    }
    if (bound.error().code == Errc::already_exists)
      return fail(Errc::already_exists, describe_taken(options.port, option));
    std::string message = "cannot listen on " + bound.error().message;
    if (bound.error().code == Errc::forbidden)
      message += "; ports below 1024 are root's, choose another one with " + std::string(option);
    return fail(bound.error().code, std::move(message));
  };
  if (addresses.empty()) return attempt().map([&] { return options.port; });
  for (const std::string& address : addresses) {
    options.addresses = {address};
    if (auto ok = attempt(); !ok) return tl::unexpected(ok.error());
  }
  return options.port;
}

// Whoever connects will notice; so should whoever can do something about it.
void warn_of_validity(observe::Log& log, const net::TlsContext& tls, const Clock& clock) {
  const auto [from, until] = tls.validity();
  const std::string file = tls.options().certificate.string();
  if (until < clock.wall_now())
    log.warn("the TLS certificate has expired", {{"expired_at", to_iso8601(until)}, {"file", file}});
  if (clock.wall_now() < from)
    log.warn("the TLS certificate is not valid yet", {{"valid_from", to_iso8601(from)}, {"file", file}});
}

}  // namespace

Result<std::unique_ptr<Container>> Container::build(const Settings& settings, Ground& ground,
                                                    FirstLogin& first_login) {
  std::shared_ptr<net::TlsContext> tls;
  if (!settings.tls_certificate.empty()) {
    auto loaded = net::TlsContext::load(tls_options(settings));
    if (!loaded) return tl::unexpected(loaded.error());
    tls = *std::move(loaded);
    warn_of_validity(ground.log, *tls, ground.clock);
  }
  auto store = storage::sqlite::SqliteStore::open(settings.data);
  if (!store) return tl::unexpected(store.error());
  if ((*store)->was_copied()) {
    ground.log.warn(
        "the data folder is a copy, such as a backup that was restored: a new epoch begins, and clients "
        "forget "
        "what they heard in the old one");
  }
  service::ProductOptions options;
  options.first_owner_password = [&first_login] {
    return first_login.choose(std::getenv("TOGGLECAST_OWNER_PASSWORD"));
  };
  if (settings.demo) {
    auto catalogue = json::parse(demo_catalogue());
    if (!catalogue) return tl::unexpected(catalogue.error());
    options.first_catalogue = std::move(*catalogue);
  }
  auto product = service::Product::open(*std::move(store), options, ground.clock, ground.random, ground.log,
                                        ground.metrics);
  if (!product) return tl::unexpected(product.error());
  return std::unique_ptr<Container>(
      new Container(settings, ground, std::move(tls), *std::move(product), first_login));
}

Container::Container(const Settings& settings, Ground& ground, std::shared_ptr<net::TlsContext> tls,
                     std::unique_ptr<service::Product> product, const FirstLogin& first_login)
    : settings_(settings),
      ground_(ground),
      tls_(std::move(tls)),
      shards_(settings.shards, &ground.log),
      trim_(shards_),
      product_(std::move(product)),
      first_login_(first_login.watch(*product_)),
      refusals_(ground.log, ground.clock),
      limits_({.open = settings.connections_per_address, .rate = settings.connection_rate}, ground.clock,
              ground.metrics),
      io_(shards_, socketio_options(settings_, limits_, refusals_, ground.log)),
      realtime_(shards_, io_, *product_, realtime_options(settings_), ground.clock, ground.log,
                ground.metrics),
      api_(shards_, *product_, api_options(settings_, &realtime_.broadcasts()), ground.clock, ground.log,
           ground.metrics),
      http_(shards_, public_routes(), http_options(settings_),
            [this](unsigned status, std::string_view message, const web::Peer& peer) {
              refusals_.request(status, message, peer);
            }),
      metrics_http_(shards_, metrics_routes(), http_options(settings_)) {
  export_process(ground_.metrics, ground_.clock, ground_.log);
  export_shards(ground_.metrics, shards_);
  export_engine(ground_.metrics, io_.engine());
  export_limits(ground_.metrics, io_);
  export_sockets(ground_.metrics, io_, {"/admin", "/client"});
  export_http(ground_.metrics, http_, "public");
  if (tls_ != nullptr) {
    export_tls(ground_.metrics, *tls_);
    tls_->on_failure([this](net::TlsFailure failure, std::string_view detail, const std::string& address) {
      refusals_.handshake(failure, detail, address);
    });
  }
  if (settings_.metrics_listen) export_http(ground_.metrics, metrics_http_, "metrics");
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

Result<Container::Bound> Container::listen() {
  Bound bound;
  net::ListenOptions options;
  options.port = settings_.port;
  options.tls = tls_;
  options.gate = accept_gate(settings_, limits_, refusals_);
  options.on_exhausted = [this](int error) { refusals_.exhausted(error); };
  const auto port = listen_on(shards_, settings_.listen, options, http_.accept_handler(), "--port");
  if (!port) return tl::unexpected(port.error());
  bound.port = *port;
  if (const auto& wanted = settings_.metrics_listen) {
    options.port = wanted->port;
    options.tls = nullptr;
    const auto metrics_port =
        listen_on(shards_, {wanted->address}, options, metrics_http_.accept_handler(), "--metrics-listen");
    if (!metrics_port) return tl::unexpected(metrics_port.error());
    bound.metrics_port = *metrics_port;
  }
  return bound;
}

void Container::serve() {
  realtime_.start();
  api_.enter(http_api::Phase::serving);
  shards_.start();
  running_ = true;
}

void Container::reload_certificate() {
  if (tls_ == nullptr) return;
  if (const auto ok = tls_->reload(); !ok) {
    ground_.log.error("the TLS certificate was not reloaded, the old one stays",
                      {{"error", ok.error().message}});
    return;
  }
  ground_.log.info("the TLS certificate was reloaded", {{"valid_until", to_iso8601(tls_->validity().until)}});
  warn_of_validity(ground_.log, *tls_, ground_.clock);
}

void Container::stop() {
  if (std::exchange(stopped_, true)) return;
  if (running_) {
    api_.enter(http_api::Phase::draining);
    shards_.stop_listening();
    io_.drain();
    http_.drain();
    metrics_http_.drain();
    send_everybody_away();
    wait_for_answers();
  }
  realtime_.stop();
  product_->stop();
  if (running_) {
    http_.close_all();
    metrics_http_.close_all();
    shards_.stop();
  }
}

void Container::send_everybody_away() {
  const std::size_t rounds =
      std::clamp<std::size_t>(open_sessions(io_.engine()) / kSentAwayTogether, 1, kMostRounds);
  for (std::size_t round = 0; round + 1 < rounds; ++round) {
    io_.engine().for_each_session([round, rounds](engineio::Session& session, engineio::SessionHandler&) {
      if (std::hash<std::string_view>{}(session.id()) % rounds == round)
        session.close(engineio::CloseReason::forced_close, CloseCode::service_restart);
    });
    std::this_thread::sleep_for(kBetweenRounds);
  }
  io_.close(CloseCode::service_restart);
}

void Container::wait_for_answers() const {
  const TimePoint latest = ground_.clock.now() + kLongestAnswer;
  const auto open = [this] {
    return http_.counters().open_connections.load() + metrics_http_.counters().open_connections.load();
  };
  while (open() > 0 && ground_.clock.now() < latest) std::this_thread::sleep_for(kLook);
}

}  // namespace togglecast::app
