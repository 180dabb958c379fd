#include "net/stream.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "net/tls_session.hpp"

namespace togglecast::net {
namespace {

const StreamLimits kDefaultLimits{};
constexpr Milliseconds kLingerAfterFin{1'000};
constexpr std::size_t kPieceCost = 64;  // of memory, roughly, beyond the bytes of a queued block
constexpr int kReadsPerTurn = 4;        // of a full scratch buffer each, before others have their turn
static_assert(TlsSession::kOutputBytes <= Shard::kScratchBytes);

}  // namespace

// What waits for the kernel, and the deadline for its progress. Also carries a closing stream through its
// last moment.
struct Stream::Backlog final : TimerNode {
  explicit Backlog(Stream& owner) : stream(owner) {}
  ~Backlog() override = default;
  void on_timer(TimePoint) override {
    const StreamPtr keep(&stream);
    if (stream.closing_) {
      stream.close_socket();
    } else {
      stream.end(StreamEnd::write_stalled);
    }
  }

  struct Piece {
    SharedBytes block;
    std::size_t offset;
  };
  /// What is held against the limit: bytes, and what it costs to keep each block.
  [[nodiscard]] std::size_t weight() const noexcept { return bytes + pieces.size() * kPieceCost; }

  Stream& stream;
  std::deque<Piece> pieces;
  std::size_t bytes = 0;
  std::size_t sealed = 0;  // pieces in front that are encrypted already
};

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
  auto& open = shard_.own_counters().open_streams;
  open.store(open.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

void Stream::start_reading() {
  if (closed_ || closing_) return;
  reading_ = true;
  if (readable_) shard_.resume(outlet_);
}

void Stream::on_ready(std::uint32_t events) {
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

void Stream::send(const SharedBytes& block) {
  if (closed_ || closing_ || block.empty()) return;
  if (backlog_bytes() != 0) {
    queue(block, 0);
  } else {
    shard_.collect(outlet_, block);
  }
}

void Stream::flush() { flush(0); }

void Stream::flush(std::size_t taken) {
  Outlet& outlet = shard_.outlets()[outlet_];
  if (outlet.pending == nullptr) return;
  const SharedBytes bytes = SendChains::join(*std::exchange(outlet.pending, nullptr));
  if (closed_) return;
  const std::string_view rest = bytes.view().substr(taken);
  const std::ptrdiff_t more = tls_ == nullptr ? write_some(rest) : encrypt_some(rest);
  if (more >= 0 && taken + static_cast<std::size_t>(more) < bytes.size())
    queue(bytes, taken + static_cast<std::size_t>(more));
  if (closing_ && !closed_ && backlog_bytes() == 0) shut_down();
}

std::ptrdiff_t Stream::encrypt_some(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::string_view record = bytes.substr(taken, TlsSession::kRecordBytes);
    const std::string_view sealed = tls_->seal(record);
    if (sealed.empty()) {
      end_later(StreamEnd::error);
      return -1;
    }
    taken += record.size();
    const std::ptrdiff_t sent = write_some(sealed);
    if (sent < 0) return -1;
    if (static_cast<std::size_t>(sent) < sealed.size()) {
      queue_sealed(sealed.substr(static_cast<std::size_t>(sent)));
      break;
    }
  }
  return static_cast<std::ptrdiff_t>(taken);
}

void Stream::send_sealed(std::string_view bytes) {
  if (closed_) return;
  std::ptrdiff_t sent = 0;
  if (backlog_ == nullptr || backlog_->sealed == 0) {
    sent = write_some(bytes);
    if (sent < 0) return;
  }
  if (static_cast<std::size_t>(sent) < bytes.size())
    queue_sealed(bytes.substr(static_cast<std::size_t>(sent)));
}

std::ptrdiff_t Stream::write_some(std::string_view bytes) {
  auto& counters = shard_.own_counters();
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const ssize_t count =
        ::send(descriptor_, bytes.data() + taken, bytes.size() - taken, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      ShardCounters::add(counters.writes, 1);
      ShardCounters::add(counters.bytes_out, static_cast<std::uint64_t>(count));
      taken += static_cast<std::size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      ShardCounters::add(counters.blocked_writes, 1);
      break;
    }
    end_later(StreamEnd::error);
    return -1;
  }
  return static_cast<std::ptrdiff_t>(taken);
}

void Stream::queue(const SharedBytes& block, std::size_t offset) {
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  const std::size_t size = block.size() - offset;
  const bool first = backlog_->pieces.size() == backlog_->sealed;
  if (!first && backlog_->weight() + size > limits_->backlog_bytes) {
    overflow();
    return;
  }
  backlog_->pieces.push_back({block, offset});
  wait_for_room(size);
}

// Behind what was sealed before: records must leave in the order in which they were made.
void Stream::queue_sealed(std::string_view bytes) {
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  if (backlog_->bytes != 0 && backlog_->weight() + bytes.size() > limits_->backlog_bytes) {
    overflow();
    return;
  }
  const auto place = backlog_->pieces.begin() + static_cast<std::ptrdiff_t>(backlog_->sealed);
  backlog_->pieces.insert(place, {SharedBytes(bytes), 0});
  ++backlog_->sealed;
  wait_for_room(bytes.size());
}

void Stream::overflow() {
  ShardCounters::add(shard_.own_counters().overflowed_streams, 1);
  end_later(StreamEnd::overflow);
}

void Stream::wait_for_room(std::size_t more) {
  if (backlog_->bytes == 0) shard_.arm(*backlog_, limits_->stall);
  backlog_->bytes += more;
  guide(true);
}

// Makes a record of the front's plaintext; false when that failed and has ended the stream.
bool Stream::seal_front() {
  auto& piece = backlog_->pieces.front();
  const std::string_view record = piece.block.view().substr(piece.offset, TlsSession::kRecordBytes);
  const std::string_view sealed = tls_->seal(record);
  if (sealed.empty()) {
    end_later(StreamEnd::error);
    return false;
  }
  piece.offset += record.size();
  if (piece.offset == piece.block.size()) backlog_->pieces.pop_front();
  backlog_->bytes += sealed.size() - record.size();
  backlog_->pieces.push_front({SharedBytes(sealed), 0});
  ++backlog_->sealed;
  return true;
}

void Stream::write_backlog() {
  while (!backlog_->pieces.empty()) {
    if (tls_ != nullptr && backlog_->sealed == 0 && !seal_front()) return;
    auto& piece = backlog_->pieces.front();
    const std::string_view rest = piece.block.view().substr(piece.offset);
    const std::ptrdiff_t taken = write_some(rest);
    if (taken < 0) return;
    if (taken > 0) shard_.arm(*backlog_, limits_->stall);
    backlog_->bytes -= static_cast<std::size_t>(taken);
    if (static_cast<std::size_t>(taken) < rest.size()) {
      piece.offset += static_cast<std::size_t>(taken);
      return;
    }
    backlog_->pieces.pop_front();
    if (backlog_->sealed != 0) --backlog_->sealed;
  }
  backlog_.reset();
  if (closing_) {
    shut_down();
    return;
  }
  guide(false);
  if (handler_ != nullptr) handler_->on_drained();
}

std::size_t Stream::backlog_bytes() const noexcept { return backlog_ == nullptr ? 0 : backlog_->bytes; }

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
  if (backlog_ != nullptr) backlog_->cancel();
  guide(true);
  ::close(descriptor_);
  held_.reset();
  unwatch();
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
  if (closed_ || backlog_bytes() != 0) return {};
  flush();
  if (closed_ || backlog_bytes() != 0) return {};
  closed_ = true;
  ended_ = true;
  reading_ = false;
  handler_ = nullptr;
  guide(true);
  shard_.forget(descriptor_);
  unwatch();
  DetachedStream detached(descriptor_);
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
