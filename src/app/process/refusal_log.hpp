// One line for each refused connection or request, with what would help; no more than a few a second, so that
// nobody can fill a disk. Thread rule: any thread.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/token_bucket.hpp"
#include "engineio/options.hpp"
#include "net/tls_context.hpp"
#include "observe/log.hpp"

namespace togglecast::app {

class RefusalLog {
 public:
  RefusalLog(observe::Log& log, const Clock& clock) : log_(log), clock_(clock) {}

  /// A TCP connection of an address that has too many.
  void connection(const std::string& address);
  /// No descriptor or memory is left for a connection; `error` is an errno.
  void exhausted(int error);
  /// An Engine.IO handshake or request.
  void handshake(const web::Exchange& exchange, engineio::ErrorCode code, std::string_view message);
  /// An HTTP request that could not be read.
  void request(unsigned status, std::string_view message, const web::Peer& peer);
  /// A connection whose TLS handshake failed; those that only went away are not worth a line.
  void handshake(net::TlsFailure failure, std::string_view detail, const std::string& address);

 private:
  // Whether there is room for one more line; tells of those that were left out.
  [[nodiscard]] bool room();
  // The same for what may come thousands of times a second: one line a second of its kind; metrics count
  // them.
  [[nodiscard]] bool room(TokenBucket& kind);

  observe::Log& log_;
  const Clock& clock_;
  std::mutex mutex_;
  TokenBucket lines_;
  TokenBucket connections_;
  TokenBucket exhaustions_;
  std::size_t left_out_ = 0;
};

}  // namespace togglecast::app
