// From settings to the options of the parts. Thread rule: pure functions; what is passed by reference must
// outlive the part.
#pragma once

#include "app/config/settings.hpp"
#include "app/process/address_limits.hpp"
#include "app/process/packet_log.hpp"
#include "app/process/refusal_log.hpp"
#include "cluster/redis/options.hpp"
#include "http_api/request/api.hpp"
#include "http_api/streams/streams.hpp"
#include "net/listener.hpp"
#include "net/tls_context.hpp"
#include "nodes/nodes.hpp"
#include "realtime/session/options.hpp"
#include "service/oidc/options.hpp"
#include "socketio/options.hpp"
#include "web/http_server.hpp"

namespace togglecast::app {

/// `packets` may be null.
[[nodiscard]] socketio::Options socketio_options(const Settings& settings, AddressLimits& limits,
                                                 RefusalLog& refusals, observe::Log& log,
                                                 PacketLog* packets = nullptr);
/// Null unless `--log-packets` is set.
[[nodiscard]] std::unique_ptr<PacketLog> packet_log(const Settings& settings, observe::Log& log,
                                                    const Clock& clock, observe::Metrics& metrics);
[[nodiscard]] service::MailboxOptions mailbox_options(const Settings& settings);
/// The ranges have been checked when the settings were read.
[[nodiscard]] egress::Options egress_options(const Settings& settings);
/// Nothing without a provider. The secret is read from its file; `invalid_argument` when that cannot be read.
[[nodiscard]] Result<std::optional<service::oidc::Options>> oidc_options(const Settings& settings);
[[nodiscard]] service::TrustedIssuersOptions issuer_options(const Settings& settings);
/// Of the Redis that the settings name. `invalid_argument` names a file that cannot be read.
[[nodiscard]] Result<cluster::redis::ClientOptions> redis_options(const Settings& settings);
/// The text of a file with a secret, without the line end. `invalid_argument` when it cannot be read or is
/// empty.
[[nodiscard]] Result<Secret> read_secret(const std::filesystem::path& file, std::string_view option);
[[nodiscard]] http_api::Options api_options(const Settings& settings,
                                            const service::ClusterView* cluster = nullptr,
                                            http_api::Streams* streams = nullptr);
[[nodiscard]] http_api::StreamOptions stream_options(const Settings& settings, AddressLimits& limits);
[[nodiscard]] nodes::NodesOptions nodes_options(const Settings& settings);
[[nodiscard]] realtime::Options realtime_options(const Settings& settings);
// The proxies have been checked when the settings were read.
[[nodiscard]] web::HttpOptions http_options(const Settings& settings);
/// With the files that the settings name.
[[nodiscard]] net::TlsOptions tls_options(const Settings& settings);
/// Reads the PROXY headers of trusted proxies; null unless `--forwarded proxy` is set.
[[nodiscard]] std::shared_ptr<const net::Preamble> proxy_preamble(const Settings& settings,
                                                                  observe::Metrics& metrics,
                                                                  RefusalLog& refusals);
/// Holds the addresses that connect to their limit. A trusted proxy connects for others: they are held to
/// theirs when a session begins.
[[nodiscard]] net::AcceptGate accept_gate(const Settings& settings, AddressLimits& limits,
                                          RefusalLog& refusals);

}  // namespace togglecast::app
