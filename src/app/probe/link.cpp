#include "app/probe/link.hpp"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <utility>

#include "wire/http/origin.hpp"

namespace togglecast::app::probe {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class TlsSettings {
 public:
  explicit TlsSettings(bool check) : checks(check) {}
  asio::ssl::context context{asio::ssl::context::tls_client};
  bool checks;
};

Result<Target> Target::parse(const std::string& url, const Trust& trust) {
  const auto origin = wire::http::parse_origin(url.ends_with('/') ? url.substr(0, url.size() - 1) : url);
  if (!origin || (origin->scheme != "http" && origin->scheme != "https") || origin->authority.host.empty())
    return fail(Errc::invalid_argument, "'" + url + "' is not a URL of a server; write one like " +
                                            "http://localhost:5001 or https://flags.example");
  Target target;
  target.url = to_string(*origin);
  target.authority = to_string(origin->authority);
  target.host = origin->authority.host;
  if (target.host.starts_with('[')) target.host = target.host.substr(1, target.host.size() - 2);
  const bool secure = origin->scheme == "https";
  target.port = origin->authority.port == 0 ? secure ? "443" : "80" : std::to_string(origin->authority.port);
  if (!secure) return target;
  target.tls = std::make_shared<TlsSettings>(!trust.insecure);
  error_code error;
  if (trust.insecure) {
    target.tls->context.set_verify_mode(asio::ssl::verify_none, error);
  } else {
    target.tls->context.set_verify_mode(asio::ssl::verify_peer, error);
    if (trust.ca.empty()) {
      target.tls->context.set_default_verify_paths(error);
    } else {
      target.tls->context.load_verify_file(trust.ca, error);
    }
  }
  if (error)
    return fail(Errc::invalid_argument,
                "cannot read the certificates in '" + trust.ca + "': " + error.message());
  return target;
}

struct Link::Io {
  explicit Io(asio::io_context& context) : resolver(context), socket(context) {}
  tcp::resolver resolver;
  tcp::socket socket;
  std::unique_ptr<asio::ssl::stream<tcp::socket&>> tls;
  std::array<char, 16 * 1024> buffer{};
  std::deque<std::string> output;
};

Link::Link(Loop& loop, const Target& target, Events events)
    : target_(target), events_(std::move(events)), io_(std::make_unique<Io>(loop.context())) {}

Link::~Link() = default;

void Link::open() {
  const auto self = shared_from_this();
  const auto on_connected = [self](const error_code& error, const tcp::endpoint&) {
    if (error) return self->end("cannot connect to " + self->target_.url + ": " + error.message());
    self->connected();
  };
  io_->resolver.async_resolve(
      target_.host, target_.port,
      [self, on_connected](const error_code& error, const tcp::resolver::results_type& found) {
        if (error) return self->end("cannot find " + self->target_.host + ": " + error.message());
        asio::async_connect(self->io_->socket, found, on_connected);
      });
}

void Link::connected() {
  if (closed_) return;
  error_code ignored;
  io_->socket.set_option(tcp::no_delay(true), ignored);
  const auto self = shared_from_this();
  if (target_.tls == nullptr) {
    events_.on_open();
    return read();
  }
  io_->tls = std::make_unique<asio::ssl::stream<tcp::socket&>>(io_->socket, target_.tls->context);
  SSL_set_tlsext_host_name(io_->tls->native_handle(), target_.host.c_str());
  if (target_.tls->checks)
    io_->tls->set_verify_callback(asio::ssl::host_name_verification(target_.host), ignored);
  io_->tls->async_handshake(asio::ssl::stream_base::client, [self](const error_code& error) {
    if (error)
      return self->end("no TLS with " + self->target_.url + ": " + error.message() +
                       " (--ca names certificates to trust, --insecure takes any)");
    if (self->closed_) return;
    self->events_.on_open();
    self->read();
  });
}

void Link::read() {
  if (closed_) return;
  const auto on_read = [self = shared_from_this()](const error_code& error, std::size_t size) {
    if (self->closed_) return;
    if (size > 0) self->events_.on_bytes({self->io_->buffer.data(), size});
    if (!error) return self->read();
    const bool clean = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    self->end(clean ? std::string() : error.message());
  };
  if (io_->tls != nullptr) {
    io_->tls->async_read_some(asio::buffer(io_->buffer), on_read);
  } else {
    io_->socket.async_read_some(asio::buffer(io_->buffer), on_read);
  }
}

void Link::send(std::string bytes) {
  if (closed_) return;
  io_->output.push_back(std::move(bytes));
  if (io_->output.size() == 1) write();
}

void Link::write() {
  const auto on_written = [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error || self->closed_) return;  // the read hears of the end
    self->io_->output.pop_front();
    if (!self->io_->output.empty()) self->write();
  };
  if (io_->tls != nullptr) {
    asio::async_write(*io_->tls, asio::buffer(io_->output.front()), on_written);
  } else {
    asio::async_write(io_->socket, asio::buffer(io_->output.front()), on_written);
  }
}

void Link::end(const std::string& why) {
  if (closed_) return;
  close();
  const auto on_end = std::exchange(events_.on_end, nullptr);
  events_ = {};
  if (on_end) on_end(why);
}

void Link::close() {
  closed_ = true;
  error_code ignored;
  io_->resolver.cancel();
  io_->socket.close(ignored);
}

}  // namespace togglecast::app::probe
