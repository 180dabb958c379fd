// Registers counters of other folders with the metrics registry. Thread rule: call before the shards start.
// The arguments must live as long as the registry is read.
#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "net/shard_pool.hpp"
#include "net/tls_context.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "socketio/server.hpp"
#include "web/http_server.hpp"

namespace togglecast::app {

void export_process(observe::Metrics& metrics, const Clock& clock, const observe::Log& log);
void export_shards(observe::Metrics& metrics, const net::ShardPool& shards);
void export_tls(observe::Metrics& metrics, const net::TlsContext& tls);
void export_http(observe::Metrics& metrics, const web::HttpServer& http, std::string_view listener);
void export_engine(observe::Metrics& metrics, const engineio::Server& engine);
/// How often connections exceeded the limits of Engine.IO and Socket.IO.
void export_limits(observe::Metrics& metrics, socketio::Server& io);
/// Connected sockets of these namespaces.
void export_sockets(observe::Metrics& metrics, socketio::Server& io,
                    std::initializer_list<std::string_view> namespaces);

/// Open Engine.IO sessions of all shards.
[[nodiscard]] std::uint64_t open_sessions(const engineio::Server& engine);
/// Sessions of all shards that a stop has sent away; see engineio::Server::send_away.
[[nodiscard]] std::uint64_t sessions_sent_away(const engineio::Server& engine,
                                               engineio::TransportKind transport);

}  // namespace togglecast::app
