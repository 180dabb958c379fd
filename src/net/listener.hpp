// Accepts connections on one endpoint for one shard. Every shard has its own SO_REUSEPORT socket, so a
// connection is accepted on the shard where it will live. A TLS connection reaches the handler after its
// handshake. Thread rule: constructed on any thread, used on its shard.
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
#include "base/memory/held.hpp"
#include "net/preamble.hpp"
#include "net/shard.hpp"
#include "net/stream.hpp"

namespace togglecast::net {

class Preambles;
class TlsContext;
class TlsHandshakes;

using AcceptHandler = std::function<void(Shard&, StreamPtr)>;
/// Decides about each accepted connection before any byte of it is read. It returns nullopt to close the
/// connection at once. Otherwise the connection keeps the returned object, which may be null, until its
/// descriptor is closed.
using AcceptGate = std::function<std::optional<HeldPtr>(const boost::asio::ip::address&)>;

struct ListenOptions {
  /// Numeric addresses. Addresses that the machine does not have are skipped, unless none remains.
  std::vector<std::string> addresses{"127.0.0.1", "::1"};
  std::uint16_t port = 0;                      ///< 0: the kernel chooses one port for all addresses
  int backlog = 4096;                          ///< connections that wait in the kernel, per socket
  std::shared_ptr<TlsContext> tls{};           ///< null: plain connections
  std::shared_ptr<const Preamble> preamble{};  ///< null: no connection begins with one
  // Both are called on shards, several at the same time.
  AcceptGate gate{};  ///< empty: all connections are accepted
  /// Called whenever a connection cannot be accepted for lack of descriptors or memory. The listener tries
  /// again after 50 ms.
  std::function<void(int error)> on_exhausted{};
};

class Listener {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;
  using Acceptor =
      boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  /// Binds `endpoint` and listens. Error: `unavailable` with the step that failed and the reason.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(Shard& shard, const Endpoint& endpoint,
                                                              const ListenOptions& options,
                                                              std::shared_ptr<const AcceptHandler> handler);

  Listener(Shard& shard, Acceptor acceptor, const ListenOptions& options,
           std::shared_ptr<const AcceptHandler> handler);
  ~Listener();

  /// Begins to accept.
  void start();
  /// Accepts no more connections, and closes those whose TLS handshake is not done.
  void close();
  [[nodiscard]] Endpoint endpoint() const;

 private:
  void wait();
  void accept_ready();
  void begin(DetachedStream accepted, const boost::asio::ip::address& peer);
  // After the preamble, if there is one.
  void secure(DetachedStream accepted);

  Shard& shard_;
  Acceptor acceptor_;
  AcceptGate gate_;
  std::function<void(int)> on_exhausted_;
  std::shared_ptr<const AcceptHandler> handler_;
  std::unique_ptr<TlsHandshakes> handshakes_;  // null on a plain port
  std::unique_ptr<Preambles> preambles_;       // null: none is expected
  CallbackTimer retry_;                        // when descriptors or memory ran out
};

}  // namespace togglecast::net
