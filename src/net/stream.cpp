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
constexpr int kReadsPerTurn = 4;  // of a full scratch buffer each, before others have their turn
static_assert(TlsSession::kOutputBytes <= Shard::kScratchBytes);

}  // namespace

void Stream::Backlog::on_timer(TimePoint) {
  const StreamPtr keep(&stream);
  if (stream.closing_) {
    stream.close_socket();
  } else {
    stream.end(StreamEnd::write_stalled);
  }
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
      held_(std::move(detached.held_)),
      descriptor_(std::exchange(detached.descriptor_, -1)),
      outlet_(shard.outlets().add(*this, descriptor_)) {
  guide(false);
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
  if (closed_) return;  // by a stream before it in the same batch of events
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
    const ssize_t count = ::recv(descriptor_, into, room, MSG_DONTWAIT);
    if (count > 0) {
      const auto size = static_cast<std::size_t>(count);
      ShardCounters::add(shard_.own_counters().bytes_in, size);
      const bool all = size < room && !hung_up_;
      if (all) readable_ = false;  // what comes from now on is told anew
      if (!closing_) {
        const bool understood = tls_ == nullptr ? deliver(into, size) : decrypt({into, size});
        if (!understood) {  // how much of it was used nobody knows
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

void Stream::guide(bool guided) noexcept {
  const bool direct = !guided && tls_ == nullptr;
  shard_.outlets()[outlet_].state = direct ? Outlet::State::direct : Outlet::State::guided;
}

bool Stream::deliver(char* data, std::size_t size) {
  return handler_ == nullptr || shard_.attempt([&] { handler_->on_data(data, size); });
}

bool Stream::decrypt(std::string_view bytes) {
  const TlsSession::Opened opened = tls_->open(bytes, shard_.scratch());
  if (!opened.reply.empty()) send_sealed(opened.reply);
  if (opened.secured && !closed_ && handler_ != nullptr) {
    if (!shard_.attempt([this] { handler_->on_secured(); })) return false;
  }
  if (opened.size != 0 && !closed_ && !closing_ && !deliver(shard_.scratch(), opened.size)) return false;
  if (closed_ || closing_ || opened.end == TlsSession::End::none) return true;
  reading_ = false;
  if (opened.end == TlsSession::End::closed) {
    end(StreamEnd::peer_closed);
  } else {
    end_broken_tls();
  }
  return true;
}

void Stream::close_gracefully() {
  if (closed_ || closing_) return;
  closing_ = true;
  ended_ = true;
  handler_ = nullptr;
  guide(true);
  if (shard_.outlets()[outlet_].pending == nullptr && backlog_bytes() == 0) shut_down();
}

void Stream::shut_down() {
  if (tls_ != nullptr) {
    send_sealed(tls_->say_goodbye());
    if (closed_ || backlog_bytes() != 0) return;  // once more when it is written
  }
  ::shutdown(descriptor_, SHUT_WR);
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  shard_.arm(*backlog_, kLingerAfterFin);  // or until the peer closes; the shard keeps this object meanwhile
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
  ::close(let_go_of_descriptor());
  held_.reset();
  unwatch();
}

// Its number may belong to another connection in a moment: nothing of this stream may use it any more.
int Stream::let_go_of_descriptor() noexcept {
  guide(true);
  Outlet& outlet = shard_.outlets()[outlet_];
  outlet.pending = nullptr;
  outlet.descriptor = -1;
  return std::exchange(descriptor_, -1);
}

void Stream::unwatch() noexcept {
  if (std::exchange(watched_, false)) shard_.unwatch(*this);
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

// The peer is told why (an alert, or an answer in its own language), and has a moment to read it.
void Stream::end_broken_tls() {
  shard_.outlets()[outlet_].pending = nullptr;
  if (closed_ || backlog_bytes() != 0) {
    end(StreamEnd::error);
    return;
  }
  closing_ = true;
  guide(true);
  shut_down();
  StreamHandler* const handler = std::exchange(handler_, nullptr);
  if (!std::exchange(ended_, true) && handler != nullptr) handler->on_end(StreamEnd::error);
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
  DetachedStream detached(let_go_of_descriptor());
  detached.tls_ = std::move(tls_);
  detached.held_ = std::move(held_);
  return detached;
}

boost::asio::ip::tcp::endpoint Stream::peer() const noexcept {
  boost::asio::ip::tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (closed_ || ::getpeername(descriptor_, endpoint.data(), &size) != 0) return {};
  endpoint.resize(size);
  return endpoint;
}

}  // namespace togglecast::net
