// Logs a line for a refused connection or request, with a hint that helps. The bucket of PeerLog holds for
// all of them. Thread rule: any thread.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/token_bucket.hpp"
#include "engineio/options.hpp"
#include "net/tls_context.hpp"
#include "observe/peer_log.hpp"

namespace togglecast::app {

/// How to mend a balancer that brings requests to the wrong node.
inline constexpr std::string_view kStickyHint =
    "the balancer must send a session's requests to the node that its id begins with (--node-tag), or "
    "clients must use transports: ['websocket']; see docs/deployment.md, \"Sticky sessions\"";

class RefusalLog {
 public:
  RefusalLog(observe::PeerLog log, const Clock& clock) : log_(log), clock_(clock) {}

  /// A TCP connection from an address that has too many open.
  void connection(const std::string& address);
  /// A connection of a trusted proxy that does not begin with a good PROXY header.
  void proxy_header(std::string_view reason, const std::string& address);
  /// A forwarding header that is not believed; the server calls this once. `trusted`: it came from a trusted
  /// proxy, which sends another kind of header than `--forwarded` names.
  void ignored_header(std::string_view header, std::string_view address, bool trusted);
  /// A request for a session that another node made. Only the first one is logged.
  void other_node(const std::string& address);
  /// No descriptor or memory is left for a connection; `error` is an errno.
  void exhausted(int error);
  /// A refused Engine.IO handshake or request.
  void handshake(const web::Exchange& exchange, engineio::ErrorCode code, std::string_view message);
  /// A CONNECT to a namespace that does not exist; `address` may be empty.
  void unknown_namespace(std::string_view nsp, std::string_view address);
  /// An HTTP request that could not be read, or that looked for Socket.IO in a wrong place.
  void request(unsigned status, std::string_view message, const web::Peer& peer);
  /// A failed TLS handshake. A connection that only closed or timed out gets no line.
  void handshake(net::TlsFailure failure, std::string_view detail, const std::string& address);

 private:
  // For refusals that may come thousands of times a second: one line per second of each kind, so that they
  // leave room for others. Metrics count all of them.
  [[nodiscard]] bool may_log(TokenBucket& kind);

  observe::PeerLog log_;
  const Clock& clock_;
  std::mutex mutex_;
  TokenBucket connections_;
  TokenBucket exhaustions_;
  std::atomic_flag told_of_other_nodes_;
};

}  // namespace togglecast::app
