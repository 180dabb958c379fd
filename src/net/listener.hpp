// Accepts connections of one endpoint for one shard. Every shard listens on its own SO_REUSEPORT socket, so
// that a connection is accepted where it will live; with TLS it is handed out once its handshake is done.
// Thread rule: constructed anywhere, used on its shard.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "net/shard.hpp"
#include "net/stream.hpp"

namespace togglecast::net {

class TlsContext;
class TlsHandshakes;

using AcceptHandler = std::function<void(Shard&, StreamPtr)>;
/// Asked for every connection that was accepted, before anything of it is read. Nothing: it is closed at
/// once; else what is kept, which may be null, until its descriptor is closed.
using AcceptGate = std::function<std::optional<std::shared_ptr<void>>(const boost::asio::ip::address&)>;

struct ListenOptions {
  /// Numeric addresses. Of several, those that the machine does not have are skipped as long as one remains.
  std::vector<std::string> addresses{"127.0.0.1", "::1"};
  std::uint16_t port = 0;  ///< 0: the kernel chooses, the same for all addresses
  int backlog = 4096;
  std::shared_ptr<TlsContext> tls{};  ///< null: plain connections
  // Both are called on shards, by several at once.
  AcceptGate gate{};  ///< empty: open to all
  /// Connections wait because there is no descriptor or memory for them; hears of each attempt.
  std::function<void(int error)> on_exhausted{};
};

class Listener {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;
  using Acceptor =
      boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  /// Binds and listens on `endpoint`, one of those that `options` say. `unavailable` when the port is taken
  /// or the address is not ours.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(Shard& shard, const Endpoint& endpoint,
                                                              const ListenOptions& options,
                                                              std::shared_ptr<const AcceptHandler> handler);

  Listener(Shard& shard, Acceptor acceptor, const ListenOptions& options,
           std::shared_ptr<const AcceptHandler> handler);
  ~Listener();

  /// Begins to accept.
  void start();
  /// Accepts no more, and cuts the connections whose TLS handshake is not done.
  void close();
  [[nodiscard]] Endpoint endpoint() const;

 private:
  void wait();
  void accept_ready();
  void begin(DetachedStream accepted);

  Shard& shard_;
  Acceptor acceptor_;
  AcceptGate gate_;
  std::function<void(int)> on_exhausted_;
  std::shared_ptr<const AcceptHandler> handler_;
  std::unique_ptr<TlsHandshakes> handshakes_;  // null on a plain port
  CallbackTimer retry_;                        // after running out of descriptors
};

}  // namespace togglecast::net
