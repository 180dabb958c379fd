// Numbers that are kept elsewhere, offered to the metrics registry. Thread rule: before the shards start;
// what is passed must live as long as anybody reads metrics.
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
/// How often limits of Engine.IO and Socket.IO were passed.
void export_limits(observe::Metrics& metrics, socketio::Server& io);
/// Sockets of the namespaces that are named.
void export_sockets(observe::Metrics& metrics, socketio::Server& io,
                    std::initializer_list<std::string_view> namespaces);

/// Of all shards.
[[nodiscard]] std::uint64_t open_sessions(const engineio::Server& engine);

}  // namespace togglecast::app
