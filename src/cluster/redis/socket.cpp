#include "cluster/redis/socket.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace togglecast::cluster::redis {
namespace {

using Plain = boost::asio::generic::stream_protocol::socket;
namespace ssl = boost::asio::ssl;

class LoadedTls final : public TlsClientContext {
 public:
  ssl::context context{ssl::context::tls_client};
};

class PlainSocket final : public Socket {
 public:
  explicit PlainSocket(boost::asio::io_context& loop) : socket_(loop) {}
  [[nodiscard]] Plain& lowest() noexcept override { return socket_; }
  void handshake(Handler done) override {
    boost::asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
  }
  void read_some(boost::asio::mutable_buffer into, Handler done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void write(boost::asio::const_buffer bytes, Handler done) override {
    boost::asio::async_write(socket_, bytes, std::move(done));
  }

 private:
  Plain socket_;
};

class TlsSocket final : public Socket {
 public:
  TlsSocket(boost::asio::io_context& loop, std::shared_ptr<LoadedTls> tls, const std::string& host)
      : tls_(std::move(tls)), stream_(loop, tls_->context) {
    boost::system::error_code no_address;
    boost::asio::ip::make_address(host, no_address);
    if (no_address) SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str());
    stream_.set_verify_mode(ssl::verify_peer);
    stream_.set_verify_callback(ssl::host_name_verification(host));
  }
  [[nodiscard]] Plain& lowest() noexcept override { return stream_.next_layer(); }
  void handshake(Handler done) override {
    stream_.async_handshake(
        ssl::stream_base::client,
        [done = std::move(done)](const boost::system::error_code& error) { done(error, 0); });
  }
  void read_some(boost::asio::mutable_buffer into, Handler done) override {
    stream_.async_read_some(into, std::move(done));
  }
  void write(boost::asio::const_buffer bytes, Handler done) override {
    boost::asio::async_write(stream_, bytes, std::move(done));
  }

 private:
  std::shared_ptr<LoadedTls> tls_;
  ssl::stream<Plain> stream_;
};

}  // namespace

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::load(const std::string& ca_file) {
  auto made = std::make_shared<LoadedTls>();
  SSL_CTX_set_min_proto_version(made->context.native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  if (ca_file.empty()) {
    made->context.set_default_verify_paths(error);
  } else {
    made->context.load_verify_file(ca_file, error);
  }
  if (error)
    return fail(Errc::invalid_argument, "cannot read the certificates to verify Redis with" +
                                            (ca_file.empty() ? std::string() : " from " + ca_file) + ": " +
                                            error.message());
  return std::shared_ptr<TlsClientContext>(std::move(made));
}

std::unique_ptr<Socket> make_socket(boost::asio::io_context& loop,
                                    const std::shared_ptr<TlsClientContext>& tls, const std::string& host) {
  if (tls == nullptr) return std::make_unique<PlainSocket>(loop);
  return std::make_unique<TlsSocket>(loop, std::static_pointer_cast<LoadedTls>(tls), host);
}

}  // namespace togglecast::cluster::redis
