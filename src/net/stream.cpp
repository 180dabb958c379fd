#include "net/stream.hpp"

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
constexpr std::size_t kChainBytes = 256 * 1024;  // what one turn collects beyond this is not joined
constexpr int kReadsPerTurn = 4;  // of a full scratch buffer each, before others have their turn
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
  Stream& stream;
  std::deque<Piece> pieces;
  std::size_t bytes = 0;
  std::size_t sealed = 0;  // pieces in front that are encrypted already
  bool waiting = false;
};

DetachedStream::DetachedStream() noexcept = default;
DetachedStream::DetachedStream(int descriptor, bool v6, std::unique_ptr<TlsSession> tls) noexcept
    : descriptor_(descriptor), v6_(v6), tls_(std::move(tls)) {}
DetachedStream::DetachedStream(DetachedStream&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), v6_(other.v6_), tls_(std::move(other.tls_)) {}
DetachedStream& DetachedStream::operator=(DetachedStream&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(v6_, other.v6_);
  std::swap(tls_, other.tls_);
  return *this;
}
DetachedStream::~DetachedStream() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Stream::Stream(Shard& shard, Socket socket) : Stream(shard, std::move(socket), nullptr) {}

Stream::Stream(Shard& shard, Socket socket, std::unique_ptr<TlsSession> tls)
    : shard_(shard), socket_(std::move(socket)), limits_(&kDefaultLimits), tls_(std::move(tls)) {
  ShardCounters::add(shard_.own_counters().open_streams, 1);
}

Stream::~Stream() {
  close_socket();
  if (dirty_) shard_.forget_dirty(*this);
  auto& open = shard_.own_counters().open_streams;
  open.store(open.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

StreamPtr Stream::adopt(Shard& shard, DetachedStream detached) {
  Socket socket(shard.context());
  boost::system::error_code error;
  socket.assign(detached.v6_ ? boost::asio::ip::tcp::v6() : boost::asio::ip::tcp::v4(), detached.descriptor_,
                error);
  if (error) return nullptr;
  detached.descriptor_ = -1;
  return StreamPtr(new Stream(shard, std::move(socket), std::move(detached.tls_)));
}

void Stream::start_reading() {
  if (closed_ || closing_) return;
  reading_ = true;
  wait_readable();
}

void Stream::wait_readable() {
  if (waiting_readable_ || closed_) return;
  waiting_readable_ = true;
  socket_.async_wait(Socket::wait_read, [self = StreamPtr(this)](const boost::system::error_code& error) {
    self->waiting_readable_ = false;
    if (!error) self->on_readable();
  });
}

void Stream::on_readable() {
  for (int i = 0; i < kReadsPerTurn && !closed_ && (reading_ || closing_); ++i) {
    char* const into = tls_ == nullptr ? shard_.scratch() : TlsSession::input_buffer();
    const std::size_t room = tls_ == nullptr ? Shard::kScratchBytes : TlsSession::kInputBytes;
    const ssize_t count = ::recv(socket_.native_handle(), into, room, MSG_DONTWAIT);
    if (count > 0) {
      const auto size = static_cast<std::size_t>(count);
      ShardCounters::add(shard_.own_counters().bytes_in, size);
      if (!closing_) {
        const bool understood = tls_ == nullptr ? deliver(into, size) : decrypt({into, size});
        if (!understood) {  // how much of it was used nobody knows
          end(StreamEnd::error);
          return;
        }
      }
      if (size == room) continue;
      break;
    }
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) break;
    if (closing_) {
      close_socket();
      return;
    }
    reading_ = false;
    end(count == 0 ? StreamEnd::peer_closed : StreamEnd::error);
    return;
  }
  if (reading_ || closing_) wait_readable();
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
  if (backlog_ != nullptr && backlog_->bytes != 0) {
    queue(block, 0);
    return;
  }
  pending_ = shard_.chains().append(pending_, block);
  if (pending_->total >= kChainBytes) {
    flush();
    return;
  }
  if (!dirty_) {
    dirty_ = true;
    shard_.mark_dirty(*this);
  }
}

void Stream::end_turn() {
  dirty_ = false;
  flush();
}

void Stream::flush() {
  if (pending_ == nullptr) return;
  const SharedBytes bytes = SendChains::join(*pending_);
  pending_ = nullptr;
  if (closed_) return;
  const std::ptrdiff_t taken = tls_ == nullptr ? write_some(bytes.view()) : encrypt_some(bytes.view());
  if (taken >= 0 && static_cast<std::size_t>(taken) < bytes.size())
    queue(bytes, static_cast<std::size_t>(taken));
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
    const ssize_t count = ::send(socket_.native_handle(), bytes.data() + taken, bytes.size() - taken,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
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
  if (!first && backlog_->bytes + size > limits_->backlog_bytes) {
    overflow();
    return;
  }
  backlog_->pieces.push_back({block, offset});
  wait_for_room(size);
}

// Behind what was sealed before: records must leave in the order in which they were made.
void Stream::queue_sealed(std::string_view bytes) {
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  if (backlog_->bytes != 0 && backlog_->bytes + bytes.size() > limits_->backlog_bytes) {
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
  wait_writable();
}

void Stream::wait_writable() {
  if (backlog_->waiting || closed_) return;
  backlog_->waiting = true;
  socket_.async_wait(Socket::wait_write, [self = StreamPtr(this)](const boost::system::error_code& error) {
    if (self->backlog_ == nullptr) return;
    self->backlog_->waiting = false;
    if (!error && !self->closed_) self->on_writable();
  });
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

void Stream::on_writable() {
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
      wait_writable();
      return;
    }
    backlog_->pieces.pop_front();
    if (backlog_->sealed != 0) --backlog_->sealed;
  }
  backlog_.reset();
  if (closing_) {
    shut_down();
  } else if (handler_ != nullptr) {
    handler_->on_drained();
  }
}

std::size_t Stream::backlog_bytes() const noexcept { return backlog_ == nullptr ? 0 : backlog_->bytes; }

void Stream::close_gracefully() {
  if (closed_ || closing_) return;
  closing_ = true;
  ended_ = true;
  handler_ = nullptr;
  if (pending_ == nullptr && backlog_bytes() == 0) shut_down();
}

void Stream::shut_down() {
  if (tls_ != nullptr) {
    send_sealed(tls_->say_goodbye());
    if (closed_ || backlog_bytes() != 0) return;  // once more when it is written
  }
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  shard_.arm(*backlog_, kLingerAfterFin);
  wait_readable();  // keeps this object until the peer closes or the moment is over
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
  boost::system::error_code ignored;
  socket_.close(ignored);
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
  pending_ = nullptr;
  if (closed_ || backlog_bytes() != 0) {
    end(StreamEnd::error);
    return;
  }
  closing_ = true;
  shut_down();
  StreamHandler* const handler = std::exchange(handler_, nullptr);
  if (!std::exchange(ended_, true) && handler != nullptr) handler->on_end(StreamEnd::error);
}

DetachedStream Stream::release() {
  if (closed_ || backlog_bytes() != 0) return {};
  flush();
  if (closed_ || backlog_bytes() != 0) return {};
  const bool v6 = peer().protocol() == boost::asio::ip::tcp::v6();
  boost::system::error_code error;
  const int descriptor = socket_.release(error);
  closed_ = true;
  ended_ = true;
  handler_ = nullptr;
  if (error) return {};
  return {descriptor, v6, std::move(tls_)};
}

boost::asio::ip::tcp::endpoint Stream::peer() const noexcept {
  boost::system::error_code error;
  return socket_.remote_endpoint(error);
}

}  // namespace togglecast::net
