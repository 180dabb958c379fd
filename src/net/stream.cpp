#include "net/stream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <deque>

namespace togglecast::net {
namespace {

const StreamLimits kDefaultLimits{};
constexpr Milliseconds kLingerAfterFin{1'000};
constexpr std::size_t kChainBytes = 256 * 1024;  // what one turn collects beyond this is not joined
constexpr std::size_t kPieceCost = 64;           // of memory, roughly, beyond the bytes of a queued block
constexpr int kReadsPerTurn = 4;  // of a full scratch buffer each, before others have their turn

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
  bool waiting = false;
};

Stream::Stream(Shard& shard, Socket socket)
    : shard_(shard), socket_(std::move(socket)), limits_(&kDefaultLimits) {
  ShardCounters::add(shard_.own_counters().open_streams, 1);
}

Stream::~Stream() {
  close_socket();
  if (dirty_) shard_.forget_dirty(*this);
  auto& open = shard_.own_counters().open_streams;
  open.store(open.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
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
    const ssize_t count =
        ::recv(socket_.native_handle(), shard_.scratch(), Shard::kScratchBytes, MSG_DONTWAIT);
    if (count > 0) {
      ShardCounters::add(shard_.own_counters().bytes_in, static_cast<std::uint64_t>(count));
      if (handler_ != nullptr && !closing_) {
        const bool understood =
            shard_.attempt([&] { handler_->on_data(shard_.scratch(), static_cast<std::size_t>(count)); });
        if (!understood) {  // how much of it was used nobody knows
          end(StreamEnd::error);
          return;
        }
      }
      if (static_cast<std::size_t>(count) == Shard::kScratchBytes) continue;
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
  const std::ptrdiff_t taken = write_some(bytes.view());
  if (taken >= 0 && static_cast<std::size_t>(taken) < bytes.size())
    queue(bytes, static_cast<std::size_t>(taken));
  if (closing_ && !closed_ && backlog_bytes() == 0) shut_down();
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
  if (backlog_->bytes != 0 && backlog_->weight() + size > limits_->backlog_bytes) {
    ShardCounters::add(shard_.own_counters().overflowed_streams, 1);
    end_later(StreamEnd::overflow);
    return;
  }
  if (backlog_->bytes == 0) shard_.arm(*backlog_, limits_->stall);
  backlog_->pieces.push_back({block, offset});
  backlog_->bytes += size;
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

void Stream::on_writable() {
  while (!backlog_->pieces.empty()) {
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

int Stream::release() {
  if (closed_ || backlog_bytes() != 0) return -1;
  flush();
  if (closed_ || backlog_bytes() != 0) return -1;
  boost::system::error_code error;
  const int descriptor = socket_.release(error);
  closed_ = true;
  ended_ = true;
  handler_ = nullptr;
  return error ? -1 : descriptor;
}

boost::asio::ip::tcp::endpoint Stream::peer() const noexcept {
  boost::system::error_code error;
  return socket_.remote_endpoint(error);
}

}  // namespace togglecast::net
