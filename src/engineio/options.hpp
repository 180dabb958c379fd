// How an Engine.IO server behaves, and what it tells the application of a new session.
// Thread rule: plain values, fixed before the server starts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "web/cors.hpp"
#include "web/deflate.hpp"
#include "web/exchange.hpp"
#include "wire/http/message.hpp"

namespace togglecast::engineio {

/// The request that began a session.
struct Handshake {
  std::string url;  ///< path and query as sent
  wire::http::Query query;
  wire::http::Headers headers;
  web::Peer peer;
  UnixMillis issued;
  bool xdomain = false;  ///< it had an Origin header
};
using HandshakePtr = std::shared_ptr<const Handshake>;

/// Error codes of the protocol.
enum class ErrorCode : std::uint8_t {
  unknown_transport = 0,
  unknown_sid = 1,
  bad_handshake_method = 2,
  bad_request = 3,
  forbidden = 4,
  unsupported_version = 5,
};

/// The application's no to a handshake.
struct Refusal {
  std::string message = "Forbidden";
  unsigned status = 403;       ///< 429 and 503 for what is temporary: clients come back
  unsigned retry_after_s = 0;  ///< sent as Retry-After when positive
};

struct Options {
  Milliseconds ping_interval{25'000};    ///< from one ping to the next; clients are told
  Milliseconds ping_timeout{20'000};     ///< without a pong for so long, the session ends
  Milliseconds upgrade_timeout{10'000};  ///< from the WebSocket's handshake to the end of the upgrade
  Milliseconds close_grace{30'000};     ///< a closing polling session waits so long for the poll that is told
  std::size_t max_payload = 1'000'000;  ///< bytes of a polling body and of a WebSocket message
  std::size_t packets_per_payload = 1024;
  std::size_t fragments_per_message = 64;  ///< 0: no limit
  /// Compression of WebSocket messages, for clients that offer it. Costs about 300 KB for each shard and
  /// window in use, nothing for each session; `max_payload` counts what a message is inflated to.
  web::DeflateOptions per_message_deflate{};
  std::size_t polling_backlog =
      4 * 1024 * 1024;         ///< queued for a client that does not poll; beyond it the session ends
  net::StreamLimits stream{};  ///< for WebSocket connections
  bool polling = true;         ///< the transport may be used
  bool websocket = true;       ///< the transport may be used
  bool upgrades = true;        ///< sessions may move from polling to WebSocket
  web::CorsOptions cors{};     ///< which origins may read the answers to polling; none by default
  /// Refuse handshakes and requests of origins that `cors` does not allow (also WebSockets, to which CORS
  /// does not apply).
  bool refuse_foreign_origins = false;
  std::string origin_option;          ///< named in that refusal: `--cors-origin`
  std::optional<std::string> cookie;  ///< name of a cookie that carries the sid, set on the polling handshake
  /// Asked before a session begins; nullopt lets it.
  std::function<std::optional<Refusal>(const wire::http::Request&, const web::Peer&)> allow_request{};
  /// Asked once a session begins; what it returns (may be null) is kept until the session ends: for counting
  /// sessions by something that only the application knows.
  std::function<std::shared_ptr<void>(const web::Peer&)> hold{};
  /// Hears of every refused request: for logs.
  std::function<void(const web::Exchange&, ErrorCode, std::string_view message)> on_refused{};
};

}  // namespace togglecast::engineio
