// How an Engine.IO server behaves. Thread rule: a plain value, fixed before the server starts; shards call
// the functions in it, several shards at the same time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/memory/held.hpp"
#include "engineio/error_code.hpp"
#include "engineio/refusal.hpp"
#include "engineio/session_id.hpp"
#include "web/cors.hpp"
#include "web/deflate.hpp"
#include "web/exchange.hpp"
#include "wire/http/message.hpp"

namespace togglecast::engineio {

class PacketTrace;
struct Handshake;

struct Options {
  // Heartbeat. The client learns both values from the open packet.
  Milliseconds ping_interval{25'000};  ///< from one ping to the next
  Milliseconds ping_timeout{20'000};   ///< a session without a pong for this long ends

  // Transports.
  bool polling = true;                   ///< clients may use polling
  bool websocket = true;                 ///< clients may use WebSocket
  bool upgrades = true;                  ///< sessions may move from polling to WebSocket
  Milliseconds upgrade_timeout{10'000};  ///< from the WebSocket's handshake to the end of the upgrade
  /// Compresses WebSocket messages for clients that offer it. It costs about 300 KB for each shard and window
  /// in use, and nothing for each session. `max_payload` counts the inflated message.
  web::DeflateOptions per_message_deflate{};

  // The end of a polling session. Only polls carry packets to the client, so the server waits for one.
  Milliseconds close_grace{30'000};  ///< after the server closed: for the poll that brings the close packet
  /// After the client closed: for a poll that was under way at the same time. The POST with the close packet
  /// is answered after that poll, or after this time. One second covers a lost packet (RFC 6298, section 2).
  Milliseconds crossing_poll{1'000};

  // Limits. Each is counted in `Counters::limits_passed`.
  std::size_t max_payload = 1'000'000;  ///< bytes of a polling body, and of a WebSocket message
  /// The same until the application calls `Session::trust`; such a session ends when it sends more. 0: no
  /// other limit than `max_payload`.
  std::size_t untrusted_payload = 0;
  /// What the peer is told then: the body of the 413, and the reason of the close frame (123 bytes at most).
  std::string untrusted_payload_message = "message too big for a connection that is not trusted yet";
  std::size_t packets_per_payload = 1024;  ///< packets in one polling body
  std::size_t fragments_per_message = 64;  ///< 0: no limit
  /// Bytes that may pile up from one poll to the next, with 64 bytes for each packet. What one turn of the
  /// loop sends may be larger.
  std::size_t polling_backlog = 16 * 1024 * 1024;
  /// The same for a client that has not polled for `poll_overdue`.
  std::size_t unpolled_backlog = 1024 * 1024;
  Milliseconds poll_overdue{10'000};
  net::StreamLimits stream{};  ///< for WebSocket connections

  // Who may connect.
  web::CorsOptions cors{};  ///< origins that may read the answers to polling; none by default
  /// Refuses handshakes and requests of origins that `cors` does not allow. This includes WebSockets, to
  /// which CORS does not apply.
  bool refuse_foreign_origins = false;
  std::string origin_option;  ///< the option that this refusal names, such as `--cors-origin`
  /// Decides about each handshake: a refusal, or nullopt to accept.
  std::function<std::optional<Refusal>(const wire::http::Request&, const web::Peer&)> allow_request{};
  /// Called once for each new session. The session keeps the returned object, which may be null, until it
  /// ends. An application counts its sessions with it.
  std::function<HeldPtr(const web::Peer&)> hold{};
  /// Called for each refused request, for logs; for those of other nodes only `on_other_node`.
  std::function<void(const web::Exchange&, ErrorCode, std::string_view message)> on_refused{};

  // Several servers behind one address.
  /// Begins the ids of this server's sessions. A request with the id of another server's session is refused
  /// with `other_node_message`. Not set: ids are random, and such a session is an unknown one.
  std::optional<NodeTag> node_tag{};
  std::string other_node_message =
      "Session ID unknown: another node made this session. Use sticky sessions, or transports: "
      "['websocket']";
  std::function<void(const web::Exchange&)> on_other_node{};  ///< called for each such request, for logs

  /// Called each time a client passes a limit, by its name: for logs. `Counters::limits_passed` and
  /// `socketio::Server::passed` count them; `stalled` is a client that took too little of what waited for it.
  std::function<void(std::string_view limit)> on_limit_passed{};

  /// Called once for each new session, to watch its packets. May return null. A session that is watched costs
  /// more: broadcasts reach it one by one.
  std::function<std::unique_ptr<PacketTrace>(const Handshake&, std::string_view transport)> trace{};

  std::optional<std::string> cookie;  ///< name of a cookie with the sid, set in the polling handshake
};

}  // namespace togglecast::engineio
