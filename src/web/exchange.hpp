// One HTTP request and its one answer. Handlers get it as a shared pointer, may keep it, and answer now or
// later. Thread rule: everything on the shard of the connection; to answer from another thread, post to
// `shard()`.
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

/// Who sent the request, as far as the connection or a trusted proxy says.
struct Peer {
  std::string address;    ///< numeric, without port
  bool secure = false;    ///< https or wss at the outer edge
  bool loopback = false;  ///< `address` is a loopback address
};

class Exchange {
 public:
  virtual ~Exchange() = default;

  [[nodiscard]] virtual const wire::http::Request& request() const noexcept = 0;
  [[nodiscard]] virtual const Peer& peer() const noexcept = 0;
  /// A path parameter of the route, percent-decoded: `{id}`. Empty when the route has none of that name.
  [[nodiscard]] virtual std::string_view parameter(std::string_view name) const noexcept = 0;
  [[nodiscard]] virtual net::Shard& shard() const noexcept = 0;
  /// Unique in this process; also sent as `X-Request-Id`, and logged.
  [[nodiscard]] virtual std::string_view id() const noexcept = 0;

  /// Answers. The first call counts; ignored when the client has gone. Dropping an unanswered exchange
  /// answers 500.
  virtual void respond(wire::http::Response response) = 0;
  /// `aborted` runs once if the client goes away before the answer (its bytes end or its connection breaks).
  virtual void on_abort(std::function<void()> aborted) = 0;

  struct Upgraded {
    net::StreamPtr stream;  ///< null when the client has gone, also when it only has nothing more to say
    std::string leftover;   ///< bytes that came behind the request
  };
  /// Ends HTTP on this connection: sends `head` (the whole 101 answer) and hands the connection over.
  [[nodiscard]] virtual Upgraded upgrade(std::string_view head) = 0;
  /// Sends `raw` (a whole answer written by the caller), then closes the connection.
  virtual void respond_raw(std::string_view raw) = 0;

  /// Moves the connection, with this request unanswered, to another shard, where `handler` is called with its
  /// new exchange. This exchange is void afterwards. For requests that concern a session of another shard. A
  /// client that has not yet read the answers to earlier requests gets those, and then the end of the
  /// connection.
  virtual void move_to(net::Shard& shard, std::function<void(std::shared_ptr<Exchange>)> handler) = 0;
};

using ExchangePtr = std::shared_ptr<Exchange>;
using HttpHandler = std::function<void(ExchangePtr)>;

}  // namespace togglecast::web
