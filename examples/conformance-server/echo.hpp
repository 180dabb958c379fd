// The two mounts without Socket.IO: raw Engine.IO and plain WebSocket, both sending back what comes.
#pragma once

#include <memory>
#include <string>

#include "engineio/server.hpp"
#include "net/shard_pool.hpp"
#include "web/deflate.hpp"
#include "web/router.hpp"

namespace conformance {

/// Each Engine.IO message, text or binary, is sent back.
[[nodiscard]] std::unique_ptr<togglecast::engineio::Server> engine_echo(
    togglecast::net::ShardPool& shards, togglecast::engineio::Options options);

/// Each WebSocket message is sent back as it came: up to 16 MiB in any number of fragments, compressed or
/// not.
void mount_websocket_echo(togglecast::web::Router& router, std::string prefix,
                          togglecast::net::ShardPool& shards);

}  // namespace conformance
