#include "net/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>

#include "net/tls_handshakes.hpp"

namespace togglecast::net {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr std::size_t kPeeked = 4'096;  // bytes of a preamble that are looked at together
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

using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

}  // namespace

// The connections of one listener whose preamble has not been read. `next` gets a connection when its
// preamble is complete. Other connections are closed and reported. The destructor closes the connections.
class Preambles {
 public:
  Preambles(Shard& shard, std::shared_ptr<const Preamble> preamble, std::function<void(DetachedStream)> next);
  Preambles(const Preambles&) = delete;
  Preambles& operator=(const Preambles&) = delete;
  ~Preambles();

  [[nodiscard]] bool expects(const boost::asio::ip::address& peer) const {
    return preamble_->comes_from(peer);
  }
  void begin(DetachedStream accepted, const boost::asio::ip::address& peer);

 private:
  class Reader;
  void finish(Reader& reader);
  void fail(Reader& reader, PreambleFailure failure, std::string_view reason);
  void forget(Reader& reader);

  Shard& shard_;
  std::shared_ptr<const Preamble> preamble_;
  std::function<void(DetachedStream)> next_;
  std::unordered_map<Reader*, std::unique_ptr<Reader>> under_way_;
};

// It looks at bytes before it takes them, so that it takes none that belong to the connection.
class Preambles::Reader final : public TimerNode, public Retirable {
 public:
  Reader(Preambles& all, DetachedStream accepted, const boost::asio::ip::address& peer)
      : all_(all), accepted_(std::move(accepted)), peer_(peer), descriptor_(all.shard_.context()) {
    all_.shard_.arm(*this, all_.preamble_->timeout);
  }
  ~Reader() override { stop_waiting(); }

  void read() {
    std::array<char, kPeeked> bytes;
    while (true) {
      const auto count = ::recv(accepted_.descriptor(), bytes.data(), bytes.size(), MSG_PEEK);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return wait();
      if (count <= 0) return all_.fail(*this, PreambleFailure::closed, "the peer closed the connection");
      const auto seen = static_cast<std::size_t>(count);
      const std::size_t before = taken_.size();
      taken_.append(bytes.data(), seen);
      const auto end = all_.preamble_->decode(taken_);
      if (!end) return all_.fail(*this, PreambleFailure::malformed, end.error().message);
      const std::size_t own = *end ? (*end)->size - before : seen;
      if (::recv(accepted_.descriptor(), bytes.data(), own, 0) != static_cast<ssize_t>(own))
        return all_.fail(*this, PreambleFailure::closed, "the peer closed the connection");
      if (!*end) continue;
      accepted_.through_proxy({(*end)->client.value_or(peer_), (*end)->secure});
      return all_.finish(*this);
    }
  }
  [[nodiscard]] const boost::asio::ip::address& peer() const noexcept { return peer_; }
  [[nodiscard]] DetachedStream let_go() {
    stop_waiting();
    return std::exchange(accepted_, DetachedStream());
  }

 private:
  void wait() {
    if (!descriptor_.is_open()) {
      boost::system::error_code error;
      descriptor_.assign(accepted_.descriptor(), error);
      if (error) return all_.fail(*this, PreambleFailure::closed, error.message());
    }
    descriptor_.async_wait(Descriptor::wait_read,
                           [this, waiting = std::weak_ptr<bool>(waiting_)](const boost::system::error_code&) {
                             if (!waiting.expired()) read();
                           });
  }
  void stop_waiting() {
    waiting_.reset();
    if (descriptor_.is_open()) (void)descriptor_.release();  // `accepted_` owns it
  }
  void on_timer(TimePoint) override {
    all_.fail(*this, PreambleFailure::timeout, "the PROXY header did not come in time");
  }

  Preambles& all_;
  DetachedStream accepted_;
  boost::asio::ip::address peer_;
  Descriptor descriptor_;
  std::shared_ptr<bool> waiting_ = std::make_shared<bool>(true);
  std::string taken_;
};

Preambles::Preambles(Shard& shard, std::shared_ptr<const Preamble> preamble,
                     std::function<void(DetachedStream)> next)
    : shard_(shard), preamble_(std::move(preamble)), next_(std::move(next)) {}

Preambles::~Preambles() = default;

void Preambles::begin(DetachedStream accepted, const boost::asio::ip::address& peer) {
  auto owned = std::make_unique<Reader>(*this, std::move(accepted), peer);
  Reader& reader = *owned;
  under_way_.emplace(&reader, std::move(owned));
  reader.read();
}

void Preambles::finish(Reader& reader) {
  DetachedStream accepted = reader.let_go();
  forget(reader);
  next_(std::move(accepted));
}

void Preambles::fail(Reader& reader, PreambleFailure failure, std::string_view reason) {
  if (preamble_->on_failure) shard_.attempt([&] { preamble_->on_failure(failure, reason, reader.peer()); });
  (void)reader.let_go();
  forget(reader);
}

// The object stays until the end of the turn, because it may be the caller.
void Preambles::forget(Reader& reader) {
  reader.cancel();
  const auto found = under_way_.find(&reader);
  shard_.retire(std::move(found->second));
  under_way_.erase(found);
}

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
      preambles_(options.preamble == nullptr ? nullptr
                                             : std::make_unique<Preambles>(shard, options.preamble,
                                                                           [this](DetachedStream accepted) {
                                                                             secure(std::move(accepted));
                                                                           })),
      retry_([this] { accept_ready(); }) {}

Listener::~Listener() = default;

void Listener::start() { wait(); }

void Listener::close() {
  retry_.cancel();
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  preambles_.reset();
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
    peer.resize(size);
    if (gate_) {
      auto held = gate_(peer.address());
      if (!held) continue;
      accepted.keep(*std::move(held));
    }
    shard_.attempt([&] { begin(std::move(accepted), peer.address()); });
  }
  if (acceptor_.is_open()) wait();
}

void Listener::begin(DetachedStream accepted, const boost::asio::ip::address& peer) {
  if (preambles_ != nullptr && preambles_->expects(peer)) return preambles_->begin(std::move(accepted), peer);
  secure(std::move(accepted));
}

void Listener::secure(DetachedStream accepted) {
  if (handshakes_ != nullptr) {
    handshakes_->begin(std::move(accepted));
  } else if (StreamPtr stream = Stream::adopt(shard_, std::move(accepted))) {
    (*handler_)(shard_, std::move(stream));
  } else {
    ShardCounters::add(shard_.own_counters().accept_errors, 1);
  }
}

}  // namespace togglecast::net
