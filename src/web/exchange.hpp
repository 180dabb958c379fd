// One HTTP request and its answer. A handler gets it as a shared pointer. It may keep the pointer and answer
// now or later. Thread rule: all calls on the shard of the connection. To answer from another thread, post a
// task to `shard()`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/shard.hpp"
#include "net/stream.hpp"
#include "wire/http/message.hpp"

namespace togglecast::web {

/// The client, as the connection or a trusted proxy describes it.
struct Peer {
  std::string address;    ///< numeric, without port
  bool secure = false;    ///< the client used https or wss, perhaps towards a proxy
  bool loopback = false;  ///< the connection came from this machine, and not from a trusted proxy
  std::string host{};     ///< with its port, as a trusted proxy names it; empty: the Host header says it

  /// The host that the client asked for, with its port; empty if it named none.
  [[nodiscard]] std::string_view host_of(const wire::http::Request& request) const noexcept {
    return host.empty() ? request.headers.value("Host") : std::string_view(host);
  }
};

class Exchange {
 public:
  virtual ~Exchange() = default;

  [[nodiscard]] virtual const wire::http::Request& request() const noexcept = 0;
  [[nodiscard]] virtual const Peer& peer() const noexcept = 0;
  /// A path parameter of the route, such as `{id}`, percent-decoded. Empty if the route does not have it.
  [[nodiscard]] virtual std::string_view parameter(std::string_view name) const noexcept = 0;
  [[nodiscard]] virtual net::Shard& shard() const noexcept = 0;
  /// The connection, to see how the client takes the answer. Null once the exchange has been answered.
  [[nodiscard]] virtual net::StreamPtr stream() const noexcept = 0;
  /// Unique in this process. It is sent as `X-Request-Id` and logged.
  [[nodiscard]] virtual std::string_view id() const noexcept = 0;

  /// Answers the request. Only the first call counts, and only if the client is still there. If the last
  /// reference is dropped without an answer, the client gets 500.
  virtual void respond(wire::http::Response response) = 0;
  /// `aborted` runs once if the client ends its side or the connection breaks before the answer.
  virtual void on_abort(std::function<void()> aborted) = 0;

  struct Upgraded {
    net::StreamPtr stream;  ///< null if the client has gone or has ended its side
    std::string leftover;   ///< bytes that came after the request
  };
  /// Ends HTTP on this connection: sends `head`, the whole 101 answer, and gives the connection to the
  /// caller.
  [[nodiscard]] virtual Upgraded upgrade(std::string_view head) = 0;
  /// Sends `raw`, a complete answer, then closes the connection.
  virtual void respond_raw(std::string_view raw) = 0;

  /// Moves the connection and this request to another shard, which calls `handler` with a new exchange. This
  /// exchange can do nothing afterwards. Used for requests to a session of another shard. If the client has
  /// not read the answers to earlier requests, the connection does not move: it is closed after those
  /// answers.
  virtual void move_to(net::Shard& shard, std::function<void(std::shared_ptr<Exchange>)> handler) = 0;
};

using ExchangePtr = std::shared_ptr<Exchange>;
using HttpHandler = std::function<void(ExchangePtr)>;

}  // namespace togglecast::web
