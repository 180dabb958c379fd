#include "app/wiring.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "app/config/version.hpp"
#include "app/process/process_stats.hpp"
#include "engineio/session_id.hpp"
#include "http_api/console/console.hpp"
#include "realtime/session/connection_meters.hpp"
#include "web/https.hpp"
#include "web/proxy_protocol.hpp"

namespace togglecast::app {
namespace {

web::OwnHosts own_hosts_of(const Settings& settings) {
  return web::OwnHosts::parse(settings.public_urls).value_or(web::OwnHosts{});
}

constexpr std::string_view kSocketIo = "/socket.io/";
constexpr std::string_view kNamespaceHint =
    "the namespaces are /client and /admin, such as io('http://host/client')";

// A Socket.IO client that was told another path.
std::string not_found_hint(const wire::http::Request& request) {
  if (!request.query.contains("EIO") && !request.query.contains("transport")) return {};
  return "Socket.IO is served at " + std::string(kSocketIo) + "; leave out the option 'path' of the client";
}

web::CorsOptions cors_of(const Settings& settings) {
  web::CorsOptions cors;
  const auto& origins = settings.cors_origins;
  cors.any_origin = std::find(origins.begin(), origins.end(), "*") != origins.end();
  if (!cors.any_origin) cors.origins = origins;
  cors.own_hosts = own_hosts_of(settings);
  cors.max_age = settings.cors_max_age;
  return cors;
}

web::TrustedProxies proxies_of(const Settings& settings) {
  return web::TrustedProxies::parse(settings.trusted_proxies, settings.forwarded)
      .value_or(web::TrustedProxies{});
}

engineio::NodeTag node_tag_of(const Settings& settings) {
  if (const auto tag = engineio::to_node_tag(settings.node_tag)) return *tag;
  std::array<char, 256> name{};  // HOST_NAME_MAX is 64
  if (::gethostname(name.data(), name.size() - 1) != 0) name.fill('\0');
  return engineio::node_tag_of(std::string(name.data()) + ':' + std::to_string(settings.port));
}

// The option that sets a limit of the library.
std::string option_of(std::string_view limit) {
  if (limit == "untrusted_payload") return "--login-payload";
  if (limit == "polling_backlog") return "--slow-poll-backlog, --reader-backlog";
  if (limit == "packet_rate") return "--event-rate";
  if (limit == "stalled") return "--stall-timeout, --reader-backlog, --queued-bytes";
  std::string option = "--" + std::string(limit);
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

json::object describe_process() {
  return {{"resident_bytes", resident_bytes()},
          {"open_fds", open_descriptors()},
          {"max_fds", descriptor_limit()},
          {"cpu_seconds", cpu_seconds()}};
}

}  // namespace

socketio::Options socketio_options(const Settings& settings, AddressLimits& limits, RefusalLog& refusals,
                                   observe::Log& log, PacketLog* packets) {
  socketio::Options options;
  options.log = &log;
  options.connect_timeout = settings.connect_timeout;
  options.namespaces_per_connection = settings.namespaces_per_connection;
  options.pending_acks = settings.pending_acks;
  options.decoder.attachments = settings.attachments_per_packet;
  options.decoder.json.depth = settings.json_depth;
  options.retain_handshake = false;
  options.close_when_left = true;
  options.admit_packet = realtime::meter_packets(settings.event_rate);
  options.on_unknown_namespace = [&refusals](std::string_view nsp, const engineio::Handshake* request) {
    refusals.unknown_namespace(nsp, request == nullptr ? std::string_view{} : request->peer.address);
  };
  options.unknown_namespace = {{"code", to_string(Errc::not_found)},
                               {"message", std::string(kNamespaceHint)}};
  auto& engine = options.engine;
  engine.ping_interval = settings.ping_interval;
  engine.ping_timeout = settings.ping_timeout;
  engine.upgrade_timeout = settings.upgrade_timeout;
  engine.close_grace = settings.close_grace;
  engine.stream.stall = settings.stall_timeout;
  engine.stream.backlog_bytes = engine.polling_backlog = settings.reader_backlog;
  engine.unpolled_backlog = settings.slow_poll_backlog;
  engine.poll_overdue = settings.reader_patience;
  engine.max_payload = settings.max_payload;
  engine.untrusted_payload = settings.login_payload;
  engine.untrusted_payload_message = "before its login, a connection may send at most " +
                                     std::to_string(settings.login_payload) +
                                     " bytes at once (--login-payload)";
  engine.packets_per_payload = settings.packets_per_payload;
  engine.fragments_per_message = settings.fragments_per_message;
  engine.per_message_deflate.enabled = settings.websocket_compression;
  engine.cors = cors_of(settings);
  engine.cors.credentials = !engine.cors.any_origin;  // balancers keep polling clients together by a cookie
  engine.cors.exposed_headers = {"Retry-After"};
  engine.refuse_foreign_origins = true;
  engine.origin_option = "--cors-origin";
  engine.allow_request = [&limits](const wire::http::Request&, const web::Peer& peer) {
    return limits.admit(peer);
  };
  engine.hold = [&limits](const web::Peer& peer) { return limits.hold(peer); };
  engine.on_refused = [&refusals](const web::Exchange& exchange, engineio::ErrorCode code,
                                  std::string_view message) { refusals.handshake(exchange, code, message); };
  engine.on_limit_passed = [log = observe::PeerLog(log)](std::string_view limit) {
    log.limit(option_of(limit), {"what", limit});
  };
  engine.node_tag = node_tag_of(settings);
  engine.other_node_message =
      "Session ID unknown: another node made this session, or this one under another name. Use sticky "
      "sessions, or transports: ['websocket']; see docs/deployment.md, \"Sticky sessions\"";
  engine.on_other_node = [&refusals](const web::Exchange& exchange) {
    refusals.other_node(exchange.peer().address);
  };
  if (packets != nullptr) {
    engine.trace = [packets](const engineio::Handshake& handshake, std::string_view transport) {
      return packets->trace(handshake, transport);
    };
  }
  return options;
}

std::unique_ptr<PacketLog> packet_log(const Settings& settings, observe::Log& log, const Clock& clock,
                                      observe::Metrics& metrics) {
  if (settings.log_packets.empty()) return nullptr;
  log.warn("--log-packets is on: the log gets data of clients; switch it off when you have seen enough");
  return std::make_unique<PacketLog>(PacketFilter::parse(settings.log_packets).value_or(PacketFilter{}), log,
                                     clock, metrics);
}

realtime::Options realtime_options(const Settings& settings) {
  realtime::Options options;
  options.sync_window = settings.sync_window;
  options.login_deadline = settings.connect_timeout;
  options.expiry_warning = settings.expiry_warning;
  options.rollout_patience = settings.rollout_patience;
  options.events = settings.event_rate;
  options.announcements = settings.announcement_rate;
  options.idempotency_age = settings.idempotency_age;
  options.assets = settings.asset_rate;
  options.pending_acks = settings.pending_acks;
  options.connections_per_client = settings.connections_per_client;
  options.full_states = settings.full_state_rate;
  options.message_queue = settings.message_queue;
  options.reader_patience = settings.reader_patience;
  options.describe_process = describe_process;
  return options;
}

Result<Secret> read_secret(const std::filesystem::path& file, std::string_view option) {
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty())
    return fail(Errc::invalid_argument, std::string(option) + ": cannot read " + file.string() +
                                            ", or it is empty; it must contain the secret");
  return Secret(std::move(text));
}

Result<cluster::redis::ClientOptions> redis_options(const Settings& settings) {
  auto address = cluster::redis::parse_address(settings.redis.reveal());
  if (!address) return tl::unexpected(address.error());
  cluster::redis::ClientOptions options;
  options.address = *std::move(address);
  options.ca_file = settings.redis_ca_file.string();
  if (!settings.redis_password_file.empty()) {
    auto password = read_secret(settings.redis_password_file, "--redis-password-file");
    if (!password) return tl::unexpected(password.error());
    options.address.password = *std::move(password);
  }
  options.sentinel_username = settings.redis_sentinel_user;
  if (!settings.redis_sentinel_user.empty() && settings.redis_sentinel_password_file.empty())
    return fail(Errc::invalid_argument,
                "--redis-sentinel-user needs the password of that user: --redis-sentinel-password-file");
  if (!settings.redis_sentinel_password_file.empty()) {
    auto password = read_secret(settings.redis_sentinel_password_file, "--redis-sentinel-password-file");
    if (!password) return tl::unexpected(password.error());
    options.sentinel_password = *std::move(password);
  }
  return options;
}

service::MailboxOptions mailbox_options(const Settings& settings) {
  service::MailboxOptions options;
  options.alive.count = settings.messages;
  options.alive.bytes = settings.messages_bytes;
  options.kept = settings.message_retention;
  options.kept_count = settings.messages_kept;
  options.keys = settings.idempotency_age;
  return options;
}

egress::Options egress_options(const Settings& settings) {
  egress::Options options;
  options.addresses = egress::AddressPolicy::with(settings.egress_allow).value_or(egress::AddressPolicy{});
  options.plain_http_to_loopback = settings.egress_plain_loopback;
  options.proxy = settings.egress_proxy;
  options.ca_file = settings.egress_ca_file;
  options.user_agent = "Togglecast/" + std::string(version());
  return options;
}

Result<std::optional<service::oidc::Options>> oidc_options(const Settings& settings) {
  if (settings.oidc.issuer.empty()) return std::nullopt;
  std::optional<service::oidc::Options> options = settings.oidc;
  if (settings.oidc_client_secret_file.empty()) return options;
  auto secret = read_secret(settings.oidc_client_secret_file, "--oidc-client-secret-file");
  if (!secret) return tl::unexpected(secret.error());
  options->client_secret = *std::move(secret);
  return options;
}

service::TrustedIssuersOptions issuer_options(const Settings& settings) {
  service::TrustedIssuersOptions options;
  options.longest_token = settings.issuer_token_lifetime;
  options.stale_keys = settings.issuer_stale_keys;
  options.key_folder = settings.issuer_keys;
  return options;
}

http_api::Options api_options(const Settings& settings, const service::ClusterView* cluster,
                              http_api::Streams* streams) {
  http_api::Options options;
  options.environment = kDefaultEnvironment;
  options.cluster = cluster;
  options.console = http_api::embedded_console();
  options.streams = streams;
  options.version = version();
  options.cors = cors_of(settings);
  options.cors.allowed_headers = settings.cors_headers;
  options.max_body = settings.max_payload;
  options.max_write_body = std::max(settings.max_payload, settings.max_write_body);
  options.json_depth = settings.json_depth;
  options.writes = settings.write_rate;
  options.exempt_loopback = settings.exempt_loopback;
  options.reads = settings.read_rate;
  options.assets = settings.asset_rate;
  options.evaluations = settings.evaluation_rate;
  options.min_revision_wait = settings.min_revision_wait;
  options.describe = [](json::object& health) { health["process"] = describe_process(); };
  return options;
}

http_api::StreamOptions stream_options(const Settings& settings, AddressLimits& limits) {
  http_api::StreamOptions options;
  options.heartbeat = settings.stream_heartbeat;
  options.limits.stall = settings.stall_timeout;
  options.expiry_warning = settings.expiry_warning;
  options.admit = [&limits](const web::Peer& peer) -> std::optional<Error> {
    const auto refusal = limits.admit(peer);
    if (!refusal) return std::nullopt;
    Error limited{Errc::rate_limited, refusal->message, {}};
    limited.retry_after = std::chrono::seconds{std::max(1U, refusal->retry_after_s)};
    return limited;
  };
  options.hold = [&limits](const web::Peer& peer) { return limits.hold(peer); };
  return options;
}

nodes::NodesOptions nodes_options(const Settings& settings) {
  nodes::NodesOptions options;
  options.name = settings.node_name.empty() ? host_name() : settings.node_name;
  options.version = version();
  options.cpu_seconds = cpu_seconds;
  return options;
}

web::HttpOptions http_options(const Settings& settings) {
  web::HttpOptions options;
  options.trusted_proxies = proxies_of(settings);
  options.own_hosts = own_hosts_of(settings);
  options.host_option = "--public-url";
  options.limits.header_bytes = settings.max_header_size;
  options.limits.body_bytes = settings.max_payload;
  options.request_timeout = settings.request_timeout;
  options.keep_alive_timeout = settings.keep_alive_timeout;
  options.stall_timeout = settings.stall_timeout;
  options.not_found_hint = not_found_hint;
  return options;
}

net::TlsOptions tls_options(const Settings& settings) {
  net::TlsOptions options = web::https(settings.tls_certificate, settings.tls_key);
  options.handshake_timeout = settings.request_timeout;
  options.ticket_life = settings.tls_ticket_lifetime;
  return options;
}

std::shared_ptr<const net::Preamble> proxy_preamble(const Settings& settings, observe::Metrics& metrics,
                                                    RefusalLog& refusals) {
  if (settings.forwarded != web::ForwardedBy::proxy_protocol) return nullptr;
  auto preamble = web::proxy_protocol(proxies_of(settings), settings.request_timeout);
  const auto counter = [&metrics](const char* reason) {
    return &metrics.counter(
        "togglecast_proxy_headers_refused_total",
        "Connections of trusted proxies that were closed for want of a good PROXY header.",
        {{"reason", reason}});
  };
  preamble.on_failure =
      [malformed = counter("malformed"), timeout = counter("timeout"), closed = counter("closed"), &refusals](
          net::PreambleFailure failure, std::string_view reason, const boost::asio::ip::address& peer) {
        switch (failure) {
          case net::PreambleFailure::malformed:
            malformed->add();
            return refusals.proxy_header(reason, peer.to_string());
          case net::PreambleFailure::timeout:
            return timeout->add();
          case net::PreambleFailure::closed:
            return closed->add();
        }
      };
  return std::make_shared<const net::Preamble>(std::move(preamble));
}

net::AcceptGate accept_gate(const Settings& settings, AddressLimits& limits, RefusalLog& refusals) {
  return [proxies = proxies_of(settings), &limits,
          &refusals](const boost::asio::ip::address& address) -> std::optional<HeldPtr> {
    if (proxies.trusts(address.to_string())) return nullptr;
    auto counted = limits.accept(address);
    if (!counted) refusals.connection(address.to_string());
    return counted;
  };
}

}  // namespace togglecast::app
