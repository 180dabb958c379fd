#include <algorithm>
#include <iterator>

#include "app/config/option_values.hpp"
#include "net/shard_limit.hpp"

namespace togglecast::app {
namespace {

using S = Settings;

constexpr std::string_view kGeneral = "General", kAccess = "Who may connect", kTls = "TLS",
                           kWatching = "Logs and metrics", kLimits = "Limits";

// A token with a context takes six levels; what is stored is read back to 64, a few of which are around it.
constexpr std::uint64_t kLeastDepth = 8, kMostDepth = 48;

// The limits stand in the order in which a connection meets them.
constexpr OptionSpec kOptions[] = {
    {kGeneral, "data", "FOLDER", "Folder that keeps everything; made when missing [data]", false, set_data},
    {kGeneral, "port", "PORT", "Port to listen on; 0 takes a free one [5001]", false,
     set_count<&S::port, 0, 65'535>},
    {kGeneral, "listen", "ADDRESS", "Numeric address to listen on, may be repeated [127.0.0.1 and ::1]", true,
     set_listen},
    {kGeneral, "shards", "COUNT", "Threads that serve connections, at most 256; 0 takes one per core [0]",
     false, set_count<&S::shards, 0, net::kMostShards>},
    {kGeneral, "websocket-compression", "on|off",
     "Compress WebSocket messages for clients that offer it [off]", false,
     set_switch<&S::websocket_compression>},
    {kGeneral, "sync-window", "SECONDS", "A config_sync to many connections is spread over it [30]", false,
     set_seconds<&S::sync_window, 0, 3'600>},
    {kGeneral, "stop-timeout", "SECONDS", "Longest time a clean stop may take [10]", false,
     set_seconds<&S::stop_timeout, 1, 3'600>},
    {kGeneral, "demo", "", "Fill an empty catalogue with an example: a shop platform and its customers",
     false, set_switch<&S::demo>},

    {kAccess, "cors-origin", "ORIGIN", "Origin whose pages may connect, may be repeated; * allows all [none]",
     true, set_origins},
    {kAccess, "trusted-proxy", "CIDR", "Proxy whose Forwarded headers are believed, may be repeated [none]",
     true, set_proxies},

    {kTls, "tls-certificate", "FILE",
     "Serve HTTPS with this certificate and its chain, in PEM; read again at SIGHUP [off]", false,
     set_file<&S::tls_certificate>},
    {kTls, "tls-key", "FILE", "Private key of the certificate, in PEM without a passphrase [off]", false,
     set_file<&S::tls_key>},

    {kWatching, "log-format", "FORMAT", "text, json, or auto: text on a terminal [auto]", false,
     set_log_format},
    {kWatching, "log-level", "LEVEL", "debug, info, warn, error or off [info]", false, set_log_level},
    {kWatching, "metrics-listen", "ADDRESS:PORT", "Serve /metrics and health here without a token [off]",
     false, set_metrics_listen},

    {kLimits, "connections-per-address", "COUNT",
     "Open connections of one address other than this machine and proxies [5000]", false,
     set_count<&S::connections_per_address, 1, 1'000'000>},
    {kLimits, "connection-rate", "COUNT", "New connections a second of one address [200]", false,
     set_per_second<&S::connection_rate>},
    {kLimits, "connection-burst", "COUNT", "New connections of one address at once [2000]", false,
     set_burst<&S::connection_rate>},
    {kLimits, "max-header-size", "BYTES", "Longest request line and headers together [16384]", false,
     set_count<&S::max_header_size, 1'024, 1 << 20>},
    {kLimits, "request-timeout", "SECONDS",
     "Time for the headers of a request, each 64 KiB of its body, a TLS handshake [10]", false,
     set_seconds<&S::request_timeout, 1, 3'600>},
    {kLimits, "connect-timeout", "SECONDS",
     "Time until a connection joins a namespace, and then until it logs in [10]", false,
     set_seconds<&S::connect_timeout, 1, 3'600>},
    {kLimits, "namespaces-per-connection", "COUNT", "Namespaces that a connection may join [8]", false,
     set_count<&S::namespaces_per_connection, 1, 1'000>},
    {kLimits, "max-payload", "BYTES", "Largest message and largest request body [65536]", false,
     set_count<&S::max_payload, 1'024, 64 << 20>},
    {kLimits, "packets-per-payload", "COUNT", "Engine.IO packets in the body of one POST [1024]", false,
     set_count<&S::packets_per_payload, 1, 100'000>},
    {kLimits, "fragments-per-message", "COUNT", "Frames of one WebSocket message; 0 allows any number [64]",
     false, set_count<&S::fragments_per_message, 0, 1'000'000>},
    {kLimits, "attachments-per-packet", "COUNT", "Binary attachments of a Socket.IO packet [10]", false,
     set_count<&S::attachments_per_packet, 0, 1'000>},
    {kLimits, "json-depth", "LEVELS", "Nested arrays and objects in messages and request bodies [32]", false,
     set_count<&S::json_depth, kLeastDepth, kMostDepth>},
    {kLimits, "pending-acks", "COUNT", "Acknowledgements that one socket may owe the server [256]", false,
     set_count<&S::pending_acks, 1, 100'000>},
    {kLimits, "connections-per-client", "COUNT", "Open connections of one client [10000]", false,
     set_count<&S::connections_per_client, 1, 1'000'000>},
    {kLimits, "full-state-rate", "COUNT", "Whole states a second that one connection may ask for again [1]",
     false, set_per_second<&S::full_state_rate>},
    {kLimits, "full-state-burst", "COUNT", "Whole states that one connection may ask for at once [10]", false,
     set_burst<&S::full_state_rate>},
    {kLimits, "message-queue", "BYTES", "Answers and messages that wait for one connection [262144]", false,
     set_count<&S::message_queue, 64 << 10, 4 << 20>},
    {kLimits, "event-rate", "COUNT", "Events a second of one connection [50]", false,
     set_per_second<&S::event_rate>},
    {kLimits, "event-burst", "COUNT", "Events of one connection at once [200]", false,
     set_burst<&S::event_rate>},
    {kLimits, "write-rate", "COUNT", "Changes a second by one admin over HTTP [10]", false,
     set_per_second<&S::write_rate>},
    {kLimits, "write-burst", "COUNT", "Changes of one admin at once [30]", false, set_burst<&S::write_rate>},
    {kLimits, "announcement-rate", "COUNT", "Announcements a second by one admin [1]", false,
     set_per_second<&S::announcement_rate>},
    {kLimits, "announcement-burst", "COUNT", "Announcements of one admin at once [5]", false,
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
