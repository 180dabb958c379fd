// The first part of a stop: clients go elsewhere, and nothing that was accepted is lost.
//
//   1. `wait`: everything is served as before, but answers close their connections. Balancers look elsewhere.
//   2. `window`: no new sessions and streams. Each session and stream is sent away at a random moment;
//   requests on connections that
//      are open are answered. New connections get 503, but for health and for sessions that are still here,
//      because clients that poll may open a connection for each poll.
//   3. No new connections. At most `kLastPolls` for polling clients to hear of it, at most `kLastAnswers` for
//      requests under way. Then everything that is left is closed.
//
// The log has a line at the beginning, some on the way, and one at the end with what was done and what was
// cut. Thread rule: one thread, which waits.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "http_api/streams/streams.hpp"
#include "net/shard_pool.hpp"
#include "observe/log.hpp"
#include "socketio/server.hpp"
#include "web/http_server.hpp"

namespace togglecast::app {

inline constexpr Milliseconds kLongestOwnWindow{5'000};
/// The window when none is set: the server that comes next takes a thousand connections a second with ease.
[[nodiscard]] Milliseconds drain_window(std::uint64_t sessions) noexcept;

class Drain {
 public:
  static constexpr Milliseconds kLastPolls{1'000};
  static constexpr Milliseconds kLastAnswers{3'000};

  Drain(net::ShardPool& shards, socketio::Server& io, web::HttpServer& http, http_api::Streams& streams,
        observe::Log& log, const Clock& clock) noexcept
      : shards_(shards), io_(io), http_(http), streams_(streams), log_(log), clock_(clock) {}

  void wait(Milliseconds wait);
  void send_away(Milliseconds window);
  /// Closes idle connections and waits for the answers under way, then logs the end.
  void finish();
  /// Waits until all connections have ended, at most for `longest`. Returns the number that has not.
  std::uint64_t wait_for_answers(Milliseconds longest) const;

 private:
  struct SentAway {
    std::uint64_t websockets, polling;
  };
  [[nodiscard]] SentAway sent_away() const;
  /// Sessions and streams.
  [[nodiscard]] std::uint64_t open_connections() const;

  net::ShardPool& shards_;
  socketio::Server& io_;
  web::HttpServer& http_;
  http_api::Streams& streams_;
  observe::Log& log_;
  const Clock& clock_;
  TimePoint began_{};
  std::uint64_t streams_at_first_ = 0;
  std::uint64_t cut_sessions_ = 0;
};

}  // namespace togglecast::app
