// All settings and their names. One table serves the command line, the environment and the settings file, so
// every option can be set in all three. Thread rule: plain values and pure functions.
//
//   --cors-origin https://app.example     TOGGLECAST_CORS_ORIGIN=https://app.example
//   cors-origin = ["https://app.example"]    (in the file of --config)
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/token_bucket.hpp"
#include "observe/log.hpp"
#include "service/oidc/options.hpp"
#include "web/forwarded_by.hpp"

namespace togglecast::app {

/// Made at the first start. The environment of a login that names none.
inline constexpr std::string_view kDefaultEnvironment = "production";

/// Of `Settings::store_listen`.
inline constexpr std::string_view kListenOff = "off";

struct Endpoint {
  std::string address;  ///< numeric
  std::uint16_t port = 0;
};

struct Settings {
  std::filesystem::path data{"data"};
  std::string store;                       ///< of PostgreSQL, may hold a password; empty: a file in `data`
  std::string store_listen;                ///< as `store`, or `off`; empty: `store`
  std::chrono::seconds store_timeout{10};  ///< of one statement
  std::optional<std::chrono::seconds>
      store_wait;                          ///< of a start, for a database that is away; not set: no end
  std::uint16_t port = 5001;               ///< 0: any free port
  std::vector<std::string> listen;         ///< numeric addresses; empty: the loopback addresses
  std::string node_tag;                    ///< begins the ids of sessions; empty: made from machine and port
  std::string node_name;                   ///< empty: the name of the machine
  std::size_t shards = 0;                  ///< 0: one per core
  std::vector<std::string> cors_origins;   ///< `*`: all origins
  std::vector<std::string> public_urls;    ///< origins under which clients reach this server
  std::vector<std::string> cors_headers;   ///< request headers of pages, besides our own
  std::chrono::seconds cors_max_age{600};  ///< of the answer to a preflight
  std::vector<std::string> trusted_proxies;  ///< addresses and CIDR blocks
  web::ForwardedBy forwarded = web::ForwardedBy::x_forwarded;
  std::optional<Endpoint> metrics_listen;
  std::filesystem::path tls_certificate, tls_key;  ///< both or neither
  observe::LogOptions log;
  std::vector<std::string> log_packets;        ///< of these connections, see PacketFilter
  std::size_t max_payload = 64 * 1'024;        ///< bytes of a message or a request body
  std::size_t max_write_body = 1'024 * 1'024;  ///< bytes of the body of an admin's change
  bool websocket_compression = false;
  bool exempt_loopback = false;                 ///< the limits by address leave this machine out
  std::chrono::seconds keep_alive_timeout{75};  ///< between two requests
  std::chrono::seconds ping_interval{25}, ping_timeout{20}, upgrade_timeout{10}, close_grace{30};
  std::chrono::seconds stream_heartbeat{20};  ///< an idle stream of server-sent events gets a comment
  std::chrono::seconds stall_timeout{30};     ///< a blocked client must take bytes within it
  std::chrono::seconds reader_patience{10};   ///< a client that has taken nothing for so long is slow
  std::chrono::seconds admin_token_lifetime{15 * 60};    ///< of an admin's token
  std::chrono::seconds session_lifetime{90 * 86'400};    ///< of an admin's login, with all its tokens
  std::chrono::seconds session_idle{30 * 86'400};        ///< of a login that nobody uses
  std::chrono::seconds refresh_leeway{10};               ///< in which a used refresh token may come again
  std::chrono::seconds token_lifetime{90 * 24 * 3'600};  ///< of a client's token without a time
  std::chrono::seconds expiry_warning{60};
  std::chrono::seconds idempotency_age{24 * 3'600};
  std::chrono::seconds message_retention{7 * 24 * 3'600};
  std::chrono::seconds min_revision_wait{1};
  std::chrono::seconds rollout_patience{60};
  std::chrono::seconds tls_ticket_lifetime{6 * 3'600};
  std::size_t connections_per_address = 5'000;
  Rate connection_rate{.per_second = 200, .burst = 2'000};  ///< of each address
  std::size_t max_header_size = 16 * 1'024;                 ///< bytes of a request line and its headers
  std::chrono::seconds request_timeout{10};  ///< of a TLS handshake, headers, each 64 KiB of a body
  std::chrono::seconds connect_timeout{10};  ///< to join a namespace, then again to log in
  std::size_t namespaces_per_connection = 8;
  std::size_t login_payload = 16 * 1'024;   ///< bytes of a message before the login; at most `max_payload`
  std::size_t packets_per_payload = 1'024;  ///< of Engine.IO, in one polling body
  std::size_t fragments_per_message = 64;   ///< 0: any number
  std::size_t attachments_per_packet = 10;
  std::size_t json_depth = 32;
  std::size_t pending_acks = 256;  ///< of each socket
  std::size_t connections_per_client = 10'000;
  Rate full_state_rate{.per_second = 1, .burst = 10};   ///< of each connection
  std::size_t ring_bytes = 256UL << 20;                 ///< of recent states, for catching up
  std::size_t message_queue = 256 * 1'024;              ///< bytes that wait for a connection
  std::size_t reader_backlog = 16 << 20;                ///< bytes that pile up for a connection
  std::size_t slow_poll_backlog = 1 << 20;              ///< the same for one that polls no more
  std::size_t queued_bytes = 256 << 20;                 ///< bytes that wait for all connections together
  Rate event_rate{.per_second = 50, .burst = 200};      ///< of each connection
  Rate write_rate{.per_second = 10, .burst = 30};       ///< of each admin
  Rate read_rate{.per_second = 500, .burst = 2'000};    ///< of each admin, in units
  std::int64_t messages = 10'000;                       ///< of an environment, that wait for acknowledgements
  std::int64_t messages_bytes = 16 * 1'024 * 1'024;     ///< of these
  std::int64_t messages_kept = 10'000;                  ///< that are over
  Rate announcement_rate{.per_second = 1, .burst = 5};  ///< of each admin
  std::int64_t keep_changes = 500'000;                  ///< of each environment's log; 0: all
  std::int64_t keep_days = 400;                         ///< 0: for ever
  std::chrono::seconds sync_window{30};  ///< `config_sync` to many connections is spread over it
  std::chrono::seconds stop_timeout{10};
  std::optional<std::chrono::seconds> drain;  ///< connections are sent away over it; not set: by their number
  std::chrono::seconds drain_wait{0};         ///< before that, for balancers to look elsewhere
  std::size_t asset_size = 1'024 * 1'024;     ///< bytes of one asset
  std::size_t asset_storage = 256UL << 20;    ///< bytes of all assets of an environment
  Rate asset_rate{.per_second = 4 << 20, .burst = 16 << 20};  ///< bytes, of each connection and reader
  Rate evaluation_rate{.per_second = 1'000,
                       .burst = 5'000};  ///< by OFREP, of each client or key at an address
  Secret redis;                          ///< URL; empty: no Redis
  std::string redis_prefix{"togglecast"};
  std::size_t redis_stream_length = 10'000;  ///< entries of a stream of changes; 0: no streams
  std::string redis_sentinel_user;           ///< of the Sentinels themselves; empty: the default one
  std::filesystem::path redis_password_file, redis_sentinel_password_file, redis_ca_file;
  std::filesystem::path cluster_key_file;
  std::vector<std::string> egress_allow;  ///< private addresses and ranges that may be called
  std::string egress_proxy;               ///< URL; empty: none
  std::filesystem::path egress_ca_file;
  bool egress_plain_loopback = false;
  std::filesystem::path issuer_keys;                       ///< folder; empty: none
  std::chrono::seconds issuer_token_lifetime{24 * 3'600};  ///< at most, of tokens that others sign
  std::chrono::seconds issuer_stale_keys{24 * 3'600};      ///< fetched keys count without a new success
  service::oidc::Options oidc;                             ///< without an issuer: no logins by OpenID Connect
  std::filesystem::path oidc_client_secret_file;
  bool enable_password_login = false;  ///< whatever the settings of the installation say
  bool demo = false;                   ///< fills an empty catalogue
};

/// The text that one source gives for one option, before it is read.
struct RawSetting {
  std::vector<std::string> values;
  std::string source;  ///< for messages: `--port`, `TOGGLECAST_PORT`, `togglecast.toml line 3 (port)`
};
using RawSettings = std::map<std::string, RawSetting, std::less<>>;

struct OptionSpec {
  std::string_view group;  ///< under which the help lists it
  std::string_view name;   ///< `cors-origin`
  std::string_view value;  ///< placeholder of the value in the help, `ORIGIN`; empty: a flag without a value
  std::string_view help;
  bool list;  ///< the option may be repeated
  Result<void> (*apply)(Settings& settings, const std::vector<std::string>& values);
};

/// All options; those of one group are adjacent.
[[nodiscard]] std::span<const OptionSpec> options() noexcept;
[[nodiscard]] const OptionSpec* find_option(std::string_view name) noexcept;

/// `TOGGLECAST_CORS_ORIGIN` for `cors-origin`.
[[nodiscard]] std::string variable_of(std::string_view option);
/// The variables of all options. A comma separates the items of a list; an empty variable counts as unset.
/// `lookup` is `getenv`.
[[nodiscard]] RawSettings read_environment(const std::function<const char*(const char*)>& lookup);

/// Variables with our prefix that set nothing, probably misspelt, and the one that is probably meant; empty
/// if none is near. `environment` is the program's.
struct UnknownVariable {
  std::string name;
  std::string meant;
};
[[nodiscard]] std::vector<UnknownVariable> unknown_variables(const char* const* environment);

/// Flags win over the environment, the environment over the file, the file over defaults. `invalid_argument`
/// names the source.
[[nodiscard]] Result<Settings> read_settings(const RawSettings& flags, const RawSettings& environment,
                                             const RawSettings& file);

}  // namespace togglecast::app
