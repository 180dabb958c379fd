#include "net/stream.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "net/stream_backlog.hpp"
#include "net/tls_session.hpp"

namespace togglecast::net {
namespace {

const StreamLimits kDefaultLimits{};
constexpr Milliseconds kLingerAfterFin{1'000};
constexpr int kReadsPerTurn = 4;  // of one full buffer each; then other streams have their turn
static_assert(TlsSession::kOutputBytes <= Shard::kScratchBytes);

}  // namespace

void Stream::Backlog::on_timer(TimePoint) {
  const StreamPtr keep(&stream);
  if (!stream.closing_ || bytes != 0) ShardCounters::add(stream.shard_.own_counters().stalled_streams, 1);
  if (stream.closing_) {
    stream.close_socket();
  } else {
    stream.end(StreamEnd::write_stalled);
  }
}

void Stream::limit(const StreamLimits* limits) noexcept {
  limits_ = limits == nullptr ? &kDefaultLimits : limits;
}

StreamPtr Stream::adopt(Shard& shard, DetachedStream detached) {
  if (!detached) return nullptr;
  StreamPtr stream(new Stream(shard, std::move(detached)));
  stream->watched_ = shard.watch(*stream, stream->outlet_, stream->descriptor_);
  return stream->watched_ ? stream : nullptr;
}

Stream::Stream(Shard& shard, DetachedStream detached)
    : shard_(shard),
      limits_(&kDefaultLimits),
      tls_(std::move(detached.tls_)),
      client_(std::move(detached.client_)),
      held_(std::move(detached.held_)),
      descriptor_(std::exchange(detached.descriptor_, -1)),
      outlet_(shard.outlets().add(*this, descriptor_)) {
  write_directly(true);
  ShardCounters::add(shard_.own_counters().open_streams, 1);
}

Stream::~Stream() {
  close_socket();
  shard_.outlets().remove(outlet_);
  auto& counters = shard_.own_counters();
  counters.open_streams.store(counters.open_streams.load(std::memory_order_relaxed) - 1,
                              std::memory_order_relaxed);
  ShardCounters::add(counters.closed_streams, 1);
}

void Stream::start_reading() {
  if (closed_ || closing_) return;
  reading_ = true;
  if (readable_) shard_.resume(outlet_);
}

void Stream::on_ready(std::uint32_t events) {
  if (closed_) return;  // by the handler of another stream in the same batch of events
  const StreamPtr keep(this);
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hung_up_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 && backlog_bytes() != 0) write_backlog();
  if (readable_ && (reading_ || closing_)) read_available();
}

void Stream::read_available() {
  char* const into = tls_ == nullptr ? shard_.scratch() : TlsSession::input_buffer();
  const std::size_t room = tls_ == nullptr ? Shard::kScratchBytes : TlsSession::kInputBytes;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    if (closed_ || (!reading_ && !closing_)) return;
    if (!closing_ && congested()) return;  // `on_ready` comes here again when the socket takes more
    if (closed_) return;
    const ssize_t count = ::recv(descriptor_, into, room, MSG_DONTWAIT);
    if (count > 0) {
      const auto size = static_cast<std::size_t>(count);
      ShardCounters::add(shard_.own_counters().bytes_in, size);
      const bool all = size < room && !hung_up_;
      if (all) readable_ = false;  // epoll reports later bytes again
      if (!closing_) {
        const bool understood = tls_ == nullptr ? deliver(into, size) : decrypt({into, size});
        if (!understood) {  // the handler may have used any part of the bytes
          end(StreamEnd::error);
          return;
        }
      }
      if (all) return;
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      readable_ = false;
      return;
    }
    if (closing_) {
      close_socket();
      return;
    }
    reading_ = false;
    end(count == 0 ? StreamEnd::peer_closed : StreamEnd::error);
    return;
  }
  if (!closed_) shard_.resume(outlet_);
}

void Stream::write_directly(bool allowed) noexcept {
  const bool direct = allowed && tls_ == nullptr;
  shard_.outlets()[outlet_].state = direct ? Outlet::State::direct : Outlet::State::by_stream;
}

bool Stream::deliver(char* data, std::size_t size) {
  return handler_ == nullptr || shard_.attempt([&] { handler_->on_data(data, size); });
}

bool Stream::decrypt(std::string_view bytes) {
  const TlsSession::Decrypted decrypted = tls_->decrypt(bytes, shard_.scratch());
  if (!decrypted.reply.empty()) send_encrypted(decrypted.reply);
  if (decrypted.secured && !closed_ && handler_ != nullptr) {
    if (!shard_.attempt([this] { handler_->on_secured(); })) return false;
  }
  if (decrypted.size != 0 && !closed_ && !closing_ && !deliver(shard_.scratch(), decrypted.size))
    return false;
  if (closed_ || closing_ || decrypted.end == TlsSession::End::none) return true;
  reading_ = false;
  if (decrypted.end == TlsSession::End::closed) {
    end(StreamEnd::peer_closed);
  } else {
    end_broken_tls();
  }
  return true;
}

void Stream::close_gracefully() {
  if (closed_ || closing_) return;
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  backlog_->closing_stall = limits_->stall;
  closing_ = true;
  ended_ = true;
  handler_ = nullptr;
  write_directly(false);
  if (shard_.outlets()[outlet_].pending == nullptr && backlog_bytes() == 0) shut_down();
}

void Stream::shut_down() {
  if (tls_ != nullptr) {
    send_encrypted(tls_->close_notify());
    if (closed_ || backlog_bytes() != 0) return;  // called again when the backlog is written
  }
  ::shutdown(descriptor_, SHUT_WR);
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  shard_.arm(*backlog_, kLingerAfterFin);  // or until the peer closes; the shard keeps this stream meanwhile
  if (readable_) shard_.resume(outlet_);
}

void Stream::abort() {
  ended_ = true;
  handler_ = nullptr;
  close_socket();
}

void Stream::close_socket() noexcept {
  if (closed_) return;
  closed_ = true;
  reading_ = false;
  if (backlog_ != nullptr) backlog_->drop();
  ::close(take_descriptor());
  held_.reset();
  unwatch();
}

// Another connection may get the same number in a moment, so no part of this stream may keep it.
int Stream::take_descriptor() noexcept {
  write_directly(false);
  Outlet& outlet = shard_.outlets()[outlet_];
  outlet.pending = nullptr;
  outlet.descriptor = -1;
  return std::exchange(descriptor_, -1);
}

void Stream::unwatch() noexcept {
  if (!watched_) return;
  watched_ = false;
  shard_.unwatch(*this);
}

void Stream::end(StreamEnd reason) {
  if (reason != StreamEnd::peer_closed) close_socket();
  if (ended_) return;
  ended_ = true;
  if (handler_ != nullptr) handler_->on_end(reason);
}

void Stream::end_later(StreamEnd reason) {
  close_socket();
  if (ended_) return;
  shard_.at_turn_end([self = StreamPtr(this), reason] { self->end(reason); });
}

// The peer gets an alert, or an answer in plain HTTP, and has a moment to read it.
void Stream::end_broken_tls() {
  shard_.outlets()[outlet_].pending = nullptr;
  if (closed_ || backlog_bytes() != 0) {
    end(StreamEnd::error);
    return;
  }
  closing_ = true;
  write_directly(false);
  shut_down();
  StreamHandler* const handler = std::exchange(handler_, nullptr);
  const bool told = ended_;
  ended_ = true;
  if (!told && handler != nullptr) handler->on_end(StreamEnd::error);
}

DetachedStream Stream::release() {
  if (closed_ || closing_) return {};
  flush();
  if (closed_ || backlog_bytes() != 0) return {};
  closed_ = true;
  ended_ = true;
  reading_ = false;
  handler_ = nullptr;
  shard_.forget(descriptor_);
  unwatch();
  DetachedStream detached(take_descriptor());
  detached.client_ = std::move(client_);
  detached.tls_ = std::move(tls_);
  detached.held_ = std::move(held_);
  return detached;
}

boost::asio::ip::tcp::endpoint Stream::peer() const noexcept {
  if (client_ != nullptr) return {client_->address, 0};
  boost::asio::ip::tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (closed_ || ::getpeername(descriptor_, endpoint.data(), &size) != 0) return {};
  endpoint.resize(size);
  return endpoint;
}

DetachedStream::DetachedStream() noexcept = default;
DetachedStream::DetachedStream(int descriptor) noexcept : descriptor_(descriptor) {}
DetachedStream::DetachedStream(DetachedStream&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      client_(std::move(other.client_)),
      tls_(std::move(other.tls_)),
      held_(std::move(other.held_)) {}
DetachedStream& DetachedStream::operator=(DetachedStream&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(client_, other.client_);
  std::swap(tls_, other.tls_);
  std::swap(held_, other.held_);
  return *this;
}
DetachedStream::~DetachedStream() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void DetachedStream::secure(std::unique_ptr<TlsSession> tls) noexcept { tls_ = std::move(tls); }

}  // namespace togglecast::net
