// HTTP/1.1 (RFC 9112) over the shards' streams: keep-alive, pipelined requests answered in order, limits and
// deadlines. What handlers do not see: malformed requests (answered and closed here), 404 and 405, `100
// Continue`, HEAD without body. Thread rule: `accept` is called on the shard of the stream; the options and
// the router do not change.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "net/shard_pool.hpp"
#include "web/exchange.hpp"
#include "web/router.hpp"
#include "web/trusted_proxies.hpp"
#include "wire/http/request_parser.hpp"

namespace togglecast::web {

struct HttpOptions {
  wire::http::ParserLimits limits{};
  Milliseconds request_timeout{10'000};     ///< from the first byte (or the connection) to the end of the
                                            ///< headers, and again for each 64 KiB of body
  Milliseconds keep_alive_timeout{60'000};  ///< between two requests
  std::size_t pipelined_bytes = 64 * 1024;  ///< read ahead while an answer is due; beyond it reading waits
  TrustedProxies trusted_proxies{};
};

struct HttpCounters {
  std::atomic<std::uint64_t> requests{0}, refused_requests{0}, aborted_requests{0}, open_connections{0};
  std::atomic<std::uint64_t> failed_requests{0};  ///< their handler threw
  /// What requests are refused with before anybody looks at them: 408 took too long, 413, 414 and 431 passed
  /// a limit of size, the others are malformed.
  static constexpr std::array<unsigned, 7> kRefusals{400, 408, 413, 414, 431, 501, 505};
  std::array<std::atomic<std::uint64_t>, kRefusals.size()> refused{};  ///< `refused_requests` by `kRefusals`
  void count_refused(unsigned status) noexcept;
};

class HttpServer {
 public:
  /// `log_refused(status, message, peer)` hears of requests refused before a handler saw them, and, with
  /// status 500, of those whose handler threw; the client is told no more than that.
  using RefusalLog = std::function<void(unsigned, std::string_view, const Peer&)>;

  HttpServer(net::ShardPool& shards, Router router, HttpOptions options = {}, RefusalLog log_refused = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// All connections must have been closed (`close_all`) or the shards stopped.
  ~HttpServer();

  /// For `ShardPool::listen`.
  [[nodiscard]] net::AcceptHandler accept_handler();
  /// Closes idle connections at once and the others after their answer. Call on any thread.
  void drain();
  /// Closes every connection, and what still comes, and waits until it is done. Not from a shard's thread.
  void close_all();
  [[nodiscard]] const HttpCounters& counters() const noexcept;

  struct Shared;  ///< what its connections share; internal

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace togglecast::web
