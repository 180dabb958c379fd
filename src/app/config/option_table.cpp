#include <algorithm>
#include <iterator>

#include "app/config/option_values.hpp"
#include "net/shard_limit.hpp"

namespace togglecast::app {
namespace {

using S = Settings;

constexpr std::string_view kGeneral = "General", kAccess = "Access", kTls = "TLS",
                           kWatching = "Logs and metrics", kTimes = "Times", kLimits = "Limits";

constexpr std::uint64_t kHour = 3'600, kDay = 24 * kHour, kYear = 365 * kDay;

// A token with a context needs six levels. The store reads values back to a depth of 64, wrappers included.
constexpr std::uint64_t kLeastDepth = 8, kMostDepth = 48;

// The limits are listed in the order in which a connection meets them.
constexpr OptionSpec kOptions[] = {
    {kGeneral, "data", "FOLDER", "Folder for all data; the server creates it if it is missing [data]", false,
     set_data},
    {kGeneral, "port", "PORT", "Port to listen on; 0 picks a free one [5001]", false,
     set_count<&S::port, 0, 65'535>},
    {kGeneral, "listen", "ADDRESS", "Numeric address to listen on; may be repeated [127.0.0.1 and ::1]", true,
     set_listen},
    {kGeneral, "shards", "COUNT", "Threads that serve connections, at most 256; 0 means one per core [0]",
     false, set_count<&S::shards, 0, net::kMostShards>},
    {kGeneral, "websocket-compression", "on|off",
     "Compress WebSocket messages for clients that offer it [off]", false,
     set_switch<&S::websocket_compression>},
    {kGeneral, "sync-window", "SECONDS", "Time over which a config_sync to many connections is spread [30]",
     false, set_seconds<&S::sync_window, 0, 3'600>},
    {kGeneral, "keep-changes", "COUNT",
     "Changes that the log of each environment keeps, those of time included; 0 keeps all [500000]", false,
     set_count<&S::keep_changes, 0, 1'000'000'000>},
    {kGeneral, "keep-days", "DAYS",
     "Age up to which the log keeps changes; 0 sets no limit. Recent changes that clients may need stay "
     "[400]",
     false, set_count<&S::keep_days, 0, 36'500>},
    {kGeneral, "drain", "SECONDS",
     "Time over which a stop sends connections away, to come back one after the other; 0 means at once [a "
     "second for each 1000 connections, at most 5]",
     false, set_drain},
    {kGeneral, "drain-wait", "SECONDS",
     "Time between the signal to stop, from which /readyz says no, and the end of new connections [0]", false,
     set_seconds<&S::drain_wait, 0, 3'600>},
    {kGeneral, "stop-timeout", "SECONDS",
     "Longest time that a clean stop may take, besides --drain and --drain-wait [10]", false,
     set_seconds<&S::stop_timeout, 1, 3'600>},
    {kGeneral, "demo", "", "Fill an empty catalogue with an example: a shop platform and its customers",
     false, set_switch<&S::demo>},

    {kAccess, "cors-origin", "ORIGIN", "Origin whose pages may connect; may be repeated; * allows all [none]",
     true, set_origins},
    {kAccess, "cors-header", "NAME",
     "Header that these pages may also send, besides those of the API and of tracing; may be repeated [none]",
     true, set_cors_headers},
    {kAccess, "cors-max-age", "SECONDS",
     "Time for which a browser may keep the answer to a preflight; 0 means it always asks [600]", false,
     set_seconds<&S::cors_max_age, 0, kDay>},
    {kAccess, "public-url", "URL",
     "URL under which browsers and clients reach the server, if by a name; may be repeated [none]", true,
     set_public_urls},
    {kAccess, "trusted-proxy", "CIDR", "Proxy that may say where a request came from; may be repeated [none]",
     true, set_proxies},
    {kAccess, "forwarded", "KIND",
     "How trusted proxies say it: x-forwarded, forwarded or proxy (PROXY protocol) [x-forwarded]", false,
     set_forwarded},
    {kAccess, "exempt-loopback", "",
     "Limits by address leave this machine out; never use it when a proxy runs here", false,
     set_switch<&S::exempt_loopback>},

    {kTls, "tls-certificate", "FILE",
     "Serve HTTPS with this certificate and its chain, in PEM; SIGHUP reads it again [off]", false,
     set_file<&S::tls_certificate>},
    {kTls, "tls-key", "FILE", "Private key of the certificate, in PEM, without a passphrase [off]", false,
     set_file<&S::tls_key>},

    {kWatching, "log-format", "FORMAT", "text, json or auto; auto means text on a terminal, else json [auto]",
     false, set_log_format},
    {kWatching, "log-level", "LEVEL", "Lowest level to log: debug, info, warn, error or off [info]", false,
     set_log_level},
    {kWatching, "log-packets", "WHICH",
     "Log each packet, without secrets, of all connections or of client:KEY, admin:USERNAME or address:IP; "
     "for "
     "debugging; may be repeated [none]",
     true, set_log_packets},
    {kWatching, "metrics-listen", "ADDRESS:PORT",
     "Serve /metrics and health at this address without a token [off]", false, set_metrics_listen},

    {kTimes, "keep-alive-timeout", "SECONDS",
     "Time that an HTTP connection may pause between two requests. A balancer in front must close idle "
     "connections sooner [75]",
     false, set_seconds<&S::keep_alive_timeout, 1, kDay>},
    {kTimes, "ping-interval", "SECONDS", "Time between two pings to a connection [25]", false,
     set_seconds<&S::ping_interval, 1, kHour>},
    {kTimes, "ping-timeout", "SECONDS", "Time to answer a ping; then the connection ends [20]", false,
     set_seconds<&S::ping_timeout, 1, kHour>},
    {kTimes, "upgrade-timeout", "SECONDS", "Time limit of a move from polling to WebSocket [10]", false,
     set_seconds<&S::upgrade_timeout, 1, kHour>},
    {kTimes, "close-grace", "SECONDS",
     "Time for which the last packets wait for a polling client after the server closed [30]", false,
     set_seconds<&S::close_grace, 1, kHour>},
    {kTimes, "stall-timeout", "SECONDS",
     "Time in which a client must take some of the bytes that wait for it [30]", false,
     set_seconds<&S::stall_timeout, 1, kHour>},
    {kTimes, "reader-patience", "SECONDS",
     "Time without taking anything after which --message-queue and --slow-poll-backlog hold for a client "
     "[10]",
     false, set_seconds<&S::reader_patience, 1, kHour>},
    {kTimes, "ack-timeout", "SECONDS", "Time for a client to acknowledge an event that asks for it [30]",
     false, set_seconds<&S::ack_timeout, 1, kHour>},
    {kTimes, "session-lifetime", "SECONDS", "Lifetime of an admin's login; 12 hours [43200]", false,
     set_seconds<&S::session_lifetime, 60, kYear>},
    {kTimes, "token-lifetime", "SECONDS",
     "Lifetime of a client's token that is issued without a time; 365 days [31536000]", false,
     set_seconds<&S::token_lifetime, 60, 10 * kYear>},
    {kTimes, "expiry-warning", "SECONDS",
     "Least time between token_expiring and the end of a token, or half of its life if that is shorter [60]",
     false, set_seconds<&S::expiry_warning, 1, kDay>},
    {kTimes, "idempotency-age", "SECONDS",
     "Time for which the answer to a request with an Idempotency-Key is repeated; 24 hours [86400]", false,
     set_seconds<&S::idempotency_age, 1, 30 * kDay>},
    {kTimes, "min-revision-wait", "SECONDS",
     "Time for which a request waits for the revision in Togglecast-Min-Revision [1]", false,
     set_seconds<&S::min_revision_wait, 0, 60>},
    {kTimes, "rollout-patience", "SECONDS",
     "Time after a change for which the server counts its receipts and names laggards [60]", false,
     set_seconds<&S::rollout_patience, 1, kDay>},
    {kTimes, "tls-ticket-lifetime", "SECONDS",
     "Time for which a client may resume a TLS session; 6 hours [21600]", false,
     set_seconds<&S::tls_ticket_lifetime, 60, 7 * kDay>},

    {kLimits, "connections-per-address", "COUNT",
     "Open connections per address; trusted proxies are exempt [5000]", false,
     set_count<&S::connections_per_address, 1, 1'000'000>},
    {kLimits, "connection-rate", "COUNT", "New connections per second from one address [200]", false,
     set_per_second<&S::connection_rate>},
    {kLimits, "connection-burst", "COUNT", "New connections from one address in one burst [2000]", false,
     set_burst<&S::connection_rate>},
    {kLimits, "max-header-size", "BYTES", "Largest request line and headers together [16384]", false,
     set_count<&S::max_header_size, 1'024, 1 << 20>},
    {kLimits, "request-timeout", "SECONDS",
     "Time limit of a TLS handshake, of request headers, of each 64 KiB of a body [10]", false,
     set_seconds<&S::request_timeout, 1, 3'600>},
    {kLimits, "connect-timeout", "SECONDS",
     "Time limit to join a namespace, then to log in, and without any namespace [10]", false,
     set_seconds<&S::connect_timeout, 1, 3'600>},
    {kLimits, "namespaces-per-connection", "COUNT", "Namespaces that one connection may join [8]", false,
     set_count<&S::namespaces_per_connection, 1, 1'000>},
    {kLimits, "login-payload", "BYTES",
     "Largest message of a connection that has not logged in; it must hold a token and a context [16384]",
     false, set_count<&S::login_payload, 8'192, 64 << 20>},
    {kLimits, "max-payload", "BYTES",
     "Largest message and largest request body, but see --max-write-body [65536]", false,
     set_count<&S::max_payload, 1'024, 64 << 20>},
    {kLimits, "max-write-body", "BYTES",
     "Largest body of a change that an editor or owner sends over HTTP [1048576]", false,
     set_count<&S::max_write_body, 1'024, 64 << 20>},
    {kLimits, "packets-per-payload", "COUNT", "Engine.IO packets in the body of one POST [1024]", false,
     set_count<&S::packets_per_payload, 1, 100'000>},
    {kLimits, "fragments-per-message", "COUNT", "Frames of one WebSocket message; 0 allows any number [64]",
     false, set_count<&S::fragments_per_message, 0, 1'000'000>},
    {kLimits, "attachments-per-packet", "COUNT", "Binary attachments of one Socket.IO packet [10]", false,
     set_count<&S::attachments_per_packet, 0, 1'000>},
    {kLimits, "json-depth", "LEVELS",
     "Levels of nested arrays and objects in messages and request bodies [32]", false,
     set_count<&S::json_depth, kLeastDepth, kMostDepth>},
    {kLimits, "pending-acks", "COUNT", "Acknowledgements that the server may await from one socket [256]",
     false, set_count<&S::pending_acks, 1, 100'000>},
    {kLimits, "connections-per-client", "COUNT", "Open connections per client [10000]", false,
     set_count<&S::connections_per_client, 1, 1'000'000>},
    {kLimits, "full-state-rate", "COUNT", "Full states per second of one connection, after the first [1]",
     false, set_per_second<&S::full_state_rate>},
    {kLimits, "full-state-burst", "COUNT", "Full states that one connection may request in one burst [10]",
     false, set_burst<&S::full_state_rate>},
    {kLimits, "ring-bytes", "BYTES",
     "Memory for recent states, from which a client that was away gets only what it missed [268435456]",
     false, set_count<&S::ring_bytes, 0, 1UL << 40>},
    {kLimits, "message-queue", "BYTES",
     "Answers and messages that may wait for a connection that takes nothing for --reader-patience [262144]",
     false, set_count<&S::message_queue, 64 << 10, 4 << 20>},
    {kLimits, "reader-backlog", "BYTES",
     "All that may pile up for one connection while it takes nothing [16777216]", false,
     set_count<&S::reader_backlog, 1 << 20, std::uint64_t{1} << 30>},
    {kLimits, "slow-poll-backlog", "BYTES",
     "The same for a polling session that has not polled for --reader-patience [1048576]", false,
     set_count<&S::slow_poll_backlog, 64 << 10, std::uint64_t{1} << 30>},
    {kLimits, "queued-bytes", "BYTES",
     "All that may wait for all connections; above it, the largest and oldest queues are closed [268435456]",
     false, set_count<&S::queued_bytes, 16 << 20, std::uint64_t{1} << 40>},
    {kLimits, "event-rate", "COUNT", "Events per second from one connection, CONNECTs included [50]", false,
     set_per_second<&S::event_rate>},
    {kLimits, "event-burst", "COUNT", "Events from one connection in one burst [200]", false,
     set_burst<&S::event_rate>},
    {kLimits, "write-rate", "COUNT", "Changes per second by one admin over HTTP [10]", false,
     set_per_second<&S::write_rate>},
    {kLimits, "write-burst", "COUNT", "Changes by one admin in one burst [30]", false,
     set_burst<&S::write_rate>},
    {kLimits, "read-rate", "COUNT",
     "Units of reading per second by one admin: an entity costs 1, a list 2, a state 40; docs/api.md lists "
     "all "
     "[500]",
     false, set_per_second<&S::read_rate>},
    {kLimits, "read-burst", "COUNT", "Units of reading by one admin in one burst [2000]", false,
     set_burst<&S::read_rate>},
    {kLimits, "announcement-rate", "COUNT", "Announcements per second by one admin [1]", false,
     set_per_second<&S::announcement_rate>},
    {kLimits, "announcement-burst", "COUNT", "Announcements by one admin in one burst [5]", false,
     set_burst<&S::announcement_rate>},
};

}  // namespace

std::span<const OptionSpec> options() noexcept { return kOptions; }

const OptionSpec* find_option(std::string_view name) noexcept {
  const auto* found = std::find_if(std::begin(kOptions), std::end(kOptions),
                                   [name](const OptionSpec& option) { return option.name == name; });
  return found == std::end(kOptions) ? nullptr : found;
}

}  // namespace togglecast::app
