#include "net/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "net/tls_handshakes.hpp"

namespace togglecast::net {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr Milliseconds kRetryAfterExhaustion{50};
// The kernel keeps at most this many unsent bytes per connection. More stays in this process, where it can be
// merged or dropped.
constexpr int kNotSentLowWater = 16 * 1024;

bool set_option(int descriptor, int level, int name, int value) {
  return ::setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

std::string text_of(const Listener::Endpoint& endpoint) {
  const auto address = endpoint.address();
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return host + ":" + std::to_string(endpoint.port());
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(Shard& shard, const Endpoint& endpoint,
                                                 const ListenOptions& options,
                                                 std::shared_ptr<const AcceptHandler> handler) {
  const auto refuse = [&endpoint](const std::string& step) {
    return fail(Errc::unavailable, "cannot " + step + " " + text_of(endpoint) + ": " + std::strerror(errno));
  };
  Acceptor acceptor(shard.context());
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return refuse("open a socket for");
  const int descriptor = acceptor.native_handle();
  set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
  if (!set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1)) return refuse("share");
  if (endpoint.address().is_v6()) set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  // Accepted connections inherit these.
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kNotSentLowWater);
  if (::bind(descriptor, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0)
    return refuse("bind");
  if (::listen(descriptor, options.backlog) != 0) return refuse("listen on");
  acceptor.non_blocking(true, error);
  return std::make_unique<Listener>(shard, std::move(acceptor), options, std::move(handler));
}

Listener::Listener(Shard& shard, Acceptor acceptor, const ListenOptions& options,
                   std::shared_ptr<const AcceptHandler> handler)
    : shard_(shard),
      acceptor_(std::move(acceptor)),
      gate_(options.gate),
      on_exhausted_(options.on_exhausted),
      handler_(std::move(handler)),
      handshakes_(options.tls == nullptr ? nullptr
                                         : std::make_unique<TlsHandshakes>(shard, options.tls, handler_)),
      retry_([this] { accept_ready(); }) {}

Listener::~Listener() = default;

void Listener::start() { wait(); }

void Listener::close() {
  retry_.cancel();
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  handshakes_.reset();
}

Listener::Endpoint Listener::endpoint() const {
  boost::system::error_code ignored;
  return acceptor_.local_endpoint(ignored);
}

void Listener::wait() {
  acceptor_.async_wait(Acceptor::wait_read, [this](const boost::system::error_code& error) {
    if (error == boost::asio::error::operation_aborted) return;
    accept_ready();
  });
}

void Listener::accept_ready() {
  auto& counters = shard_.own_counters();
  for (int i = 0; i < kAcceptsPerTurn && acceptor_.is_open(); ++i) {
    Endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    const int descriptor =
        ::accept4(acceptor_.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      ShardCounters::add(counters.accept_errors, 1);
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        if (on_exhausted_) on_exhausted_(errno);
        shard_.arm(retry_, kRetryAfterExhaustion);
        return;
      }
      continue;  // this connection has ended already (ECONNABORTED and others)
    }
    DetachedStream accepted(descriptor);
    ShardCounters::add(counters.accepted, 1);
    if (gate_) {
      peer.resize(size);
      auto held = gate_(peer.address());
      if (!held) continue;
      accepted.keep(*std::move(held));
    }
    begin(std::move(accepted));
  }
  if (acceptor_.is_open()) wait();
}

void Listener::begin(DetachedStream accepted) {
  if (handshakes_ != nullptr) {
    handshakes_->begin(std::move(accepted));
  } else if (StreamPtr stream = Stream::adopt(shard_, std::move(accepted))) {
    (*handler_)(shard_, std::move(stream));
  } else {
    ShardCounters::add(shard_.own_counters().accept_errors, 1);
  }
}

}  // namespace togglecast::net
