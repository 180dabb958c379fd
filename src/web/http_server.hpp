// HTTP/1.1 (RFC 9112) over the streams of the shards: keep-alive, pipelined requests answered in order,
// limits and deadlines. A client that does not take its answers gets no further ones made.
//
// The server answers malformed requests, 404, 405 and `100 Continue` itself, and leaves the body of HEAD out;
// handlers do not see these. Thread rule: a shard accepts its own connections; the options and the router do
// not change.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "net/shard_pool.hpp"
#include "web/exchange.hpp"
#include "web/own_hosts.hpp"
#include "web/router.hpp"
#include "web/trusted_proxies.hpp"
#include "wire/http/request_parser.hpp"

namespace togglecast::web {

struct HttpOptions {
  wire::http::ParserLimits limits{};
  Milliseconds request_timeout{10'000};  ///< from the first byte, or from the connect, to the end of the
                                         ///< headers; again for each 64 KiB of body
  /// Between two requests, and named in `Keep-Alive`. A balancer in front must close first: common ones wait
  /// 60 seconds.
  Milliseconds keep_alive_timeout{75'000};
  Milliseconds stall_timeout{30'000};       ///< for a client to take an answer, or each piece of a large one
  std::size_t pipelined_bytes = 16 * 1024;  ///< read ahead while an answer is due; then reading pauses
  TrustedProxies trusted_proxies{};
  /// The hosts that requests may ask for; others get 421. Unset: any host.
  std::optional<OwnHosts> own_hosts{};
  std::string host_option{};  ///< the option that this refusal names, such as `--public-url`
  /// Called at most once, with the address of the peer, for a forwarding header that is not believed.
  /// `trusted`: the peer is a trusted proxy that sends another kind of header.
  std::function<void(std::string_view address, std::string_view header, bool trusted)> on_ignored_header{};
  /// Called when a client did not take an answer, or a piece of it, in `stall_timeout` and was cut off. On
  /// every shard. May be empty.
  std::function<void()> on_stalled{};
  /// Answers requests whose path no route has, such as those for files and pages. Nothing: the path does not
  /// exist. It runs on every shard. May be empty.
  std::function<std::optional<wire::http::Response>(const wire::http::Request&)> pages{};
  /// Adds a sentence to the answer for a path that does not exist, when it knows what the client meant. Such
  /// a request is logged as refused; other ones are too common. May be empty.
  std::function<std::string(const wire::http::Request&)> not_found_hint{};
};

struct HttpCounters {
  std::atomic<std::uint64_t> requests{0}, refused_requests{0}, aborted_requests{0}, open_connections{0};
  std::atomic<std::uint64_t> failed_requests{0};  ///< their handler threw
  std::atomic<std::uint64_t> foreign_hosts{0};    ///< they asked for a host that is not this server's
  /// The answers to requests that no handler sees: 408 took too long; 413, 414 and 431 exceeded a limit of
  /// size; the others are malformed.
  static constexpr std::array<unsigned, 7> kRefusals{400, 408, 413, 414, 431, 501, 505};
  std::array<std::atomic<std::uint64_t>, kRefusals.size()> refused{};  ///< `refused_requests` by `kRefusals`
  void count_refused(unsigned status) noexcept;
};

class HttpServer {
 public:
  /// Called with (status, message, peer) for each request that is refused before a handler sees it, and with
  /// status 500 if a handler throws. The client does not get the message of an exception.
  using RefusalLog = std::function<void(unsigned, std::string_view, const Peer&)>;

  HttpServer(net::ShardPool& shards, Router router, HttpOptions options = {}, RefusalLog log_refused = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// All connections must have been closed (`close_all`) or the shards stopped.
  ~HttpServer();

  /// For `ShardPool::listen`.
  [[nodiscard]] net::AcceptHandler accept_handler();
  /// From now on every answer closes its connection, unless its route `drains`. Idle connections stay, so
  /// that a request which is on its way is answered. Any thread may call.
  void stop_keeping_alive() noexcept;
  /// From now on, requests on new connections get 503 with a jittered Retry-After, unless their route
  /// `drains`. Any thread may call.
  void refuse_newcomers() noexcept;
  /// Closes idle connections at once and the others after their answer. Any thread may call.
  void drain();
  /// Closes all connections, and waits until they are closed. Connections that come later are closed at once.
  /// Not from a shard's thread.
  void close_all();
  [[nodiscard]] const HttpCounters& counters() const noexcept;

  struct Shared;  ///< shared with its connections; internal

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace togglecast::web
