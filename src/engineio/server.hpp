// An Engine.IO 4 server on a path of an HTTP server: handshakes, sessions, and the requests of sessions. The
// id of a session names its shard. A request that arrives on another shard moves there. Thread rule:
// constructed before the shards start. `drain`, `send_away`, `for_each_session`, `close_all` and the counters
// are for any thread, everything else for shards.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engineio/counters.hpp"
#include "engineio/handshake.hpp"
#include "engineio/options.hpp"
#include "engineio/session.hpp"
#include "engineio/session_id.hpp"
#include "net/shard_pool.hpp"
#include "web/cors.hpp"
#include "web/router.hpp"

namespace togglecast::engineio {

class Server {
 public:
  /// Called on the session's shard when a session begins, after its open packet was sent. Makes the handler,
  /// which the session owns.
  using Connect = std::function<std::unique_ptr<SessionHandler>(Session&, HandshakePtr)>;

  Server(net::ShardPool& shards, Options options, Connect connect);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Call `close_all` first, or stop the shards.
  ~Server();

  /// Serves every path that begins with `prefix`, which ends in a slash.
  void mount(web::Router& router, std::string prefix);
  /// Refuses new sessions with 503 and a jittered Retry-After from now on.
  void drain() noexcept { draining_.store(true, std::memory_order_relaxed); }
  /// Drains, and sends every session away to come back: each at a random moment of `window`. A WebSocket is
  /// closed with `code`. A waiting poll, or else the next request of a polling session that has fetched what
  /// was queued, gets 503 with Retry-After. Does not wait.
  void send_away(Milliseconds window, wire::websocket::CloseCode code);
  /// Calls `visit` for every session, on its shard, and waits until that is done. Not on a shard's thread.
  void for_each_session(const std::function<void(Session&, SessionHandler&)>& visit);
  /// Closes every session and waits until that is done. Not on a shard's thread.
  void close_all(wire::websocket::CloseCode code = wire::websocket::CloseCode::none);

  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] const Counters& counters(std::size_t shard) const noexcept;
  [[nodiscard]] const web::DeflateCounters& deflate_counters(std::size_t shard) const noexcept;
  [[nodiscard]] std::size_t shard_count() const noexcept { return shards_.size(); }
  /// Whether `Options::untrusted_payload` limits sessions that are not trusted.
  [[nodiscard]] bool distrusts() const noexcept {
    return options_.untrusted_payload != 0 && options_.untrusted_payload < options_.max_payload;
  }

 private:
  friend class Session;
  friend class PollingTransport;
  friend class UpgradeProbe;
  struct ShardState;

  void handle(const web::ExchangePtr& exchange);
  void handle_with_sid(const web::ExchangePtr& exchange, std::string_view sid);
  void open_session(const web::ExchangePtr& exchange);
  web::BodyAborted on_headers(const wire::http::Request& request, net::Shard& shard);
  struct PostTarget {
    net::Shard* home;
    SessionId id;
  };
  /// The session that a POST belongs to.
  [[nodiscard]] std::optional<PostTarget> post_target(const wire::http::Request& request) const;
  void tell_post_aborted(const PostTarget& target, unsigned status);
  void post_began(net::Shard& shard, const SessionId& id);
  void post_aborted(net::Shard& shard, const SessionId& id, unsigned status);

  void refuse(web::Exchange& exchange, ErrorCode code, std::string_view message, unsigned status = 400,
              unsigned retry_after_s = 0);
  void answer_refusal(web::Exchange& exchange, ErrorCode code, std::string_view message, unsigned status,
                      unsigned retry_after_s) const;
  /// 400 with code 1 and `Options::other_node_message`. Stock clients begin a new session.
  void refuse_other_node(web::Exchange& exchange);
  /// 503: the client shall come back, to this server after its restart or to another one.
  void turn_away(web::Exchange& exchange);
  /// Sends one session away. False: it is busy, and `at_last` is not set.
  bool leave(net::Shard& shard, const SessionId& id, wire::websocket::CloseCode code, bool at_last);
  void decorate(const web::Exchange& exchange, wire::http::Response& response) const;
  [[nodiscard]] std::string open_packet(std::string_view sid, bool upgrade) const;
  [[nodiscard]] wire::websocket::DecoderLimits decoder_limits(bool trusted) const noexcept;
  /// The most bytes of this request's body.
  [[nodiscard]] std::size_t body_limit(const wire::http::Request& request) const;
  // Trusted sessions that poll, for the shards that meet their POSTs.
  void remember_trusted(const Session& session);
  void forget_trusted(const Session& session);
  [[nodiscard]] Counters& counters(const net::Shard& shard) noexcept;
  void count(const net::Shard& shard, Limit passed);
  // A WebSocket has ended. Counts the limit that its close code stands for, if there is one: `payload` for
  // 1009.
  void count_if_limited(const net::Shard& shard, web::WebSocketEnd how, std::uint16_t code, Limit payload);
  [[nodiscard]] web::AgreedDeflate agree_on_deflate(const net::Shard& shard,
                                                    const wire::http::Request& request);
  void remove(Session& session);
  [[nodiscard]] Session* find(net::Shard& shard, std::string_view sid);
  // The shard of this server that the id names, or nullptr.
  [[nodiscard]] net::Shard* shard_of(std::string_view sid) const;

  net::ShardPool& pool_;
  Options options_;
  web::Cors cors_;
  Connect connect_;
  std::atomic<bool> draining_{false};
  std::vector<std::unique_ptr<ShardState>> shards_;
};

}  // namespace togglecast::engineio
