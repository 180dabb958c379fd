// Accepts connections of one endpoint for one shard. Every shard listens on its own SO_REUSEPORT socket, so
// that a connection is accepted where it will live; with TLS it is handed out once its handshake is done.
// Thread rule: constructed anywhere, used on its shard.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>

#include "base/error.hpp"
#include "net/shard.hpp"
#include "net/stream.hpp"

namespace togglecast::net {

class TlsContext;
class TlsHandshakes;

using AcceptHandler = std::function<void(Shard&, StreamPtr)>;

class Listener {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;
  using Acceptor =
      boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  /// Binds and listens; `tls` may be null. `unavailable` when the port is taken or the address is not ours.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(Shard& shard, const Endpoint& endpoint,
                                                              int backlog,
                                                              std::shared_ptr<const AcceptHandler> handler,
                                                              const std::shared_ptr<TlsContext>& tls);

  Listener(Shard& shard, Acceptor acceptor, std::shared_ptr<const AcceptHandler> handler,
           const std::shared_ptr<TlsContext>& tls);
  ~Listener();

  /// Begins to accept.
  void start();
  /// Accepts no more, and cuts the connections whose TLS handshake is not done.
  void close();
  [[nodiscard]] Endpoint endpoint() const;

 private:
  void wait();
  void accept_ready();

  Shard& shard_;
  Acceptor acceptor_;
  std::shared_ptr<const AcceptHandler> handler_;
  std::unique_ptr<TlsHandshakes> handshakes_;  // null on a plain port
  CallbackTimer retry_;                        // after running out of descriptors
};

}  // namespace togglecast::net
