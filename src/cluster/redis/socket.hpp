// A socket to one server: TCP, TLS over TCP, or UNIX. Thread rule: the loop's thread. A handler runs once,
// also when the socket was closed meanwhile.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "cluster/redis/address.hpp"

namespace togglecast::cluster::redis {

/// What verifies TLS servers: made once, used for every connection.
class TlsClientContext {
 public:
  /// `ca_file` empty: the certificates of the system.
  [[nodiscard]] static Result<std::shared_ptr<TlsClientContext>> load(const std::string& ca_file);
  virtual ~TlsClientContext() = default;
};

class Socket {
 public:
  using Handler = std::function<void(const boost::system::error_code& error, std::size_t bytes)>;
  virtual ~Socket() = default;
  [[nodiscard]] virtual boost::asio::generic::stream_protocol::socket& lowest() noexcept = 0;
  /// Of TLS; without TLS it is done at once.
  virtual void handshake(Handler done) = 0;
  virtual void read_some(boost::asio::mutable_buffer into, Handler done) = 0;
  /// All of it.
  virtual void write(boost::asio::const_buffer bytes, Handler done) = 0;
};

/// Not connected yet. `tls` null: plain. `host` is the name that the certificate must have.
[[nodiscard]] std::unique_ptr<Socket> make_socket(boost::asio::io_context& loop,
                                                  const std::shared_ptr<TlsClientContext>& tls,
                                                  const std::string& host);

}  // namespace togglecast::cluster::redis
