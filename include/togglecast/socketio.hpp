// Togglecast's Socket.IO server library in one header.
//
//   find_package(togglecast 0.1 REQUIRED)
//   target_link_libraries(program PRIVATE togglecast::socketio)
//
// docs/library.md has the first steps, the thread rules and the promises of these headers. The headers named
// here are public. Others are installed only because these need them.
#pragma once

// Values: errors as results, JSON, time, shared bytes.
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/shared_bytes.hpp"

// Logging, one thread per core, listeners.
#include "net/shard.hpp"
#include "net/shard_pool.hpp"
#include "net/tls_context.hpp"
#include "observe/log.hpp"

// HTTP beside and beneath Socket.IO.
#include "web/cors.hpp"
#include "web/deflate.hpp"
#include "web/exchange.hpp"
#include "web/http_server.hpp"
#include "web/https.hpp"
#include "web/own_hosts.hpp"
#include "web/proxy_protocol.hpp"
#include "web/router.hpp"
#include "web/trusted_proxies.hpp"
#include "wire/http/message.hpp"

// Socket.IO.
#include "engineio/handshake.hpp"
#include "engineio/options.hpp"
#include "socketio/adapter.hpp"
#include "socketio/answer_collector.hpp"
#include "socketio/broadcast.hpp"
#include "socketio/broadcast_options.hpp"
#include "socketio/event.hpp"
#include "socketio/handlers.hpp"
#include "socketio/local_node.hpp"
#include "socketio/namespace.hpp"
#include "socketio/options.hpp"
#include "socketio/packets/acks.hpp"
#include "socketio/packets/arguments.hpp"
#include "socketio/recovery.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"
